// Chinese for a call that brought no usable answer, and for what Tencent Cloud refuses a call for.
import type { CallTrouble, Remote, RemoteTrouble } from '../../error-troubles.ts';
import type { Sentences } from '../catalogue.ts';
import { SETUP_CALLS } from '../en/calls.ts';

export const ASK_TENCENT = '如持续出现，凭请求 ID（RequestId）提交腾讯云工单。';
export const TRUST =
  '如由企业代理签发证书，将 NODE_EXTRA_CA_CERTS 设为其证书颁发机构的文件；否则移除代替该服务应答的设备。';
const LOOK_UP = '在 API 文档中查询该错误码，并对照控制台核对配置。';

const LEND = '用 --credentials 指定有此权限的凭证，或在访问管理（CAM）中为本命令的凭证临时关联以下策略，用后移除。';

/** `15 秒内没有应答`, `无法建立连接或连接中断（ECONNREFUSED）`. */
export function callTrouble(call: CallTrouble): string {
  switch (call.trouble) {
    case 'timeout':
      return `${call.afterMs >= 1000 ? `${call.afterMs / 1000} 秒` : `${call.afterMs} 毫秒`}内没有应答`;
    case 'network':
      return `无法建立连接或连接中断（${call.code ?? '无错误码'}）`;
    case 'certificate':
      return `对方的证书不受信任（${call.code}）`;
    case 'cut':
      return '接收应答时连接中断';
    case 'too-large':
      return '应答内容过长';
    case 'encoded':
      return '应答经过压缩，而请求中并未要求';
    case 'malformed':
      return '应答格式无法识别';
    case 'redirected':
      return `应答为重定向（HTTP ${call.status}）`;
    case 'http':
      return `HTTP ${call.status}`;
    case 'code':
      return call.code;
  }
}

/** Why Apple's verdict is what it is. */
export function verdictDetail(detail: CallTrouble | null): string {
  return detail === null ? '未查询' : callTrouble(detail);
}

/** What happened, after `tcb GetProviders` or the name of the secret; and the next step. */
const REMOTE: Readonly<Record<RemoteTrouble, readonly [says: string | ((remote: Remote) => string), next: string]>> = {
  throttled: ['请求频率超限', '调低 `cloudbase.requestsPerSecond`，或查明同一账号下还有谁在大量调用。'],
  'in-use': ['请求的资源正被占用', '如持续出现，查明还有谁在同时修改该资源。'],
  server: ['在服务端执行失败', ASK_TENCENT],
  'server-status': ['收到错误应答', '查看腾讯云的服务状态；如使用代理，一并检查代理。'],
  timeout: ['调用失败', '检查网络和代理，或调大 `cloudbase.timeout`。'],
  network: ['调用失败', '检查本机到腾讯云的网络，包括接入地址（endpoint）、DNS、防火墙、HTTPS_PROXY 和证书。'],
  'bad-answer': ['收到的应答并非来自 API', '检查接入地址（endpoint）是否正确，以及是否有代理代替腾讯云应答。'],
  'other-status': ['请求被拒绝', '检查接入地址（endpoint）以及途经的代理或防火墙，API 本身总是以 HTTP 200 应答。'],
  clock: [
    ({ skewMs }) => `因签名时间不符被拒绝${skew(skewMs)}`,
    '校准本机时钟（例如启用 NTP），腾讯云允许的偏差为 5 分钟。',
  ],
  token: ['请求被拒绝，临时密钥无效', '更新临时密钥的 token，或改由本服务自行获取（cvm-role、tke-oidc、assumeRole）。'],
  credentials: ['请求被拒绝，云 API 密钥无效', '确认 SecretId 与 SecretKey 相互匹配、已启用且未被删除。'],
  denied: ['未获授权', '在访问管理（CAM）中为本服务的子用户或角色关联以下策略（如 CAM 指明了其他资源，以其为准）。'],
  'ssm-absent': ['不存在', '核对凭据名称、版本号和地域：凭据按地域存放，首个版本如未命名则为 SSM_Current。'],
  'ssm-disabled': ['已被禁用', '在 SSM（凭据管理系统）控制台启用该凭据。'],
  'ssm-deleted': ['即将被删除', '在 SSM（凭据管理系统）控制台取消删除，或重新存放私钥。'],
  'ssm-unavailable': ['不可用', '在 SSM（凭据管理系统）控制台确认该地域已开通服务且未欠费。'],
  'ssm-kms': ['无法解密，KMS 拒绝使用其密钥', '在 KMS 控制台确认该凭据的密钥已启用，且允许 SSM 使用。'],
  'ssm-name': ['的名称或版本号无效', '更正 secretName 和 versionId。'],
  'ssm-role': ['无法读取，SSM 在该账号中没有服务角色', '按 SSM 控制台的提示授予服务角色（CAM 的角色页面）。'],
  address: ['不允许从本机地址调用', '将本机或其代理的公网地址加入账号或 API 密钥的 IP 白名单。'],
  limit: ['达到账号的限额', '查明限额被谁用尽，或申请提高限额。'],
  offline: ['已不再由 API 提供', '将本程序更新到最新版本。'],
  overdue: ['请求被拒绝，环境已欠费', '在腾讯云控制台的费用中心支付账单，否则环境将被隔离。'],
  isolated: ['请求被拒绝，环境已被隔离（通常因欠费）', '在环境被删除之前，于 CloudBase 控制台续费；或移除该 target。'],
  parameter: [
    ({ said }) => `请求被拒绝，API 无法识别${said === '' ? '某个参数' : `参数 ${said}`}`,
    '凭请求 ID 反馈该问题：API 不接受它自己返回的字段，或者接口已变更。',
  ],
  field: [
    ({ said }) => `请求被拒绝，API 无法识别参数 ${said}`,
    '如 CloudBase 会合并所写入的内容，将 `cloudbase.write` 设为 secret，写入时便不再发送该字段；否则凭请求 ID 反馈该问题。',
  ],
  'not-found': [
    ({ call }) => (call.startsWith('tcb ') ? '找不到该环境' : '找不到所请求的资源'),
    '在 CloudBase 控制台确认该环境是否已被删除，并核对 envId、地域和账号：CloudBase 在请求所指的地域中查找环境。',
  ],
  failed: ['执行失败', LOOK_UP],
  refused: ['请求被拒绝', LOOK_UP],
};

/** The sentences of a call to Tencent Cloud that failed, whichever error code its caller makes of it. */
export function remoteSentences(failed: Remote): Sentences {
  const { remote, call, about, code, detail, said, statement } = failed;
  const [says, usual] = REMOTE[remote];
  const next = remote === 'denied' && SETUP_CALLS.includes(call) ? LEND : usual;
  const happened = typeof says === 'string' ? says : says(failed);
  const subject = remote.startsWith('ssm-') ? about : `${about === null ? '' : `${about}：`}${call}`;
  const why = detail === null ? `（${code.replace(/^HTTP_/, 'HTTP ')}）` : `：${callTrouble(detail)}`;
  const message = `${subject} ${happened}${why}${said !== '' && remote === 'denied' ? `，CAM 指明：${said}` : ''}`;
  return statement === null ? [message, next] : [message, next, statement];
}

function skew(ms: number | null): string {
  if (ms === null) return '';
  if (Math.abs(ms) < 60_000) return '，但本机时钟与服务端一致';
  return `，本机时钟比服务端${ms < 0 ? '慢' : '快'} ${Math.round(Math.abs(ms) / 1000)} 秒`;
}
