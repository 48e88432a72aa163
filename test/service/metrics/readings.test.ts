// What the gauges show of what is known: absent where nothing is known, and ready only where that is certain.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_BOOK, type Story } from '../../../src/core/alerts/records.ts';
import { deployedRecord } from '../../../src/core/deployed.ts';
import type { DeployedRecord, TargetState } from '../../../src/core/records.ts';
import { DAY, HOUR, SECOND } from '../../../src/core/time.ts';
import {
  GAUGES,
  isReady,
  type MetricsSnapshot,
  oldestSeconds,
  openStories,
  readingOf,
} from '../../../src/service/metrics/readings.ts';
import { aFinding, aStoryOf } from '../../support/alert-findings.ts';
import { aDeployed, aState, asked, CLOCK, NOW } from '../../support/builders.ts';

const deployed = (overrides: Partial<DeployedRecord> = {}): DeployedRecord => ({
  ...deployedRecord(aDeployed()),
  ...overrides,
});

/** A target with a hundred days left and renewal due in forty, at the end of a good pass. */
const wellState = (overrides: Partial<TargetState> = {}) =>
  aState({ deployed: deployed(), renewalAt: NOW + 40 * DAY, lastSuccessAt: NOW - HOUR, ...overrides });

const shop = (state: TargetState | undefined, clock = CLOCK) => ({
  name: 'shop',
  reading: state && readingOf(state, clock),
});

const snapshot = (overrides: Partial<MetricsSnapshot> = {}): MetricsSnapshot => ({
  clock: CLOCK,
  version: '1.2.3',
  targets: [shop(wellState())],
  book: EMPTY_BOOK,
  waiting: { count: 0, since: null },
  lastTurnMs: 0,
  skewMs: undefined,
  journalDegraded: false,
  ...overrides,
});

