// Chinese for what a policy found, as a clause.
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
      return `Apple 不会接受现有客户端密钥：${DEFECT_WORDS[why.defect]}`;
    default:
      return PLAIN[why.found];
  }
}

const PLAIN = {
  'other-signature': '现有客户端密钥并非由私钥来源中的私钥签发',
  expired: '现有客户端密钥已过期',
  rejected: 'Apple 已两次拒绝现有客户端密钥',
  unresolved: '先前的轮换中途停止，结果无法确认',
  renewal: '已到轮换时间',
  requested: '有人手动要求轮换',
} as const;

/** What makes a client secret useless, as a clause about it. */
export const DEFECT_WORDS: Readonly<Record<Defect, string>> = {
  damaged: '它是写入内容的残缺副本',
  'other-client': '它所属的 Services ID 与身份源的不同',
  'other-audience': '它的受众不是 Apple',
  'too-long': '有效期超过 Apple 允许的上限',
  'never-expires': '它永不过期',
  'no-claims': '它的声明部分无法读取',
};
