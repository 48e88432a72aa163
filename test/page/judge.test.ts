// What the page makes of the overview: the one sentence, the order of targets, the filter.
import { describe, expect, test } from 'vitest';
import { PAGE_EN } from '../../src/core/texts/en/page.ts';
import { PAGE_ZH } from '../../src/core/texts/zh/page.ts';
import type { OverviewView, Row } from '../../src/http/page-schemas.ts';
import { type Filter, filtered, soonestFirst, verdictOf } from '../../src/page/judge.ts';
import { FAILS, inDays, NOW, overview, row, story } from './rows.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => row(`app-${index}`));
const STUCK = { state: 'failed', expiresAt: inDays(19.5) } as const;
const OFF = { logins: { state: 'fails', because: 'provider', chosen: true } } as const;

describe('the verdict', () => {
  const general = story({ severity: 'warning' });
  const CASES: readonly [what: string, Row[], Partial<OverviewView>, mood: string, en: string, zh: string][] = [
    ['nothing configured', [], {}, 'unknown', 'Nothing is configured yet.', '尚未配置任何目标。'],
    [
      'everything fine',
      [...many(2), row('next', { plannedAt: inDays(12) })],
      {},
      'good',
      'All 3 apps are fine. Next renewal: next, in 12 days.',
      '全部 3 个应用一切正常。下一次轮换：next，12 天后。',
    ],
    [
      'two apps in danger',
      [...many(38), row('shop-eu', FAILS), row('pay-cn', STUCK)],
      { alerts: [story({ targets: [{ name: 'shop-eu', loginsUntil: null }] })] },
      'critical',
      '38 of 40 apps are fine. Logins fail now for shop-eu. pay-cn cannot be renewed and has 19 days left.',
      '40 个应用中有 38 个正常。shop-eu 现在无法登录。pay-cn 无法轮换，还剩19 天。',
    ],
    [
      'many that cannot be renewed',
      [row('a', STUCK), row('b', STUCK), row('c', STUCK), row('d', { ...STUCK, expiresAt: inDays(3.1) })],
      {},
      'warning',
      'None of 4 apps are fine. d, a, b and 1 more cannot be renewed and the first has 3 days left.',
      '4 个应用中有 0 个正常。d、a、b 等 4 个 无法轮换，其中最早的还剩3 天。',
    ],
    [
      'an expired one of which nobody knows more',
      [row('old', { ...STUCK, expiresAt: inDays(-1) })],
      {},
      'warning',
      'The app is not fine. old cannot be renewed.',
      '应用不正常。old 无法轮换。',
    ],
    [
      'one switched off, one waiting, one never checked',
      [row('a', OFF), row('b', { state: 'pending' }), row('c', { state: 'unknown', expiresAt: null })],
      {},
      'warning',
      'None of 3 apps are fine. b waits for your consent. Sign in with Apple is switched off for a. c was not checked yet.',
      '3 个应用中有 0 个正常。b 等待您的确认。a 的 Apple 登录已被关闭。c 尚未检查。',
    ],
    [
      'only waiting for the first check',
      [row('a'), row('b', { state: 'unknown', expiresAt: null })],
      {},
      'unknown',
      '1 of 2 apps is fine. b was not checked yet.',
      '2 个应用中有 1 个正常。b 尚未检查。',
    ],
    [
      'a story of the service alone',
      [row('a')],
      { alerts: [general] },
      'warning',
      'The app is fine. The journal cannot be written.',
      '应用一切正常。the journal cannot be written。',
    ],
    [
      'a warning about a target that works',
      [row('a'), row('b')],
      { alerts: [story({ severity: 'warning', targets: [{ name: 'b', loginsUntil: null }] })] },
      'warning',
      '1 of 2 apps is fine. There is a warning about b.',
      '2 个应用中有 1 个正常。b 有警告。',
    ],
    [
      'a daemon that has stopped',
      [row('a', { plannedAt: null })],
      { service: { ...overview([]).service, turns: false } },
      'critical',
      'The rotator is not running: nothing is checked or renewed. The app is fine.',
      '轮换程序未在运行：没有任何检查或轮换。应用一切正常。',
    ],
  ];

  test.each(CASES)('%s', (_, targets, change, mood, en, zh) => {
    const found = overview(targets, change);
    expect(verdictOf(found, NOW, PAGE_EN)).toEqual({ mood, sentence: en });
    expect(verdictOf(found, NOW, PAGE_ZH)).toEqual({ mood, sentence: zh });
  });
});

test('targets whose logins fail come first, then those that nothing is known of, then the soonest expiry', () => {
  const rows = [
    row('later', { expiresAt: inDays(50) }),
    row('unknown', { expiresAt: null }),
    row('switched-off', { ...OFF, expiresAt: inDays(70) }),
    row('soon', { expiresAt: inDays(2) }),
    row('failing', { ...FAILS, expiresAt: inDays(90) }),
  ];
  expect(soonestFirst(rows).map(({ name }) => name)).toEqual(['failing', 'unknown', 'soon', 'later', 'switched-off']);
});

describe('the filter', () => {
  const rows = [
    row('shop-eu', FAILS),
    row('shop-cn', { plannedAt: inDays(29) }),
    row('pay', { plannedAt: inDays(31), keyId: 'ZZZZZZZZZZ' }),
    row('new', { state: 'unknown', logins: { state: 'unknown', because: null, chosen: false } }),
    row('off', OFF),
  ];
  const CASES: readonly [Filter, search: string, names: string[]][] = [
    ['all', '', ['shop-eu', 'shop-cn', 'pay', 'new', 'off']],
    ['attention', '', ['shop-eu', 'new', 'off']],
    ['failing', '', ['shop-eu', 'off']],
    ['soon', '', ['shop-cn']],
    ['unknown', '', ['new']],
    ['all', ' SHOP  env-shop-cn ', ['shop-cn']],
    ['all', 'zzzz', ['pay']],
    ['failing', 'pay', []],
  ];
  test.each(CASES)('%s, "%s"', (filter, search, names) => {
    expect(filtered(rows, filter, search, NOW).map(({ name }) => name)).toEqual(names);
  });
});
