// Chinese for errors of calls to Tencent Cloud and to alert channels.
import type { ChannelAdvice } from '../../error-troubles.ts';
import type { ErrorCatalogue } from '../catalogue.ts';
import type { CALLS_EN } from '../en/errors-calls.ts';
import { ASK_TENCENT, callTrouble, remoteSentences, TRUST } from './calls.ts';

const ADVICE: Readonly<Record<ChannelAdvice, string>> = {
  settings: '核对该渠道的 URL 和各项设置。',
  form: '核对渠道类型与 URL 是否匹配，对方不接受这种消息格式。',
  token: '核对该渠道的 URL、secret、auth 和 headers，对方不予认可。',
  url: '重新复制该渠道的 URL，现有地址无法接收消息。',
  gone: '新建一个 webhook 并把新的 URL 填入渠道，原有的已失效。',
  size: '把对方允许的消息大小调高到 1 MB。',
  'code-list': '在对方服务的错误码列表中查询该错误码。',
  report: '将此作为本程序的故障上报，对方不接受这条消息的格式。',
  'dingtalk-security':
    '检查机器人的安全设置：使用加签时，重新复制其密钥（SEC…）并检查本机时钟；使用自定义关键词时，把实例名设为关键词；使用 IP 地址段时，加入本机地址。',
  'robot-off': '在群设置中重新启用该机器人。',
  'robot-removed': '把该机器人重新添加到群中。',
  'robot-url': '重新复制机器人的 Webhook 地址或新建机器人，对方不认识现有地址。',
  'feishu-secret': '在机器人的安全设置中重新复制签名密钥，并检查本机时钟。',
  'feishu-addresses': '把本机地址加入机器人的 IP 白名单，或取消白名单。',
  'feishu-keywords':
    '在机器人的安全设置中改用签名校验并去掉自定义关键词，或把每条消息都含有的词（如实例名）设为关键词。',
  'slack-webhook': '在 Slack 中新建一个 Incoming Webhook，并把 URL 填入渠道。',
  'slack-workspace': '请 Slack 工作区的所有者允许该 webhook 发送，或重新启用该工作区。',
  'slack-channel': '为另一个 Slack 频道新建 webhook，或恢复原有频道。',
  'pagerduty-key': '重新复制 PagerDuty 服务的 Integration Key（Events API v2）。',
  'smtp-tls': '改用支持 STARTTLS 的端口（587），或使用端口 465 并设置 secure: true；insecure: true 会以明文发送密码。',
  'smtp-login': '核对用户名和密码，许多邮件服务要求使用客户端专用密码。',
  'smtp-addresses': '核对发件人和收件人，邮件服务器拒收，或要求先登录。',
};

export const CALLS_ZH: Pick<ErrorCatalogue, keyof typeof CALLS_EN> = {
  ERR_CLOUDBASE_THROTTLED: remoteSentences,
  ERR_CLOUDBASE_UNAVAILABLE: remoteSentences,
  ERR_CLOUDBASE_NETWORK: remoteSentences,
  ERR_CLOUDBASE_TIMEOUT: remoteSentences,
  ERR_CLOUDBASE_BAD_ANSWER: {
    remote: remoteSentences,
    'no-list': () => ['tcb GetProviders 的应答中没有带 ID 的身份源列表', ASK_TENCENT],
    'too-complex': ({ providerId }) => [
      `tcb GetProviders 返回的登录方式 ${providerId} 嵌套过深或过大`,
      '在 CloudBase 控制台中检查该登录方式，并删除其配置中多余的内容。',
    ],
    'part-of-list': ({ shown, total, providerId }) => [
      `tcb GetProviders 的应答只包含 ${total} 个身份源中的 ${shown} 个，其中没有 ${providerId}`,
      ASK_TENCENT,
    ],
  },
  ERR_CLOUDBASE_CLOCK: remoteSentences,
  ERR_CLOUDBASE_DENIED: remoteSentences,
  ERR_CLOUDBASE_REFUSED: remoteSentences,
  ERR_REDIRECTED: ({ call, status }) => [
    `${call} 的应答为重定向（HTTP ${status}），为安全起见没有跟随`,
    '更正接入地址（endpoint），或调整造成重定向的代理：密钥只会发送到配置中的主机。',
  ],
  ERR_CERTIFICATE: ({ call, code }) => [`${call} 调用失败：对方的证书不受信任（${code}）`, TRUST],

  ERR_CHANNEL_REFUSED: {
    refused: ({ channel, type, said, advice }) => [`渠道 ${channel}（${type}）拒绝了消息：${said}`, ADVICE[advice]],
    'other-answer': ({ channel, type, status, missing }) => [
      `渠道 ${channel}（${type}）的应答为 HTTP ${status}，其中没有 ${missing}`,
      `重新复制该渠道的 URL，该地址上应答的并不是 ${type}。`,
    ],
    redirected: ({ channel, type, status }) => [
      `渠道 ${channel}（${type}）的应答为重定向（HTTP ${status}）`,
      '把跳转后的最终 URL 填入渠道，本服务不会跟随重定向。',
    ],
    certificate: ({ channel, type, code }) => [
      `渠道 ${channel}（${type}）未发送消息：对方的证书不受信任（${code}）`,
      TRUST,
    ],
    partly: ({ channel, type, refused, recipients }) => [
      `渠道 ${channel}（${type}）只送达部分收件人：${recipients} 个收件人中有 ${refused} 个被邮件服务器拒绝`,
      '更正该渠道的收件人，在此之前部分收件人收不到消息。',
    ],
  },
  ERR_CHANNEL_THROTTLED: ({ channel, type, said }) => [
    `渠道 ${channel}（${type}）暂时不再接收消息：${said}`,
    '查明还有谁在使用该渠道，或减少经该渠道发送的告警。',
  ],
  ERR_CHANNEL_UNAVAILABLE: (params) => [
    `渠道 ${params.channel}（${params.type}）暂时不可用：${callTrouble(params)}`,
    REMEDY[params.trouble] ?? '检查本机能否访问该渠道的主机，包括主机名、端口、DNS、防火墙、HTTPS_PROXY 和证书。',
  ],
};

const REMEDY: Readonly<Record<string, string>> = {
  certificate: TRUST,
  http: '如持续出现，查看该服务的状态页面。',
  code: '如持续出现，查看该服务的状态页面。',
  'too-large': '核对该渠道的 URL，此类服务不会给出这样的应答。',
  encoded: '核对该渠道的 URL，此类服务不会给出这样的应答。',
  malformed: '核对该渠道的 URL，此类服务不会给出这样的应答。',
};
