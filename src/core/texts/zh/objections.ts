// Chinese for what Apple would object to in a client secret.

import type { Objection, ObjectionCode } from '../../reasons.ts';
import { comparedId } from '../quote.ts';

const MISSING = '缺失';

const OBJECTIONS: Readonly<Record<ObjectionCode, (objection: Objection) => string>> = {
  EncodingDamaged: () => 'base64url 编码后的文本被改动过',
  AlgorithmNotEs256: ({ found }) => `签名算法为 ${found ?? MISSING}，应为 ES256`,
  KeyIdMissing: ({ found }) => `头部的 kid 为 ${found ?? MISSING}，应为 Key ID`,
  CriticalHeader: () => '头部要求支持扩展（crit）',
  IssuerMissing: ({ found }) => `iss 为 ${found ?? MISSING}，应为 Team ID`,
  SubjectMissing: ({ found }) => `sub 为 ${found ?? MISSING}，应为 Client ID`,
  PlaceholderLeftIn: ({ found }) => `${found} 是教程中的占位符`,
  AudienceWrong: ({ found }) => `aud 为 ${found ?? MISSING}，应为 https://appleid.apple.com`,
  IssuedAtMissing: ({ found }) => `iat 为 ${found ?? MISSING}，应为自 1970 年起的秒数`,
  IssuedInFuture: ({ found }) => `签发时间在 ${duration(found)}之后`,
  NotYetValid: ({ found }) => `${duration(found)}之后才生效（nbf）`,
  ExpiryMissing: ({ found }) => `exp 为 ${found ?? MISSING}，应为自 1970 年起的秒数`,
  Expired: ({ found }) => `已过期 ${duration(found)}`,
  LifetimeTooLong: ({ found }) => `${duration(found)}后才过期，Apple 最多允许 15777000 秒（六个月）`,
  SignatureDer: () => '签名为 DER 格式，应为 64 字节的原始格式',
  SignatureLength: ({ found }) => `签名为 ${found} 字节，应为 64 字节`,
  SignatureDoesNotFit: () => '签名与该私钥或文本不符',
  KeyIdDiffers: ({ found, wanted }) => `kid 为 ${found}，应为 ${wanted}`,
  IssuerDiffers: ({ found, wanted }) => `iss 为 ${found}，应为 ${wanted}`,
  SubjectDiffers: ({ found, wanted }) => `sub 为 ${comparedId(found)}，应为 ${comparedId(wanted)}`,
};

/** What was found and what is wanted. */
export function objectionText(objection: Objection): string {
  return OBJECTIONS[objection.code](objection);
}

function duration(seconds: string | number | null): string {
  return Number(seconds) < 172_800 ? `${seconds} 秒` : `${Math.floor(Number(seconds) / 86_400)} 天`;
}
