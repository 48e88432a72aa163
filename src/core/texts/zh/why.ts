// Chinese for what a policy found, as a clause, and for what Apple would object to.
import type { ObjectionCode } from '../../objections.ts';
import type { Defect, Why } from '../../reasons.ts';

export function whyText(why: Why): string {
  switch (why.found) {
    case 'missing':
      return `身份源中没有客户端密钥（${why.shape}）`;
    case 'unreadable':
      return `身份源显示的客户端密钥无法读取（${why.shape}），且与本服务上次写入后的样子不同`;
    case 'other-key':
      return `现有客户端密钥${why.id === null ? '的头部没有 Key ID' : `由密钥 ${why.id} 签发`}，私钥来源中的是 ${why.wanted}`;
    case 'other-team':
      return `现有客户端密钥的 Team ID 为 ${why.id ?? '（无）'}，私钥对应的是 ${why.wanted}`;
    case 'other-client':
      return `现有客户端密钥的 Client ID 为 ${why.id ?? '（无）'}，私钥对应的是 ${why.wanted}`;
    case 'defect':
      return `Apple 不会接受现有客户端密钥：${defectText(why.defect)}`;
    default:
      return PLAIN[why.found];
  }
}

const PLAIN = {
  'other-signature': '现有客户端密钥并非由私钥来源中的私钥签发',
  'never-expires': '现有客户端密钥永不过期',
  'too-long': '现有客户端密钥的有效期超过 Apple 允许的上限',
  expired: '现有客户端密钥已过期',
  unresolved: '先前的轮换中途停止，结果无法确认',
  renewal: '已到轮换时间',
  requested: '有人手动要求轮换',
} as const;

const DEFECTS: Readonly<Record<ObjectionCode, string>> = {
  EncodingDamaged: '编码后的文本被改动过',
  AlgorithmNotEs256: '签名算法不是 ES256',
  KeyIdMissing: '头部没有 Key ID（kid）',
  CriticalHeader: '头部带有 crit 扩展',
  IssuerMissing: '缺少 Team ID（iss）',
  SubjectMissing: '缺少 Client ID（sub）',
  PlaceholderLeftIn: '标识中残留占位符',
  AudienceWrong: 'aud 不是 https://appleid.apple.com',
  IssuedAtMissing: '缺少签发时间（iat）',
  IssuedInFuture: '签发时间在未来',
  NotYetValid: '尚未生效（nbf）',
  ExpiryMissing: '缺少过期时间（exp）',
  Expired: '已过期',
  LifetimeTooLong: '有效期超过六个月',
  SignatureDer: '签名为 DER 格式，应为 64 字节原始格式',
  SignatureLength: '签名长度不是 64 字节',
  SignatureDoesNotFit: '签名与该私钥不符',
  KeyIdDiffers: 'Key ID（kid）与私钥不符',
  IssuerDiffers: 'Team ID（iss）与私钥不符',
  SubjectDiffers: 'Client ID（sub）不符',
};

export function defectText({ code }: Defect): string {
  const table: Readonly<Record<string, string>> = DEFECTS;
  return Object.hasOwn(table, code) ? (table[code] ?? code) : code;
}
