// How a message is put together: its title, the order and the parts of its items, what is said at the end of a
// condition, the event, the digest and the test message.
import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../../src/adapters/channels/pagerduty.ts';
import { viewOf } from '../../../src/alerts/stories/view.ts';
import { composeMessage } from '../../../src/alerts/words/compose.ts';
import { FLAVOURS } from '../../../src/alerts/words/flavours.ts';
import { layOut } from '../../../src/alerts/words/layout.ts';
import { type Links, runbookLink } from '../../../src/alerts/words/links.ts';
import type { MessageSubject } from '../../../src/alerts/words/request.ts';
import { subjectOf } from '../../../src/core/alerts/causes.ts';
import { CONDITIONS, type ConditionFacts, type Finding } from '../../../src/core/alerts/conditions.ts';
import { type DigestFacts, LANGUAGES, type Language } from '../../../src/core/alerts/message.ts';
import type { Story } from '../../../src/core/alerts/records.ts';
import { errorTexts } from '../../../src/core/texts/errors.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import {
  aFinding,
  aLoginsFail,
  aStoryOf,
  aSubject,
  DENIED,
  NOW,
  SHOP,
  VARIANTS,
} from '../../support/alert-findings.ts';
import { LANE } from '../../support/fleet.ts';

const ID = '019aad5e-5d10-7000-8000-000000000000';

function composed(
  subjects: readonly MessageSubject[],
  language: Language = 'en',
  instance = 'prod-rotator',
  links: Links = { runbook: 'docs/runbook.md' },
) {
  return composeMessage({ id: ID, now: NOW, instance, version: '1.2.3', language, ...links, subjects });
}

/** RotationFailing of the target `name`. */
function failing(name: string, rest: Partial<Finding> = {}): Finding {
  const target = { ...SHOP, key: name, name, envId: `${name}-1` };
  const facts = { failures: 1, nextAttemptAt: null, emergency: false };
  return aFinding('RotationFailing', facts, { target, id: `RotationFailing/${name}`, ...rest } as Partial<Finding>);
}

/** What a channel is told when the story begins. */
function raised(story: Story): MessageSubject {
  const view = viewOf(story);
  return { kind: 'story', story, view, status: 'raised', dueAt: NOW, from: NOW, thread: 't', closes: [] };
}

/** What a channel is told of a target that left the configuration. */
function unwatched(
  name: string,
  facts: Partial<ConditionFacts['Unwatched']> = {},
  rest: Partial<Finding> = {},
): MessageSubject {
  const target = { ...SHOP, key: name, name, envId: `${name}-1` };
  const known = { target, id: `Unwatched/${name}`, ...rest };
  const finding = aFinding('Unwatched', { moved: false, open: [], ...facts }, known as Partial<Finding>);
  return aSubject(finding, 'happened');
}

const CRITICAL = { severity: 'critical' } as const;

