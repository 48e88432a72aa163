// Addresses, times, and what a change does to the overview.
import { expect, test } from 'vitest';
import { PAGE_EN } from '../../src/core/texts/en/page.ts';
import { PAGE_ZH } from '../../src/core/texts/zh/page.ts';
import { ageOf, changed, type Known } from '../../src/page/connection.ts';
import { addressOf, type View, viewAt } from '../../src/page/place.ts';
import { amountOf, daysLeft, distanceOf } from '../../src/page/time.ts';
import { inDays, NOW, overview, row, story } from './rows.ts';

const VIEWS: readonly [address: string, View][] = [
  ['/', { kind: 'targets', filter: 'all', search: '' }],
  ['/?show=failing&q=a+b%26', { kind: 'targets', filter: 'failing', search: 'a b&' }],
  ['/targets/shop%20%2F', { kind: 'target', name: 'shop /' }],
  ['/history', { kind: 'history', target: undefined }],
  ['/history?target=shop', { kind: 'history', target: 'shop' }],
  ['/calendar', { kind: 'calendar' }],
  ['/channels', { kind: 'channels' }],
];

test.each(VIEWS)('%s and its view say the same', (address, view) => {
  expect(viewAt(`http://localhost:8080${address}`)).toEqual(view);
  expect(addressOf(view)).toBe(address);
});

test.each(['/nothing', '/?show=everything', '/targets/'])('%s shows the targets', (address) => {
  expect(viewAt(`http://localhost${address}`)).toEqual({ kind: 'targets', filter: 'all', search: '' });
});

test('an address that is not encoded well is shown as it is', () => {
  expect(viewAt('http://localhost/targets/%E0%A4%A')).toEqual({ kind: 'target', name: '%E0%A4%A' });
});

test.each([
  [0, 'now', '刚刚'],
  [-9_000, '9 s ago', '9 秒前'],
  [-60_000, '1 minute ago', '1 分钟前'],
  [3_599_999, 'in 59 minutes', '59 分钟后'],
  [2 * 86_400_000 - 1, 'in 47 hours', '47 小时后'],
  [2 * 86_400_000, 'in 2 days', '2 天后'],
])('%i ms from now', (ms, en, zh) => {
  expect([distanceOf(NOW + ms, NOW, PAGE_EN), distanceOf(NOW + ms, NOW, PAGE_ZH)]).toEqual([en, zh]);
});

test('days that are left are whole ones', () => {
  expect([86_400_000, 86_399_999, -1].map((ms) => daysLeft(NOW + ms, NOW))).toEqual([1, 0, -1]);
  expect(amountOf(3 * 86_400_000, PAGE_EN)).toBe('3 days');
});

test('a change replaces what it names, and rows that have not changed stay the same objects', () => {
  const before = overview([row('a'), row('b'), row('c')]);
  const next = row('b', { failures: 1 });
  const after = changed(before, { at: inDays(0.5), put: [next, row('d')], gone: ['a'], alerts: [story()] });
  expect(after.targets.map(({ name }) => name)).toEqual(['b', 'c', 'd']);
  expect(after.targets[0]).toBe(next);
  expect(after.targets[1]).toBe(before.targets[2]);
  expect([after.at, after.alerts, after.channels, after.service]).toEqual([
    inDays(0.5),
    [story()],
    before.channels,
    before.service,
  ]);
  expect(changed(before, { at: inDays(1) }).targets).toBe(before.targets);
});

test('data is said to be old after 25 s, and nothing is said of data that never came', () => {
  const known: Known = { overview: overview([]), refusal: undefined, link: 'lost', heardAt: NOW, aheadMs: 0 };
  expect(ageOf(known, NOW + 25_000)).toBeUndefined();
  expect(ageOf(known, NOW + 25_001)).toBe(25_001);
  expect(ageOf({ ...known, overview: undefined }, NOW + 60_000)).toBeUndefined();
});
