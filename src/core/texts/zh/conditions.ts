// Every condition in Chinese, as operators of Tencent Cloud write it: what is wrong, what breaks and when, and one next
// step. Names of the console and of Apple's portal are theirs; commands, keys and codes stay as they are typed.
import type { FindingOf } from '../../alerts/conditions.ts';
import type { SharedCondition } from '../../alerts/names.ts';
import { command, onFiles, quoted } from '../command.ts';
import { type ByCode, because, byCode, deniedCall, isUnproven, nextStep } from '../errors.ts';
import { detail, laneWords, settingValue } from '../quote.ts';
import type { ConditionTable } from '../texts.ts';
import { changedBy, madeOf, problems, skew } from './finding.ts';
import { LOGIN_FINDINGS } from './logins.ts';
import { listed, REASONS, when } from './words.ts';

/** `shop-prod `, `40 个目标`. */
function who(targets: readonly string[]): string {
  return targets.length === 1 ? `${detail(targets[0] ?? '', 63)} ` : `${targets.length} 个目标`;
}

/** The headline of a shared cause: whom it keeps from being checked or renewed, and why. */
function cannotBe(done: '检查' | '轮换', why: ByCode) {
  return ({ facts: { targets }, error }: FindingOf<SharedCondition>) =>
    `${who(targets)}无法${done}：${byCode(why, error)}`;
}

const HELD = '修复之前，客户端密钥无法轮换。';

/** `` `provider.scope` 为 "openid"，配置为 "openid email name" ``. */
function difference({ name, found, wanted }: FindingOf<'ProviderDiffers'>['facts']['differences'][number]): string {
  const has = found === null ? '未设置' : `为 ${settingValue(found)}`;
  return `\`provider.${name}\` ${has}，配置为 ${settingValue(wanted)}`;
}

const CONSOLE = '云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）';