describe('a message about one story', () => {
  const finding = failing('shop-prod', { ...CRITICAL, error: DENIED });

  test('carries everything that a channel needs', () => {
    const message = composed([aSubject(finding)]);
    const { title, what, next } = message.items[0] ?? {};
    expect(message).toEqual({
      id: ID,
      kind: 'alert',
      instance: 'prod-rotator',
      version: '1.2.3',
      language: 'en',
      at: '2026-11-22T20:15:30.000Z',
      severity: 'critical',
      title: '[prod-rotator] CRITICAL shop-prod: the client secret cannot be renewed (secret expires 2026-12-04)',
      lines: [],
      items: [
        {
          id: 'RenewalFailing/shop-prod',
          condition: 'RenewalFailing',
          status: 'raised',
          severity: 'critical',
          target: 'shop-prod',
          envId: 'shop-prod-1',
          providerId: 'apple',
          targets: [
            { name: 'shop-prod', envId: 'shop-prod-1', providerId: 'apple', loginsUntil: '2026-12-04T20:15:30.000Z' },
          ],
          title,
          what,
          since: '2026-11-22T15:15:30.000Z',
          until: null,
          loginsUntil: '2026-12-04T20:15:30.000Z',
          logins: null,
          rotation: null,
          next,
          code: 'ERR_CLOUDBASE_DENIED',
          runbook: 'docs/runbook.md#rotationfailing',
          thread: 'RenewalFailing/shop-prod',
        },
      ],
      closes: [],
      labels: message.labels,
    });
  });

  test.each([
    ['raised', 'CRITICAL shop-prod: the client secret cannot be renewed (secret expires 2026-12-04)'],
    ['escalated', 'now CRITICAL shop-prod: the client secret cannot be renewed (secret expires 2026-12-04)'],
    ['changed', 'changed, CRITICAL shop-prod: the client secret cannot be renewed (secret expires 2026-12-04)'],
    ['repeated', 'still CRITICAL shop-prod: the client secret cannot be renewed (secret expires 2026-12-04)'],
    ['cleared', 'all clear: shop-prod: the client secret can be renewed again'],
    ['ended', 'over, reported late: shop-prod: the client secret can be renewed again'],
  ] as const)('%s: %s', (status, title) => {
    expect(composed([aSubject(finding, status)]).title).toBe(`[prod-rotator] ${title}`);
  });

  test.each([
    ['raised', '【严重】shop-prod：客户端密钥无法轮换（密钥 2026-12-04 过期）'],
    ['escalated', '【升级为严重】shop-prod：客户端密钥无法轮换（密钥 2026-12-04 过期）'],
    ['changed', '【严重，有变化】shop-prod：客户端密钥无法轮换（密钥 2026-12-04 过期）'],
    ['repeated', '【严重，仍未恢复】shop-prod：客户端密钥无法轮换（密钥 2026-12-04 过期）'],
    ['cleared', '【已恢复】shop-prod：客户端密钥已可正常轮换'],
    ['ended', '【已结束，补报】shop-prod：客户端密钥已可正常轮换'],
  ] as const)('in Chinese, %s: %s', (status, title) => {
    expect(composed([aSubject(finding, status)], 'zh').title).toBe(`[prod-rotator] ${title}`);
  });

  test('of the service itself has no target in its title', () => {
    const skewed = aFinding('ClockSkewed', { skewMs: 75_000 });
    expect(composed([aSubject(skewed)]).title).toBe('[prod-rotator] WARNING: the clock of this machine is wrong');
  });

  test('keeps its title short, whatever the instance and the target are called', () => {
    const target = { ...SHOP, name: 'a'.repeat(63) };
    for (const language of LANGUAGES) {
      const { title } = composed(
        [aSubject(failing('x', { target }))],
        language,
        `prod\n\u{1F511}${'\u{1F511}'.repeat(200)}`,
      );
      expect(title).toMatch(/^\[prod /);
      expect(title).toContain(target.name);
      expect(title.length).toBeLessThanOrEqual(120);
      expect(title.isWellFormed() && !title.includes('\n')).toBe(true);
    }
  });
});

describe('a message about one target names it once, in each language and kind of channel', () => {
  const KIOSK = { ...SHOP, key: 'kiosk', name: 'kiosk', envId: 'env-1g2h3j' };
  const findings = VARIANTS.filter(({ finding }) => finding.target !== null).map(({ name, finding }) => ({
    name,
    finding: { ...finding, target: KIOSK },
  }));

  test.each(findings)('$name', ({ finding }) => {
    // By its error, so that it is also told as what several targets might have in common.
    const { id, cause } = subjectOf(
      finding,
      () => LANE,
      () => false,
    );
    const story = { ...aStoryOf(finding), id, cause };
    const subject = raised(story);
    for (const language of LANGUAGES) {
      const message = composed([subject], language);
      for (const flavour of Object.values(FLAVOURS)) {
        const text = layOut(message, flavour, { size: 60_000 });
        expect(text.replaceAll('--target kiosk', '').match(/kiosk/g), text).toHaveLength(1);
        expect(text).toContain('env-1g2h3j/apple');
      }
    }
  });

  test('also where the headline is about something else', () => {
    const skewed = aStoryOf(aFinding('ClockSkewed', { skewMs: 75_000 }));
    const member = { finding: failing('kiosk'), foundAt: NOW, criticalAt: null };
    const story = { ...skewed, members: [...skewed.members, member] };
    const subject = raised(story);
    const shown = (language: Language) => layOut(composed([subject], language), FLAVOURS.plain, { size: 60_000 });
    expect(shown('en')).toContain('\nTarget: kiosk (2026-12-04 20:15 UTC)\n');
    expect(shown('zh')).toContain('\n目标：kiosk (2026-12-04 20:15 UTC)\n');
  });
});

describe('the end of a story', () => {
  const finding = failing('shop-prod', { ...CRITICAL, error: DENIED });

  test('an all-clear says how long it lasted, wants nothing, and closes its thread', () => {
    const message = composed([aSubject(finding, 'cleared')]);
    expect(message.severity).toBe('info');
    expect(message.closes).toEqual(['RenewalFailing/shop-prod']);
    expect(message.items[0]).toMatchObject({
      title: 'the client secret can be renewed again',
      what: 'It lasted 4 hours, from 2026-11-22 15:15 UTC to 2026-11-22 20:14 UTC.',
      until: '2026-11-22T20:14:30.000Z',
      loginsUntil: null,
      next: null,
    });
  });

  test('one that nobody could be told of says what was wrong, and its last error', () => {
    const [english] = composed([aSubject(finding, 'ended')]).items;
    expect(english?.what).toBe(
      `"the client secret cannot be renewed" lasted 4 hours, from 2026-11-22 15:15 UTC to 2026-11-22 20:14 UTC; nobody could be notified meanwhile, and it is over now. The last error: ${errorTexts(DENIED, 'en').message}.`,
    );
    const [chinese] = composed([aSubject(finding, 'ended')], 'zh').items;
    expect(chinese?.what).toMatch(/^“客户端密钥无法轮换”持续 4 小时.*其间未能通知到任何人/);
    expect(chinese?.what).toContain(errorTexts(DENIED, 'zh').message);
  });

  test('one that was put right at once does not say how long it lasted', () => {
    const at = NOW - MINUTE;
    const story = aStoryOf(aLoginsFail({}), { since: at, endedAt: at });
    const of = (language: Language) => composed([aSubject(aLoginsFail({}), 'ended', { story })], language).items[0];
    expect(of('en')).toMatchObject({
      title: 'Apple logins no longer fail, as far as this service can tell',
      what: '"Apple logins fail: Apple rejects the client secret" was found at 2026-11-22 20:14 UTC and put right at once; since when it had lasted is not known.',
    });
    expect(of('zh')?.what).toBe(
      '“Apple 登录失败：Apple 拒绝现有客户端密钥”于 2026-11-22 20:14 UTC 发现并随即修复，此前持续了多久未知。',
    );
  });
});

describe('a message about many', () => {
  test('500 targets: counts by severity, and what it is about', () => {
    const subjects = Array.from({ length: 500 }, (_, n) =>
      aSubject(n === 250 ? aFinding('ClockSkewed', { skewMs: 1 }) : failing(`t${n}`, n < 12 ? CRITICAL : {})),
    );
    expect(composed(subjects).title).toBe(
      '[prod-rotator] 500 alerts (12 critical, 488 warning): the client secret cannot be renewed (499), …',
    );
    expect(composed(subjects, 'zh').title).toBe(
      '[prod-rotator] 500 项告警（严重 12，警告 488）：客户端密钥无法轮换（499）、本机时钟不准',
    );
    expect(composed(subjects).items).toHaveLength(500);
  });

  test('the worst come first: critical, warning, what is over, events; then by target and condition', () => {
    const subjects = [
      unwatched('a'),
      aSubject(failing('b')),
      aSubject(failing('a', CRITICAL), 'cleared'),
      aSubject({ ...aLoginsFail({}), target: { ...SHOP, name: 'c' } }),
      aSubject(failing('c', CRITICAL), 'repeated'),
      aSubject(aFinding('SchedulerStalled', { lastTurnAt: NOW }, CRITICAL)),
      aSubject(failing('a')),
    ];
    const message = composed(subjects);
    expect(message.items.map(({ condition, target, status }) => `${condition} ${target} ${status}`)).toEqual([
      'SchedulerStalled null raised',
      'LoginsFail c raised',
      'RenewalFailing c repeated',
      'RenewalFailing a raised',
      'RenewalFailing b raised',
      'RenewalFailing a cleared',
      'Unwatched a happened',
    ]);
    expect(message.severity).toBe('critical');
    expect(message.title).toContain('5 alerts (3 critical, 2 warning), 1 all clear, 1 for information');
  });

  test('the worst is named first, however many of the others there are', () => {
    const channel = aFinding('ChannelFailing', { channel: 'a', attempts: 3, oldestAt: null });
    const left = ['a', 'b', 'c'].map((name) => unwatched(name));
    expect(composed([aSubject(channel), ...left, aSubject(failing('shop-prod', CRITICAL))]).title).toBe(
      '[prod-rotator] 2 alerts (1 critical, 1 warning), 3 for information: the client secret cannot be renewed, …',
    );
    expect(composed([...left, aSubject(channel)]).title).toBe(
      '[prod-rotator] 1 alert (warning), 3 for information: an alert channel does not accept messages, …',
    );
  });

  test('what many targets have in common is one story, which says how many, and lists the soonest expiry first', () => {
    const stories = Array.from({ length: 40 }, (_, n) =>
      failing(`t${n}`, { error: DENIED, loginsUntil: NOW + (100 - n) * DAY }),
    );
    const members = stories.map((finding) => ({ finding, foundAt: NOW, criticalAt: null }));
    const story = { ...aStoryOf(aFinding('AccessDenied', { targets: [] })), members };
    const subject = raised(story);
    const message = composed([subject]);
    expect(message.title).toBe(
      '[prod-rotator] WARNING: 40 targets cannot be checked: CAM denies tcb:GetProviders (secret expires 2027-01-22)',
    );
    expect(composed([subject], 'zh').title).toBe(
      '[prod-rotator] 【警告】40 个目标无法检查：CAM 拒绝 tcb:GetProviders（密钥 2027-01-22 过期）',
    );
    const [item] = message.items;
    expect(item).toMatchObject({ condition: 'AccessDenied', target: null, runbook: 'docs/runbook.md#accessdenied' });
    expect(item?.targets.map(({ name }) => name).slice(0, 2)).toEqual(['t39', 't38']);
    expect(item?.what).toMatch(
      /^Their client secrets cannot be renewed until this is fixed\. The last error: tcb GetProviders is not permitted/,
    );
    const shown = layOut(message, FLAVOURS.plain, { size: 4_000 });
    expect(shown).toContain('\nSecret expires: 2027-01-22 20:15 UTC (in 61 days)\n');
    expect(shown).toContain(': t39 (2027-01-22 20:15 UTC), t38 (');
    expect(item?.next).toContain('tcb:GetProviders');
  });

  test('about one target names it', () => {
    const subjects = [aSubject(aLoginsFail({})), aSubject(failing('shop-prod'))];
    expect(composed(subjects).title).toBe(
      '[prod-rotator] shop-prod: 2 alerts (1 critical, 1 warning): Apple logins fail, the client secret cannot be renewed',
    );
    expect(composed(subjects, 'zh').title).toMatch(/^\[prod-rotator\] shop-prod：2 项告警/);
    const skewed = aFinding('ClockSkewed', { skewMs: 1 });
    expect(composed([...subjects, aSubject(skewed)]).title).not.toContain('shop-prod');
  });

  test('all-clears alone, and events alone', () => {
    expect(composed([aSubject(failing('a'), 'cleared'), aSubject(failing('b'), 'cleared')]).title).toBe(
      '[prod-rotator] 2 all clear: the client secret can be renewed again (a, b)',
    );
    const message = composed([unwatched('shop-prod'), unwatched('blog')]);
    expect(message.title).toBe(
      '[prod-rotator] 2 for information: no longer watched: the target was removed from the configuration (blog, shop-prod)',
    );
    expect(message.severity).toBe('info');
    const moved = { moved: true };
    expect(composed([unwatched('shop-prod', moved), unwatched('blog', moved)]).title).toBe(
      '[prod-rotator] 2 for information: cloudbase.endpoint was changed, so this counts as a new target (blog, shop-prod)',
    );
  });

  test('a thread that two subjects close is closed once', () => {
    const subjects = ['a', 'b'].map((name) => aSubject(failing(name), 'cleared', { closes: ['storm/x'] }));
    expect(composed(subjects).closes).toEqual(['storm/x']);
  });
});

describe('the weekly digest', () => {
  const DIGEST: DigestFacts = {
    targets: 12,
    states: { failed: 1, healthy: 9, due: 2, pending: 0 },
    renewals: [
      { target: 'shop-prod', at: NOW + 40 * DAY, expiresAt: NOW + 100 * DAY },
      { target: 'blog-prod', at: NOW - 3 * HOUR, expiresAt: NOW + 60 * DAY },
    ],
    open: [
      { condition: 'RotationFailing', target: 'shop-prod', targets: 1, severity: 'critical' },
      { condition: 'AccessDenied', target: null, targets: 40, severity: 'warning' },
    ],
    openTotal: 7,
  };

  test('says how the targets are, what is renewed next, what is wrong, and what its absence means', () => {
    const message = composed([{ kind: 'digest', digest: DIGEST }]);
    expect(message).toMatchObject({ kind: 'digest', severity: 'info', items: [], closes: [] });
    expect(message.title).toBe('[prod-rotator] weekly report: 12 targets, 7 open alerts');
    expect(message.lines).toEqual([
      'Weekly report of prod-rotator, 2026-11-22 20:15 UTC; apple-secret-rotator 1.2.3.',
      '12 targets: 9 healthy, 2 due for renewal, 1 failed.',
      'Next renewals:',
      '- shop-prod: 2027-01-01 20:15 UTC (in 40 days), expires 2027-03-02',
      '- blog-prod: due since 2026-11-22 17:15 UTC (3 hours ago), expires 2027-01-21',
      '7 open alerts, worst first:',
      '- CRITICAL shop-prod: the client secret cannot be renewed',
      '- WARNING: CAM denies calls of this service (40 targets)',
      '- and 5 more: `apple-secret-rotator alerts`',
      'If this message does not come next week, something is wrong with the rotator or with this channel.',
    ]);
  });

  test('in Chinese', () => {
    const message = composed([{ kind: 'digest', digest: DIGEST }], 'zh');
    expect(message.title).toBe('[prod-rotator] 【周报】12 个目标，7 项告警未恢复');
    expect(message.lines).toEqual([
      'prod-rotator 周报，2026-11-22 20:15 UTC；apple-secret-rotator 1.2.3。',
      '共 12 个目标：正常 9，待轮换 2，失败 1。',
      '接下来的轮换：',
      '- shop-prod：2027-01-01 20:15 UTC（40 天后），2027-03-02 过期',
      '- blog-prod：自 2026-11-22 17:15 UTC（3 小时前）起待轮换，2027-01-21 过期',
      '未恢复的告警共 7 项，最严重的在前：',
      '- 【严重】shop-prod：客户端密钥无法轮换',
      '- 【警告】本服务所需的权限被 CAM 拒绝（40 个目标）',
      '- 另有 5 项，查看：`apple-secret-rotator alerts`',
      '如果下周没有收到这条消息，说明本服务或该告警渠道出了问题。',
    ]);
  });

  test('with nothing wrong it is calm', () => {
    const digest = { ...DIGEST, targets: 1, states: { healthy: 1 }, renewals: [], open: [], openTotal: 0 };
    const message = composed([{ kind: 'digest', digest }]);
    expect(message.title).toBe('[prod-rotator] weekly report: 1 target, nothing wrong');
    expect(message.lines.slice(1, 4)).toEqual([
      '1 target: 1 healthy.',
      'No renewals are planned.',
      'Nothing is wrong.',
    ]);
    expect(composed([{ kind: 'digest', digest }], 'zh').lines).toContain('没有未恢复的告警。');
  });
});

describe('the test message', () => {
  test.each([
    ['en', '[prod-rotator] TEST: this is only a test, nothing is wrong', 'Nothing is wrong'],
    ['zh', '[prod-rotator] 【测试】这只是一条测试消息，没有任何问题', '一切正常'],
  ] as const)('in %s is marked as one, and says that nothing is wrong', (language, title, calm) => {
    const message = composed([{ kind: 'test' }], language);
    expect(message).toMatchObject({ kind: 'test', severity: 'info', items: [], title });
    expect(message.lines[0]).toContain('prod-rotator');
    expect(message.lines.join('\n')).toContain(calm);
  });
});

describe('a target that left the configuration', () => {
  const open = ['SecretExpiring', 'RotationFailing'] as const;

  test('is an event that says until when its secret is valid and what was open, and closes its incidents', () => {
    const [subject] = [unwatched('shop-prod', { open })];
    const message = composed([{ ...subject, closes: ['a', 'b'] } as MessageSubject]);
    expect(message).toMatchObject({
      kind: 'alert',
      severity: 'info',
      title: '[prod-rotator] shop-prod: no longer watched: the target was removed from the configuration',
      closes: ['a', 'b'],
    });
    expect(message.items).toMatchObject([
      {
        id: 'Unwatched/shop-prod',
        condition: 'Unwatched',
        status: 'happened',
        severity: 'info',
        what: 'The service no longer checks or renews its client secret. These alerts were still open and are closed now, although nothing was fixed: SecretExpiring and RotationFailing.',
        next: 'Put the target back into the configuration if this was a mistake.',
        until: null,
        loginsUntil: '2026-12-04T20:15:30.000Z',
        runbook: 'docs/runbook.md#unwatched',
      },
    ]);
    expect(composed([unwatched('shop-prod', { open })], 'zh').items[0]).toMatchObject({
      what: '本服务不再检查和轮换该目标的客户端密钥。以下告警移除时尚未解决，现已关闭，但问题并未修复：`SecretExpiring`、`RotationFailing`。',
      next: '如属误删，请将该目标加回配置。',
    });
  });

  test('is one item for people, however many of its stories end with that', () => {
    const ended = ['LoginsFail', 'RenewalFailing'].map((cause) =>
      unwatched('shop-prod', {}, { id: `Unwatched/${cause}/shop-prod` }),
    );
    const message = composed([...ended, unwatched('blog')]);
    expect(message.items).toHaveLength(3);
    expect(message.title).toContain('2 for information');
    for (const flavour of Object.values(FLAVOURS)) {
      const text = layOut(message, flavour, { size: 60_000 });
      expect(text.match(/shop-prod-1\/apple/g), text).toHaveLength(1);
    }
    expect(eventsOf(message)).toHaveLength(2);
    expect(eventsOf(composed(ended))[0]).toMatchObject({ payload: { component: 'shop-prod' } });
    expect(composed(ended).title).toBe(composed([unwatched('shop-prod')]).title);
  });

  test('because its endpoint changed says so, and that the secret is still watched', () => {
    const [english] = composed([unwatched('shop-prod', { moved: true })]).items;
    expect(english).toMatchObject({
      title: 'cloudbase.endpoint was changed, so this counts as a new target',
      what: 'The service goes on checking and renewing its client secret, but has no history of it at the new endpoint.',
      next: 'Restore cloudbase.endpoint if this was a mistake.',
    });
    expect(composed([unwatched('shop-prod', { moved: true })], 'zh').items[0]?.what).toContain('继续检查和轮换');
  });

  test.each([
    [
      NOW + 12 * DAY,
      'Secret expires: 2026-12-04 20:15 UTC (in 12 days)',
      '密钥过期时间：2026-12-04 20:15 UTC（12 天后）',
    ],
    [
      NOW - DAY,
      'Secret expires: 2026-11-21 20:15 UTC (24 hours ago)',
      '密钥过期时间：2026-11-21 20:15 UTC（24 小时前）',
    ],
  ])('with a secret that expires at %s', (loginsUntil, english, chinese) => {
    const subject = unwatched('shop-prod', {}, { loginsUntil });
    const shown = (language: Language) => layOut(composed([subject], language), FLAVOURS.plain, { size: 4_000 });
    expect(shown('en')).toContain(`\n${english}\n`);
    expect(shown('zh')).toContain(`\n${chinese}\n`);
  });
});

describe('a link to the runbook', () => {
  const elsewhere = { language: 'en', runbook: 'https://ops.example/runbook' } as const;
  const served = { ...elsewhere, publicUrl: 'https://rotator.example' };

  test('leads to the section where the daemon serves it, else where alerts.runbook says', () => {
    expect(runbookLink(served, 'SecretExpiring')).toBe('https://rotator.example/runbook#secretexpiring');
    expect(runbookLink(elsewhere, 'SecretExpiring')).toBe('https://ops.example/runbook#secretexpiring');
  });

  test('leads to the Chinese one from an alert in Chinese', () => {
    const link = runbookLink({ ...served, language: 'zh' }, 'SecretExpiring');
    expect(link).toBe('https://rotator.example/runbook?language=zh#secretexpiring');
    const links = { runbook: elsewhere.runbook, publicUrl: served.publicUrl };
    const subject = aSubject(failing('shop-prod', { error: DENIED }));
    expect(composed([subject], 'zh', 'prod', links).items[0]?.runbook).toBe(
      link.replace('secretexpiring', 'rotationfailing'),
    );
  });

  test('never leads to the daemon where the daemon itself may be broken', () => {
    const away = CONDITIONS.filter((condition) => runbookLink(served, condition).startsWith(elsewhere.runbook));
    expect(away).toEqual([
      'ClockSkewed',
      'JournalUnwritable',
      'JournalExposed',
      'ChannelFailing',
      'ConfigurationRejected',
      'StartRefused',
      'SchedulerStalled',
    ]);
  });

  test.each(LANGUAGES)('stands in a message, in %s, and when it is over', (language) => {
    for (const status of ['raised', 'cleared'] as const) {
      const subjects = [
        aSubject(failing('shop-prod'), status),
        aSubject(aFinding('ClockSkewed', { skewMs: 1 }), status),
      ];
      const { items } = composed(subjects, language, 'prod-rotator', served);
      expect(items.map(({ runbook }) => runbook).sort()).toEqual([
        'https://ops.example/runbook#clockskewed',
        'https://rotator.example/runbook#rotationfailing',
      ]);
    }
  });
});

test('labels: what stands for the items that had no room names the command', () => {
  expect(composed([{ kind: 'test' }]).labels.more(12)).toBe('and 12 more: `apple-secret-rotator alerts`');
  expect(composed([{ kind: 'test' }], 'zh').labels.more(12)).toContain('apple-secret-rotator alerts');
});

test('a story that was open for less than a minute says so', () => {
  const story = aStoryOf(failing('a'), { since: NOW - MINUTE - 30_000, endedAt: NOW - MINUTE });
  const subject = aSubject(failing('a'), 'cleared', { story });
  expect(composed([subject]).items[0]?.what).toMatch(/^It lasted less than a minute, from /);
});
