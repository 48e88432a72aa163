// What each error means and what to do about it, in Chinese. A new code does not compile until it stands here.
// The error's own English message follows `what` in quotes (zh-words.ts): it holds the particulars.
import type { ErrorCode, ErrorView } from '../../errors.ts';
import { command, lineIn, statementIn } from '../quote.ts';

type Named = { readonly name: string } | null;

interface ErrorWords {
  /** Without a full stop: the original message follows. */
  readonly what: string;
  readonly next: string | ((target: Named, hint: string) => string);
}

const CONSOLE = '云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）';
const BY_HAND = `立即用 ${command('generate')} 生成客户端密钥，并在${CONSOLE}中手动填入。`;
const WAY = '检查本机到腾讯云的网络，包括 DNS、防火墙和代理。';
const NTP = '校准本机时钟，例如启用 NTP。';

export const ERRORS_ZH: Readonly<Record<ErrorCode, ErrorWords>> = {
  ERR_USAGE: { what: '命令行参数有误', next: '更正命令行参数后重试。' },
  ERR_CONFIG: { what: '配置有误', next: '按详情更正配置，然后发送 SIGHUP 或重启服务。' },
  ERR_KEY_NOT_FOUND: { what: '找不到 Apple 私钥', next: '把私钥（.p8）放到配置所指的位置，或更正配置中的位置。' },
  ERR_KEY_FORBIDDEN: { what: '没有读取 Apple 私钥的权限', next: '授予本服务读取私钥（.p8）的权限。' },
  ERR_KEY_INVALID: { what: '读到的内容不是可用的 Apple 私钥', next: '按 Apple 提供的原样存放 .p8 文件。' },
  ERR_KEY_IDS_MISSING: {
    what: '缺少 Team ID、Services ID 或 Key ID',
    next: '在配置中该目标的私钥旁补全缺少的标识。',
  },
  ERR_KEY_IDS_CONFLICT: {
    what: '配置与私钥来源给出的标识互相矛盾',
    next: '确认哪一个标识属于这把私钥，并删除另一个。',
  },
  ERR_KEY_IDS_INVALID: { what: 'Team ID、Services ID 或 Key ID 的格式不对', next: '更正详情中指出的标识。' },
  ERR_KEY_SOURCE_UNAVAILABLE: { what: '存放 Apple 私钥的位置暂时无法访问', next: '检查本机能否访问存放私钥的位置。' },
  ERR_KEY_BINDING: {
    what: '同一个 Key ID 对应的私钥与以前不同，且未得到 Apple 认可',
    next: '核对这把私钥是否就是 Apple 以该 Key ID 签发的那一把。',
  },
  ERR_CREDENTIALS_MISSING: { what: '没有可用的云 API 密钥', next: '按详情为本服务配置云 API 密钥或角色。' },
  ERR_CREDENTIALS_REJECTED: { what: '云 API 密钥被拒绝', next: '更新本服务使用的云 API 密钥或角色。' },
  ERR_CREDENTIALS_UNAVAILABLE: { what: '暂时无法取得云 API 密钥', next: '检查本机能否访问云 API 密钥的来源。' },
  ERR_CLOUDBASE_THROTTLED: {
    what: '腾讯云限制了请求频率',
    next: '调低 `cloudbase.requestsPerSecond`，或查明同一账号下还有谁在大量调用。',
  },
  ERR_CLOUDBASE_UNAVAILABLE: {
    what: '腾讯云服务端暂时不可用',
    next: '查看腾讯云的服务状态，如无相关公告则联系腾讯云客服。',
  },
  ERR_CLOUDBASE_NETWORK: { what: '无法连接腾讯云，或连接中断', next: WAY },
  ERR_CLOUDBASE_TIMEOUT: { what: '腾讯云应答超时', next: WAY },
  ERR_CLOUDBASE_BAD_ANSWER: {
    what: '收到的应答不是腾讯云 API 的格式',
    next: '检查接入地址（endpoint）是否正确，以及是否有代理代替腾讯云应答。',
  },
  ERR_CLOUDBASE_CLOCK: { what: '本机时钟不准，腾讯云拒绝了请求签名', next: NTP },
  ERR_CLOUDBASE_DENIED: {
    what: '访问管理（CAM）没有授权这项操作',
    next: '在访问管理（CAM）中授权详情所述的操作。',
  },
  ERR_CLOUDBASE_REFUSED: {
    what: '腾讯云拒绝了请求',
    next: '对照云开发 CloudBase 控制台，核对配置中的环境 ID、地域和接入地址（endpoint）。',
  },
  ERR_REDIRECTED: {
    what: '请求被重定向到别处，为安全起见没有跟随',
    next: '更正接入地址（endpoint），或调整造成重定向的代理。',
  },
  ERR_PROVIDER_NOT_FOUND: {
    what: '该环境中没有这个 Apple 身份源',
    next: `在${CONSOLE}中创建该身份源，或更正目标的 \`envId\` 与 \`providerId\`。`,
  },
  ERR_CLIENT_ID_MISMATCH: {
    what: '身份源的 Client ID 与私钥所属的 Services ID 不一致',
    next: `更正目标的 \`clientId\`，或更正${CONSOLE}中的 Client ID。`,
  },
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: {
    what: '写入会损坏身份源的其他字段，因此没有写入',
    next: (target, hint) =>
      hint.includes('--adopt')
        ? `在${CONSOLE}中核对详情所述的字段，确认无误后执行 ${command('once --adopt --target NAME', target)}。`
        : BY_HAND,
  },
  ERR_PROVIDER_CHANGED: {
    what: '写入期间身份源的其他字段发生了变化',
    next: `在${CONSOLE}中更正发生变化的字段。`,
  },
  ERR_ADOPTION_REQUIRED: {
    what: '现有客户端密钥不是本服务写入的，替换前需要您确认',
    next: (target) =>
      `如由本服务接管，执行 ${command('once --adopt --target NAME', target)}，或为该目标设置 \`adopt: true\`。`,
  },
  ERR_FOREIGN_SECRET: {
    what: '客户端密钥多次被他人替换，本服务不再改动',
    next: (target) =>
      `查明还有谁在写入该密钥并停掉其中一方，然后执行 ${command('once --force --target NAME', target)} 收回。`,
  },
  ERR_CANDIDATE_INVALID: {
    what: '新生成的客户端密钥未通过自检，没有写入',
    next: `用 ${command('generate')} 和 ${command('inspect')} 核对私钥与各项标识。`,
  },
  ERR_APPLE_REJECTED: {
    what: 'Apple 拒绝了新的客户端密钥，原有密钥未动',
    next: '在 Apple 开发者网站确认该密钥未被吊销，并核对 Team ID、Services ID 与 Key ID 是否匹配。',
  },
  ERR_APPLE_UNKNOWN: {
    what: 'Apple 没有给出明确答复，而这把私钥尚未得到验证',
    next: '确保本机可以访问 Apple 令牌接口（`apple.tokenUrl`）。',
  },
  ERR_CLOCK_SKEWED: { what: '本机时钟与腾讯云相差过大', next: NTP },
  ERR_LEASE_HELD: {
    what: '另一个进程正在处理该目标',
    next: (target) => `查明是哪个进程在处理：${command('history --target NAME', target)}。`,
  },
  ERR_LEASE_LOST: {
    what: '另一个进程接手了该目标',
    next: (target) => `查明是哪个进程在处理：${command('history --target NAME', target)}。`,
  },
  ERR_PROVIDER_MOVING: { what: '处理期间身份源不断被改动，没有写入', next: '查明还有谁在反复修改该身份源。' },
  ERR_SUPERSEDED: {
    what: '情况已变，这次轮换在写入前取消',
    next: (target) => `查看当前判断：${command('plan --target NAME', target)}。`,
  },
  ERR_INTERRUPTED: { what: '服务在处理途中停止', next: '查明服务为何反复停止。' },
  ERR_NOT_APPLIED: { what: '写入显示成功，但读到的仍是原有客户端密钥', next: BY_HAND },
  ERR_CONFLICT: {
    what: '写入的同时，他人写入了另一个客户端密钥，已予保留',
    next: '查明还有谁在写入该密钥（人工、脚本或其他轮换程序），约定只由一方负责。',
  },
  ERR_ROLLED_BACK: {
    what: '写入后读到的客户端密钥不可用，已恢复原有密钥，登录不受影响',
    next: `查看${CONSOLE}中的身份源设置。`,
  },
  ERR_ROLLBACK_FAILED: { what: '写入后读到的客户端密钥不可用，恢复原有密钥也失败了', next: BY_HAND },
  ERR_READ_BACK: { what: '写入后读到的客户端密钥不可用，且没有可恢复的密钥', next: BY_HAND },
  ERR_OUTCOME_UNKNOWN: {
    what: '无法确认新的客户端密钥是否已经写入',
    next: `查看${CONSOLE}中的身份源设置，并试一次 Apple 登录。`,
  },
  ERR_ROTATION_LOOP: {
    what: '24 小时内因同一原因再次需要轮换，已暂停',
    next: '检查本机时钟以及策略中的 `lifetime` 和 `renewBefore`。',
  },
  ERR_WAITING: { what: '尚未轮到该目标，需等前面的目标完成', next: `查看轮换计划：${command('plan')}。` },
  ERR_FLEET_HALTED: {
    what: '连续多次轮换在写入后失败，除紧急情况外已全部暂停',
    next: `用 ${command('history')} 查明原因，排除后执行 ${command('resume')} 恢复轮换。`,
  },
  ERR_CHANNEL_REFUSED: { what: '对方拒绝了消息', next: '核对该渠道的地址、签名密钥以及机器人的安全设置。' },
  ERR_CHANNEL_THROTTLED: { what: '对方限制了发送频率', next: '查明还有谁在使用该渠道发送消息。' },
  ERR_CHANNEL_UNAVAILABLE: { what: '无法连接该渠道的服务', next: '检查本机能否访问该渠道的服务。' },
  ERR_JOURNAL_UNWRITABLE: { what: '状态库（journal）无法写入', next: '让运行本服务的用户可以写入状态库。' },
  ERR_JOURNAL_NEWER: { what: '状态库（journal）由较新版本的程序写成', next: '改用较新版本的程序。' },
  ERR_JOURNAL_OLDER: {
    what: '状态库（journal）的格式较旧',
    next: `用当前版本执行一次 ${command('once')}，状态库会自动升级。`,
  },
  ERR_DAEMON_RUNNING: {
    what: '同一个状态库（journal）上已有一个守护进程在运行',
    next: '停止另一个守护进程，或为本进程配置单独的状态库。',
  },
  ERR_INTERNAL: { what: '程序内部错误', next: '保留前后的日志并报告此故障。' },
};

/**
 * One imperative sentence: what the operator does next about an error. What can be copied (a CAM statement, a line for
 * the shell) is taken from the English hint.
 */
export function nextAbout({ code, hint }: ErrorView, target: Named): string {
  const statement = statementIn(hint);
  if (statement !== undefined)
    return `在访问管理（CAM）中添加策略语句 \`${statement}\`（如详情中指明了其他资源，以详情为准）。`;
  const line = lineIn(hint);
  if (line !== undefined) return `${LINES[line.split(' ')[0] ?? ''] ?? '参照执行'}：\`${line}\`。`;
  const { next } = ERRORS_ZH[code] ?? ERRORS_ZH.ERR_INTERNAL;
  return typeof next === 'string' ? next : next(target, hint);
}

/** What the lines for the shell that stand in hints are for, by their command. */
const LINES: Readonly<Record<string, string>> = {
  chown: '把所在目录交给运行本服务的用户',
  df: '释放磁盘空间，可先查看占用情况',
  findmnt: '以可写方式挂载所在的文件系统，可先查看挂载情况',
  mkdir: '创建所在目录',
  fuser: '查看是哪个进程占用了文件',
  dmesg: '检查磁盘和系统日志',
};
