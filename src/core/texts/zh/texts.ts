// Chinese (Simplified): labels, titles, the digest, the test message, and what is said at the end of a condition.
import type { DigestFacts } from '../../alerts/message.ts';
import { TARGET_STATES, type TargetStateName } from '../../reasons.ts';
import { command } from '../command.ts';
import { detail } from '../quote.ts';
import type { Counts, Span, Texts } from '../texts.ts';
import { CONDITIONS_ZH } from './conditions.ts';
import { at, day, duration, REASONS, when } from './words.ts';

const STATES: Readonly<Record<TargetStateName, string>> = {
  healthy: '正常',
  rotated: '刚完成轮换',
  due: '待轮换',
  pending: '待人工确认',
  unverified: '已轮换但无法核实',
  failed: '失败',
  unknown: '从未读取',
};

const SEVERITIES = { warning: '警告', critical: '严重', info: '通知' } as const;

export const ZH = {
  conditions: CONDITIONS_ZH,

  replica: (name) => `副本 ${name}：`,
  lastError: (message) => `最近的错误：${message}。`,
  endings: {
    cleared: (span) => `持续${lasted(span)}。`,
    ended: (headline, span) =>
      span.since === span.until
        ? `“${headline}”于 ${at(span.until)} 发现并随即修复，此前持续了多久未知。`
        : `“${headline}”持续${lasted(span)}，其间未能通知到任何人，现已结束。`,
  },

  titles: {
    one: (mark, target, headline) =>
      `${mark === '' ? '' : `【${mark}】`}${target === null ? '' : `${target}：`}${headline}`,
    mark: (status, severity) =>
      ({
        raised: SEVERITIES[severity],
        escalated: `升级为${SEVERITIES[severity]}`,
        changed: `${SEVERITIES[severity]}，有变化`,
        repeated: `${SEVERITIES[severity]}，仍未恢复`,
        cleared: '已恢复',
        ended: '已结束，补报',
        happened: '通知',
      })[status],
    loginsUntil: (ms) => `（密钥 ${day(ms)} 过期）`,
    many: (counts, kinds) => [manyOf(counts), ...(kinds.length === 0 ? [] : [kinds.join('、')])].join('：'),
    kind: (title, count, names) =>
      names.length > 0 ? `${title}（${names.join('、')}）` : count === 1 ? title : `${title}（${count}）`,
    digest: ({ targets, openTotal }) =>
      `【周报】${targets} 个目标，${openTotal === 0 ? '一切正常' : `${openTotal} 项告警未恢复`}`,
    test: '【测试】这只是一条测试消息，没有任何问题',
    testMark: '【测试】',
  },

  digest: (digest, { instance, version, now }) => [
    `${instance} 周报，${at(now)}；apple-secret-rotator ${detail(version, 40)}。`,
    `共 ${digest.targets} 个目标${statesOf(digest.states)}。`,
    ...(digest.renewals.length === 0
      ? ['暂无已知的轮换计划。']
      : [
          '接下来的轮换：',
          ...digest.renewals.map(
            ({ target, at: ms, expiresAt }) =>
              `- ${detail(target, 63)}：${ms <= now ? `自 ${when(ms, now)}起待轮换` : when(ms, now)}，${day(expiresAt)} 过期`,
          ),
        ]),
    ...(digest.openTotal === 0
      ? ['没有未恢复的告警。']
      : [
          `未恢复的告警共 ${digest.openTotal} 项，最严重的在前：`,
          ...digest.open.map(
            ({ condition, target, targets, severity }) =>
              `- 【${SEVERITIES[severity]}】${target === null ? '' : `${detail(target, 63)}：`}${CONDITIONS_ZH[condition].title}${targets > 1 ? `（${targets} 个目标）` : ''}`,
          ),
          ...(digest.openTotal > digest.open.length
            ? [`- 另有 ${digest.openTotal - digest.open.length} 项，查看：${command('alerts')}`]
            : []),
        ]),
    '如果下周没有收到这条消息，说明本服务或该告警渠道出了问题。',
  ],

  test: ({ instance, version, now }) => [
    `这是 ${instance} 的一条测试消息，于 ${at(now)} 手动发出；apple-secret-rotator ${detail(version, 40)}。`,
    '一切正常，无需任何处理。',
    '能看到这条消息，说明本服务的告警可以送达此处。',
  ],

  reasons: REASONS,

  explain: {
    kinds: { alert: '告警', reason: '轮换原因', error: '错误' },
    dangers: {
      renewal: '在此期间，目标的客户端密钥可能无法轮换；密钥一旦过期，该应用的所有 Apple 登录都会失败。',
      command: '没有影响：命令什么也没有做。',
      configuration: '守护进程无法以这样的配置启动，也就不会轮换任何密钥；已在运行的守护进程继续使用原有配置。',
      channel: '告警无法通过该渠道送达；其他渠道和轮换照常进行。',
      journal: '守护进程在没有状态库的情况下继续运行，只轮换紧急的密钥；其他命令无法完成工作。',
      daemon: '没有影响：已在运行的守护进程继续工作。',
    },
    remedies: {
      passes: '可能自行恢复：失败的操作会一直重试，间隔逐渐拉长。',
      person: '不会自行恢复，需要有人处理。',
    },
    reason: (clause) => `需要更换客户端密钥，原因：${clause}。`,
    reasonDanger: '本服务会自行更换；如果受阻，会有告警说明原因和剩余时间。',
    example: '例如',
    see: '参见',
  },

  labels: {
    status: {
      raised: '新告警',
      escalated: '已升级',
      changed: '有变化',
      repeated: '仍未恢复',
      cleared: '已恢复',
      ended: '已结束，补报',
      happened: '供参考',
    },
    severity: SEVERITIES,
    instance: '实例',
    ids: '环境/身份源',
    targets: (count) => (count === 1 ? '目标' : '目标（最早过期的在前）'),
    since: '开始时间',
    until: '结束时间',
    loginsUntil: '密钥过期时间',
    when,
    next: '下一步',
    condition: '告警项',
    code: '错误码',
    runbook: '运维手册',
    more: (count) => `另有 ${count} 项，查看：${command('alerts')}`,
    cut: '……（已截断）',
  },
} as const satisfies Texts;

/** ` 3 小时（2026-11-22 17:15 UTC 至 2026-11-22 20:15 UTC）`; a number stands apart from Chinese. */
function lasted({ since, until }: Span): string {
  const time = duration(until - since);
  return `${time.startsWith('不') ? '' : ' '}${time}（${at(since)} 至 ${at(until)}）`;
}

function manyOf({ critical, warning, cleared, ended, happened }: Counts): string {
  const open = critical + warning;
  const worst = [...(critical > 0 ? [`严重 ${critical}`] : []), ...(warning > 0 ? [`警告 ${warning}`] : [])];
  return [
    ...(open > 0 ? [`${open} 项告警（${worst.join('，')}）`] : []),
    ...(cleared > 0 ? [`${cleared} 项已恢复`] : []),
    ...(ended > 0 ? [`${ended} 项已结束（补报）`] : []),
    ...(happened > 0 ? [`${happened} 项通知`] : []),
  ].join('，');
}

/** In the order of the vocabulary; states that no target is in are left out. */
function statesOf(states: DigestFacts['states']): string {
  const known = TARGET_STATES.map((state) => [STATES[state], states[state] ?? 0] as const);
  const parts = known.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? '' : `：${parts.join('，')}`;
}