/** `labels value` of every series of a metric. */
function seriesOf(name: string, of: MetricsSnapshot): Record<string, number> {
  const gauge = GAUGES.find((row) => row.name === `apple_secret_${name}`);
  if (gauge === undefined) throw new TypeError(`no gauge is called ${name}`);
  return Object.fromEntries([...gauge.series(of)].map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

describe('ready', () => {
  test.each<[string, boolean, TargetState | undefined]>([
    ['a good secret after a good pass', true, wellState()],
    ['a target that the journal does not know', false, undefined],
    ['a target that was never read', false, aState({ state: 'unknown' })],
    ['a target of whose last pass nothing is known', false, wellState({ state: 'unknown' })],
    ['a last pass that failed, whatever is left', false, wellState({ state: 'failed' })],
    ['a rotation that waits for its window', true, wellState({ state: 'due', reason: 'RenewalDue' })],
    ['a rotation that waits for consent', true, wellState({ state: 'pending', reason: 'KeyChanged' })],
    ['a provider that does not show what was written', true, wellState({ state: 'unverified' })],
    ['no secret at all', false, wellState({ deployed: deployed({ expiresAt: null, shape: 'missing' }) })],
    ['a provider that was never read', false, wellState({ deployed: null })],
    ['one second before expiry', true, wellState({ deployed: deployed({ expiresAt: NOW + SECOND }), renewalAt: NOW })],
    ['exactly at expiry', false, wellState({ deployed: deployed({ expiresAt: NOW }), renewalAt: NOW })],
    ['exactly 24 h past renewal', true, wellState({ renewalAt: NOW - DAY })],
    ['more than 24 h past renewal', false, wellState({ renewalAt: NOW - DAY - 1 })],
    ['a renewal instant that is not known', true, wellState({ renewalAt: null })],
    ['a secret that Apple rejects', false, wellState({ apple: asked() })],
    ['a secret that cannot work', false, wellState({ deployed: deployed({ defect: 'other-client' }) })],
    [
      'a provider that is switched off',
      false,
      wellState({ provider: { ...wellState().provider, enabled: false, at: NOW } }),
    ],
    ['a secret whose expiry nobody knows', false, wellState({ deployed: deployed({ expiresAt: null }) })],
  ])('%s: %s', (_, ready, state) => {
    expect(seriesOf('ready', snapshot({ targets: [shop(state)] }))).toEqual({ shop: ready ? 1 : 0 });
  });

  test('reckons renewal by the corrected clock', () => {
    const state = wellState({ renewalAt: NOW - DAY });
    expect(isReady(state, { ...CLOCK, skewMs: 1 })).toBe(true);
    expect(isReady(state, { ...CLOCK, skewMs: -1 })).toBe(false);
  });

  test('never returns by itself while time goes on', () => {
    const instant = fc.integer({ min: -200 * DAY, max: 200 * DAY }).map((offset) => NOW + offset);
    fc.assert(
      fc.property(instant, instant, fc.nat({ max: 400 * DAY }), (expiresAt, renewalAt, later) => {
        const state = wellState({ deployed: deployed({ expiresAt }), renewalAt });
        if (!isReady(state, CLOCK)) expect(isReady(state, { ...CLOCK, now: NOW + later })).toBe(false);
      }),
    );
  });
});

describe('logins', () => {
  test.each<[string, string, TargetState | undefined]>([
    ['what Apple accepts', 'works', wellState({ apple: asked({ verdict: 'accepted', rejectedSince: null }) })],
    ['what Apple rejects', 'fails', wellState({ apple: asked() })],
    ['what has expired', 'fails', wellState({ deployed: deployed({ expiresAt: NOW }) })],
    ['what nothing is known of', 'unknown', wellState()],
    ['a target that the journal does not know', 'unknown', undefined],
  ])('%s: %s, and only that', (_, found, state) => {
    const series = seriesOf('logins', snapshot({ targets: [shop(state)] }));
    expect(series).toEqual({ 'shop works': 0, 'shop fails': 0, 'shop unknown': 0, [`shop ${found}`]: 1 });
  });

  test('are unknown where a secret has expired by a clock that was not compared', () => {
    const clock = { ...CLOCK, skewMs: undefined, since: NOW };
    const targets = [shop(wellState({ deployed: deployed({ expiresAt: NOW - DAY }) }), clock)];
    expect(seriesOf('logins', snapshot({ clock, targets }))).toMatchObject({ 'shop unknown': 1 });
  });
});

describe('instants', () => {
  test('are in seconds, under the configured name', () => {
    const of = snapshot({ targets: [{ ...shop(wellState()), name: 'renamed' }] });
    expect(seriesOf('expiration_timestamp_seconds', of)).toEqual({ renamed: (NOW + 100 * DAY) / 1000 });
    expect(seriesOf('renewal_timestamp_seconds', of)).toEqual({ renamed: (NOW + 40 * DAY) / 1000 });
    expect(seriesOf('last_success_timestamp_seconds', of)).toEqual({ renamed: (NOW - HOUR) / 1000 });
  });

  test.each([
    ['nothing is known of the target', undefined],
    ['nothing was ever read', aState({ deployed: null, renewalAt: null, lastSuccessAt: null })],
    ['the provider holds no secret', aState({ deployed: deployed({ expiresAt: null }), renewalAt: null })],
    [
      'the journal is damaged',
      wellState({
        deployed: deployed({ expiresAt: Number.NaN }),
        renewalAt: Number.NaN,
        lastSuccessAt: Number.POSITIVE_INFINITY,
      }),
    ],
  ])('are absent while %s; the counts are there', (_, state) => {
    const of = snapshot({ targets: [shop(state)] });
    for (const name of ['expiration', 'renewal', 'last_success'])
      expect(seriesOf(`${name}_timestamp_seconds`, of)).toEqual({});
    expect(seriesOf('consecutive_failures', of)).toEqual({ shop: 0 });
  });

  test('a target that left the configuration leaves nothing behind', () => {
    const left = GAUGES.flatMap(({ series }) => [...series(snapshot({ targets: [] }))]);
    expect(left.filter(({ labels }) => 'target' in labels)).toEqual([]);
  });
});

test('failures in a row are those of the journal', () => {
  const state = wellState({ state: 'failed', retry: { failures: 7, nextAttemptAt: NOW } });
  expect(seriesOf('consecutive_failures', snapshot({ targets: [shop(state)] }))).toEqual({ shop: 7 });
});

describe('stories', () => {
  const open = (severity: 'warning' | 'critical', change: Partial<Story> = {}): Story =>
    aStoryOf(aFinding('SecretExpiring', { expiresAt: NOW + DAY }, { severity }), change);

  test('are counted by severity while they are open, and every other series is 0', () => {
    const stories = [open('warning'), open('warning'), open('critical'), open('critical', { endedAt: NOW })];
    const series = openStories({ ...EMPTY_BOOK, stories });
    const found = series.filter(({ value }) => value !== 0);
    expect(found).toEqual([
      { labels: { cause: 'RenewalFailing', severity: 'warning' }, value: 2 },
      { labels: { cause: 'RenewalFailing', severity: 'critical' }, value: 1 },
    ]);
    expect(series).toContainEqual({ labels: { cause: 'SchedulerStalled', severity: 'critical' }, value: 0 });
  });
});

describe('the alert queue', () => {
  test.each<[string, number, number | null]>([
    ['empty', 0, null],
    ['with something in it', 90, NOW - 90 * SECOND],
    ['written by a clock that was ahead', 0, NOW + HOUR],
  ])('%s', (_, age, since) => {
    const waiting = { count: since === null ? 0 : 3, since };
    expect(oldestSeconds(waiting, NOW)).toBe(age);
    expect(seriesOf('alert_queue_oldest_seconds', snapshot({ waiting }))).toEqual({ '': age });
    expect(seriesOf('alert_queue_length', snapshot({ waiting }))).toEqual({ '': waiting.count });
  });
});

test('the clock of CloudBase, the journal and the version', () => {
  expect(seriesOf('clock_skew_seconds', snapshot())).toEqual({});
  expect(seriesOf('clock_skew_seconds', snapshot({ skewMs: -1500 }))).toEqual({ '': -1.5 });
  expect(seriesOf('journal_degraded', snapshot())).toEqual({ '': 0 });
  expect(seriesOf('journal_degraded', snapshot({ journalDegraded: true }))).toEqual({ '': 1 });
  expect(seriesOf('build_info', snapshot())).toEqual({ '1.2.3': 1 });
});