export const CONDITIONS_ZH: ConditionTable = {
  RenewalOverdue: {
    title: '客户端密钥逾期未轮换',
    what: ({ facts: { dueSince, reason, windowsPassed } }, now) => {
      const why = reason === null ? '' : `轮换原因：${REASONS[reason]}。`;
      const windows = windowsPassed ? `，其间已错过 ${windowsPassed} 个维护窗口` : '';
      return `客户端密钥自 ${when(dueSince, now)}起就应轮换，但至今没有完成${windows}。${why}`;
    },
    next: ({ target }) => `查看轮换受阻的原因：${command('plan --target NAME', target)}。`,
    over: '客户端密钥已不再逾期',
  },

  CheckStale: {
    title: '长时间无法完成检查',
    what: ({ facts: { lastGatherAt } }, now) =>
      `${lastGatherAt === null ? '该目标从未完成过检查' : `自 ${when(lastGatherAt, now)}起没有完成过检查`}（读取私钥和 Apple 身份源），其间的变化无从得知。`,
    next: ({ target }) => `执行 ${command('once --target NAME', target)} 并查看输出。`,
    over: '该目标已恢复检查',
  },

  RotationFailing: {
    title: '客户端密钥无法轮换',
    headline: ({ facts, error }) =>
      isUnproven(error)
        ? 'Apple 登录可能失败：Apple 尚未认可新的客户端密钥'
        : because(facts.emergency ? '紧急：客户端密钥无法替换' : '客户端密钥无法轮换', error, 'zh'),
    what: ({ facts: { failures, nextAttemptAt } }, now) => [
      failures > 1 ? `最近连续 ${failures} 次尝试均失败。` : '最近一次尝试失败。',
      nextAttemptAt === null ? '将在下一次例行检查时重试。' : `下次重试时间：${when(nextAttemptAt, now)}。`,
    ],
    next: ({ target }) => `查看最近的轮换记录：${command('history --target NAME', target)}。`,
    over: '客户端密钥已可正常轮换',
  },

  SecretExpiring: {
    title: '客户端密钥即将过期，尚未轮换',
    headline: ({ facts }, now) => (facts.expiresAt > now ? null : '客户端密钥到期前未能轮换'),
    what: ({ facts }, now) =>
      facts.expiresAt > now
        ? `客户端密钥将于 ${when(facts.expiresAt, now)}过期，届时所有 Apple 登录都会失败。`
        : `客户端密钥在 ${when(facts.expiresAt, now)}到期之前未能轮换。`,
    next: ({ target }) => `查看未轮换的原因：${command('plan --target NAME', target)}。`,
    over: '客户端密钥已不再临近过期',
  },

  LoginsFail: {
    title: 'Apple 登录失败',
    headline: ({ facts: { detail: found } }) =>
      `Apple 登录${found === 'unproven' ? '可能仍然失败' : '失败'}：${LOGIN_FINDINGS[found]}`,
    what: ({ facts: { because: blamed, detail: found, at, expiresAt, keyId, clockUncompared } }, now) => {
      const key = blamed === 'provider' ? '' : madeOf(keyId, null);
      return [
        found === 'expired' && expiresAt !== null
          ? `客户端密钥已于 ${when(expiresAt, now)}过期，替换之前，该应用的 Apple 登录全部失败。`
          : found === 'unproven'
            ? `无效的客户端密钥已被替换，但 Apple 尚未认可新的密钥${key}，Apple 登录可能仍然失败。`
            : `${LOGIN_FINDINGS[found]}${key}，最近一次确认于 ${when(at, now)}。修复之前，用户无法使用 Apple 登录。`,
        clockUncompared ? '以上依据本机时钟，未能与 CloudBase 的时钟比对。' : '',
      ];
    },
    next: ({ facts: { because: blamed, detail: found }, target }) => {
      if (blamed !== 'secret' || found === 'unproven')
        return `在${CONSOLE}中检查 Apple 登录方式，并试一次 Apple 登录。`;
      return found === 'rejected'
        ? '在 Apple 开发者网站的 Keys 页面确认该私钥是否已被吊销，若已吊销则新建一个并配置给本服务。'
        : `立即执行 ${command('once --target NAME', target)}，如仍失败，则用 ${command('generate')} 生成客户端密钥，并在${CONSOLE}中手动填入。`;
    },
    over: '据本服务所知，Apple 登录已不再失败',
  },

  ProviderDisabled: {
    title: 'Apple 登录方式处于关闭状态',
    what: ({ target }) =>
      `云开发 CloudBase ${target?.envId ? `环境 ${detail(target.envId, 80)} ` : ''}的 Apple 登录方式已关闭，用户无法使用 Apple 登录。本服务仍会照常轮换其客户端密钥。`,
    next: `在${CONSOLE}中重新启用，如确需停用则从配置中删除该目标。`,
    over: 'Apple 登录方式已重新启用',
  },

  ProviderDiffers: {
    title: 'Apple 登录方式与配置不一致',
    what: ({ facts }) =>
      `${listed(facts.differences.map(difference))}。除客户端密钥外，本服务不修改任何字段，因此未作改动。`,
    next: ({ target }) =>
      `执行 ${command('provision --target NAME', target)}，它会先显示差异并请求确认，或修改该目标的 \`provider\`。`,
    over: 'Apple 登录方式已与配置一致',
  },

  ProviderChanged: {
    title: 'Apple 身份源的其他字段发生了变化',
    headline: ({ facts: { changes } }) =>
      changedBy(changes, 'our-write') === ''
        ? '轮换期间，他人修改了 Apple 身份源'
        : '写入客户端密钥时，Apple 身份源的其他字段随之改变',
    what: ({ facts: { changes } }) => {
      const [ours, theirs] = [changedBy(changes, 'our-write'), changedBy(changes, 'somebody-else')];
      return [
        ours && `写入客户端密钥时，${ours} 也随之改变且未能恢复，Apple 登录可能受到影响。`,
        theirs && `写入期间，他人修改了 ${theirs}，本服务未作改动。`,
      ];
    },
    next: ({ facts: { changes } }) =>
      changedBy(changes, 'our-write') === ''
        ? `在${CONSOLE}中确认这些字段符合预期。`
        : `在${CONSOLE}中更正这些字段，然后试一次 Apple 登录。`,
    over: 'Apple 身份源的字段变化已处理',
  },

  SecretReplaced: {
    title: '客户端密钥被他人替换',
    headline: ({ facts: { kind } }) => (kind === 'own-identity' ? '持有同一私钥的他人替换了客户端密钥' : null),
    what: ({ facts: { kind, at, keyId, fingerprint, ourFingerprint, takenBack } }, now) => [
      `于 ${when(at, now)}发现，本服务的客户端密钥${madeOf(null, ourFingerprint)}已被另一个客户端密钥${takenBack ? '' : madeOf(keyId, fingerprint)}替换。`,
      kind === 'own-identity' ? '它是用本服务的私钥签发的，说明还有他人持有这把私钥。' : '',
      takenBack ? '现已恢复为本服务的密钥。' : '有效的客户端密钥无论由谁生成都予以保留，到期前照常轮换。',
    ],
    next: ({ target }) =>
      `查明还有谁在写入（人、脚本或另一个轮换程序），并商定只保留一方；如由本服务继续负责，则执行 ${command('once --force --target NAME', target)}。`,
    over: '近来没有他人替换客户端密钥',
  },

  SecretNotShown: {
    title: '客户端密钥的显示与本服务写入后不同',
    headline: ({ facts: { targets } }) => `${who(targets)}的客户端密钥的显示与本服务写入后不同`,
    what: ({ since }, now) =>
      `${since === null ? '' : `自 ${when(since, now)}起，`}CloudBase 在原处什么都不显示，或显示的不是客户端密钥：它可能已被他人删除或替换。如果 Apple 接受新的密钥，将写入一次。`,
    next: ({ facts: { targets } }) =>
      `在${targets.length === 1 ? '该应用中' : '这些应用中各'}试一次 Apple 登录，并在${CONSOLE}中检查该登录方式。`,
    over: '近来没有客户端密钥在 CloudBase 中消失',
  },

  ConsentNeeded: {
    title: '新的客户端密钥等待确认',
    what: '没有依据表明新的客户端密钥比现有的更好。',
    next: ({ target }) => `试一次 Apple 登录，如果失败就执行 ${command('once --force --target NAME', target)}。`,
    over: '已没有新的客户端密钥等待确认',
  },

  TargetMisconfigured: {
    title: '目标的配置有误，已被跳过',
    what: (finding) => `该目标的客户端密钥目前无人检查、无人轮换${problems(finding)}。`,
    next: '更正配置中该目标的条目，然后向守护进程发送 SIGHUP 或重启服务。',
    over: '有误的目标配置已消除',
  },

  Unwatched: {
    title: '目标已从配置中移除，不再受到监控',
    headline: ({ facts }) => (facts.moved ? 'cloudbase.endpoint 已更改，因此视为新目标' : null),
    what: ({ facts: { moved, open } }) => [
      moved
        ? '本服务继续检查和轮换其客户端密钥，但在新的接入地址下没有该目标的历史记录。'
        : '本服务不再检查和轮换该目标的客户端密钥。',
      open.length === 0
        ? ''
        : `以下告警${moved ? '更改' : '移除'}时尚未解决，现已关闭，但问题并未修复：${listed(open.map((name) => `\`${name}\``))}。`,
    ],
    next: ({ facts: { moved } }) =>
      moved ? '如属误改，请恢复 cloudbase.endpoint。' : '如属误删，请将该目标加回配置。',
    over: '目标重新受到监控',
  },

  Unverified: {
    title: '无法核实新的客户端密钥是否写入',
    what: ({ facts: { targets } }) =>
      `CloudBase 接受了 ${targets.length} 个目标的新客户端密钥，但不予显示：${listed(targets)}。密钥多半已经写入，只是无法在此证实。`,
    next: ({ facts }) => `在${facts.targets.length === 1 ? '该应用中' : '这些应用中各'}试一次 Apple 登录。`,
    over: '已能核实新的客户端密钥',
  },

  CredentialsRejected: {
    title: '本服务的云 API 密钥不可用',
    headline: cannotBe('检查', {
      ERR_CREDENTIALS_MISSING: '本服务的云 API 密钥缺失',
      ERR_CREDENTIALS_UNAVAILABLE: '本服务的云 API 密钥获取不到',
      other: '本服务的云 API 密钥被拒绝',
    }),
    what: HELD,
    next: '更新本服务使用的云 API 密钥（来源见配置中的 `cloudbase.credentials`）。',
    over: '本服务的云 API 密钥已恢复可用',
  },

  AccessDenied: {
    title: '本服务所需的权限被 CAM 拒绝',
    headline: ({ facts: { targets }, error }) =>
      `${who(targets)}无法${deniedCall(error)?.includes('Modify') ? '轮换' : '检查'}：CAM 拒绝 ${deniedCall(error) ?? '调用'}`,
    what: HELD,
    next: '在 CAM 中允许该调用。',
    over: '本服务所需的权限已恢复',
  },

  EndpointFailing: {
    title: 'CloudBase 不可用',
    headline: cannotBe('检查', {
      ERR_CLOUDBASE_NETWORK: '无法连接 CloudBase',
      ERR_CLOUDBASE_TIMEOUT: '无法连接 CloudBase',
      ERR_CLOUDBASE_THROTTLED: 'CloudBase 对本服务限频',
      ERR_CERTIFICATE: 'CloudBase 的证书不受信任',
      other: 'CloudBase 没有给出可用的应答',
    }),
    what: HELD,
    next: '检查本机到腾讯云的网络。',
    over: 'CloudBase 已恢复可用',
  },

  KeyUnavailable: {
    title: '签名私钥不可用',
    headline: cannotBe('轮换', {
      ERR_KEY_NOT_FOUND: '找不到签名私钥',
      ERR_KEY_FORBIDDEN: '无权读取签名私钥',
      ERR_KEY_SOURCE_UNAVAILABLE: '获取不到签名私钥',
      other: '签名私钥不可用',
    }),
    what: HELD,
    next: () => `执行 ${command('history')} 查找原因。`,
    over: '签名私钥已恢复可用',
  },

  AppleUnreachable: {
    title: '无法向 Apple 查询客户端密钥',
    what: ({ facts: { lastAnswerAt } }, now) => [
      lastAnswerAt === null
        ? 'Apple 令牌接口从未给出过有效应答。'
        : `自 ${when(lastAnswerAt, now)}起，Apple 令牌接口没有给出过有效应答。`,
      '已验证过的私钥仍会照常轮换，新私钥须等待，私钥若被吊销也无从发现。',
    ],
    next: '检查本机能否穿过防火墙和代理访问 Apple 令牌接口（`apple.tokenUrl`）；若代理会替换证书，设置 NODE_EXTRA_CA_CERTS。',
    over: 'Apple 已恢复应答',
  },

  AppleRejectsAll: {
    title: 'Apple 拒绝所有查询过的客户端密钥',
    what: ({ facts: { targets } }) =>
      `一个多小时以来，Apple 拒绝了所有查询过的客户端密钥${targets.length === 0 ? '' : `（${listed(targets)}）`}。其间没有认可过任何一个，因此无法判断是这些密钥无效，还是 Apple 一概拒绝。`,
    next: '在其中一个应用中试一次 Apple 登录，如果失败就在 Apple 开发者网站核对私钥、Team ID 和 Services ID。',
    over: 'Apple 已恢复认可客户端密钥',
  },

  AppleAcceptsAll: {
    title: 'Apple 的答复没有意义',
    what: 'Apple 连用假私钥签发的客户端密钥也认可，因此认可不能证明什么，私钥被吊销也无法察觉。',
    next: '检查是否有代理或测试服务器代替 Apple 应答（`apple.tokenUrl`）。',
    over: 'Apple 的答复已恢复意义',
  },

  ClockSkewed: {
    title: '本机时钟不准',
    what: ({ facts: { skewMs } }) =>
      `本机时钟比 CloudBase ${skew(skewMs)}。偏差超过 60 秒时，只在紧急情况下写入客户端密钥；超过 4 分钟时，只在密钥缺失或已过期的情况下写入。`,
    next: '校准本机时钟，例如启用 NTP。',
    over: '本机时钟已恢复准确',
  },

  JournalUnwritable: {
    title: '状态库（journal）无法写入',
    what: ({ facts }) =>
      `本服务的记录无法写入状态库 ${detail(facts.path, 200)}。在恢复写入之前，守护进程只在紧急情况下轮换，重启后会丢失未恢复的告警；${command('once')} 不做任何事。`,
    next: '让运行本服务的用户可以写入状态库。',
    over: '状态库（journal）已可写入',
  },

  JournalExposed: {
    title: '本机所有用户都可以写入状态库（journal）',
    what: ({ facts: { places } }) =>
      `本机所有用户都可以写入 ${listed(places.map(({ path, mode }) => `${detail(path, 150)}（权限 ${mode}）`))}，本服务的记录就保存在其中。改动这些记录，就能阻止客户端密钥轮换和告警发送。`,
    next: ({ facts: { places } }) =>
      `收回其他用户的写权限：\`${onFiles(`chmod o-w ${places.map(({ path }) => detail(quoted(path), 150)).join(' ')}`)}\`。`,
    over: '状态库（journal）已只允许属主和属组写入',
  },

  ChannelFailing: {
    title: '告警渠道无法送达',
    headline: ({ facts }) => `告警渠道 ${detail(facts.channel, 63)} 无法送达`,
    what: ({ facts: { attempts, oldestAt } }, now) => [
      attempts === 0 ? '' : `${attempts === 1 ? '最近一次' : `连续 ${attempts} 次`}发送失败。`,
      oldestAt === null ? '' : `最早的一条消息自 ${when(oldestAt, now)}起等待至今，会一直重试直到送达。`,
    ],
    next: (finding) => {
      const tryIt = `试发一条消息：${command(`alerts --test --channel ${detail(finding.facts.channel, 63)}`)}。`;
      return finding.error === null ? tryIt : `${nextStep(finding, 'zh', '').replace(/。$/, '')}；然后${tryIt}`;
    },
    over: ({ facts }) => `告警渠道 ${detail(facts.channel, 63)} 已恢复送达`,
  },

  ConfigurationRejected: {
    title: '新配置未被接受',
    what: '守护进程继续沿用原配置；此时如果重启，将无法启动。',
    next: '更正配置后重新发送 SIGHUP。',
    over: '配置已被接受',
  },

  StartRefused: {
    title: '守护进程无法启动',
    headline: ({ error }) => {
      if (error?.code === 'ERR_DAEMON_RUNNING') return '第二个守护进程处于待命状态：已有守护进程使用同一状态库';
      return error?.code === 'ERR_CONFIG' ? '守护进程无法启动：配置有误' : null;
    },
    what: ({ error }) =>
      error?.code === 'ERR_DAEMON_RUNNING'
        ? '本进程处于待命状态，另一个守护进程结束后会自动接管。'
        : '在守护进程启动之前，所有客户端密钥都无人检查、无人轮换。',
    next: '更正配置；守护进程每分钟重试一次，如已退出则重新启动。',
    over: ({ error }) => (error?.code === 'ERR_DAEMON_RUNNING' ? '已没有第二个守护进程在等待' : '守护进程已启动'),
  },

  WritesFailing: {
    title: '客户端密钥无法写入',
    what: ({ facts: { lane, badWrites, urgent } }) => [
      `使用“${laneWords(lane)}”的写入连续 ${badWrites} 次失败，每次失败后，非紧急的轮换暂停一小时。`,
      urgent.length === 0 ? '目前没有目标急需新的客户端密钥。' : `以下目标的 Apple 登录面临风险：${listed(urgent)}。`,
    ],
    next: () => `用 ${command('history')} 查明原因。`,
    over: '客户端密钥已恢复写入',
  },

  SchedulerStalled: {
    title: '本服务已停止检查',
    what: ({ facts: { lastTurnAt, replica } }, now) =>
      `调度循环自 ${when(lastTurnAt, now)}起停止运转${replica === undefined ? '，此后所有客户端密钥都无人检查、无人轮换' : '；其他副本照常工作'}。`,
    next: '重启该进程，并保留日志以便报告此故障。',
    over: '本服务已恢复检查',
  },

  ReplicaSilent: {
    title: '副本失去音信',
    what: ({ facts: { seenAt } }, now) =>
      `它最后一次报告是在 ${when(seenAt, now)}，且没有正常退出。其他副本已接管它的工作；每少一个副本，能接管的就更少。`,
    next: '查看该副本是否仍在运行、能否连接数据库；如果没有，重新启动它。',
    over: '该副本已恢复报告，或已有其他副本替代',
  },

  ReplicasDiffer: {
    title: '各副本的配置不一致',
    what: ({ facts: { replicas } }) =>
      `副本 ${listed(replicas)} 的配置与主导副本不同。在修正之前，其他副本的检查不会交给它们；主导副本不认识的目标无人检查。`,
    next: '让所有副本使用相同的配置，并重启仍在使用旧配置的副本。',
    over: '所有副本的配置已一致',
  },
};
