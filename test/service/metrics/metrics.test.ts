// The counters follow the events of the program, and a scrape is well-formed (test/system/monitoring asks promtool too).
import { describe, expect, test } from 'vitest';
import type { RotatorEvent } from '../../../src/core/events.ts';
import { OUTCOMES, REASONS } from '../../../src/core/reasons.ts';
import { createMetrics, type Metrics } from '../../../src/service/metrics/metrics.ts';
import { anEvent } from '../../support/events.ts';
import { turnsDuring } from '../../support/turns.ts';
import { busyMetrics, EVERYTHING, metricsByName, NOTHING } from './everything.ts';

const VERSION = '1.2.3';

function metricsAfter(...events: readonly RotatorEvent[]): Metrics {
  const metrics = createMetrics({ version: VERSION });
  for (const event of events) metrics.onEvent(event);
  return metrics;
}

/** The lines of the series whose names begin like this, without the prefix of all. */
async function lines(metrics: Metrics, name: string, snapshot = NOTHING): Promise<string[]> {
  const { text } = await metrics.text(snapshot);
  const found = text.split('\n').filter((line) => line.startsWith(`apple_secret_${name}`));
  return found.map((line) => line.slice('apple_secret_'.length));
}

/** How many passes were timed, by outcome, those of 0 left out. */
async function passes(metrics: Metrics): Promise<Record<string, number>> {
  const counts = await lines(metrics, 'pass_duration_seconds_count');
  const found = counts.map((line) => /\{outcome="(.+)"\} (\d+)$/.exec(line) ?? []);
  return Object.fromEntries(
    found.map(([, outcome, count]) => [outcome, Number(count)]).filter(([, count]) => count !== 0),
  );
}

const SAMPLE = /^(apple_secret_[a-z_]+)(?:\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (?:-?\d[\d.e+-]*|\+Inf|NaN)$/;

/** Prometheus' text format: of each metric its help, its type, then its samples and nothing else. */
function expectWellFormed(text: string): void {
  expect(text.endsWith('\n')).toBe(true);
  let helped = '';
  let declared = '';
  for (const line of text.split('\n').filter(Boolean)) {
    const [, word, name = ''] = /^# (HELP|TYPE) (apple_secret_[a-z_]+) \S/.exec(line) ?? [];
    if (word === 'HELP') helped = name;
    else if (word === 'TYPE') {
      expect(name).toBe(helped);
      declared = name;
    } else expect([line, SAMPLE.exec(line)?.[1]?.replace(/_(?:bucket|sum|count)$/, '')]).toEqual([line, declared]);
  }
}

describe('rotations', () => {
  test('are counted by target, outcome and reason', async () => {
    const metrics = metricsAfter(
      anEvent('rotation.succeeded'),
      anEvent('rotation.succeeded'),
      anEvent('rotation.rolled_back', { reason: 'KeyChanged' }),
      anEvent('rotation.succeeded', { target: 'blog' }),
    );
    expect(await lines(metrics, 'rotations_total')).toEqual([
      'rotations_total{target="shop",outcome="succeeded",reason="RenewalDue"} 2',
      'rotations_total{target="shop",outcome="rolled-back",reason="KeyChanged"} 1',
      'rotations_total{target="blog",outcome="succeeded",reason="RenewalDue"} 1',
    ]);
  });

  test('have every outcome and reason of the vocabulary as labels', async () => {
    const ends = [
      'rotation.succeeded',
      'rotation.unverified',
      'rotation.rolled_back',
      'rotation.blocked',
      'rotation.failed',
    ] as const;
    const events = ends.flatMap((name) => REASONS.map((reason) => anEvent(name, { reason })));
    expect(await lines(metricsAfter(...events), 'rotations_total')).toEqual(
      OUTCOMES.flatMap((outcome) =>
        REASONS.map((reason) => `rotations_total{target="shop",outcome="${outcome}",reason="${reason}"} 1`),
      ),
    );
  });
});

describe('the duration of passes', () => {
  test('is in seconds, by how they ended', async () => {
    const metrics = metricsAfter(
      anEvent('pass.healthy'),
      anEvent('pass.deferred'),
      anEvent('pass.pending'),
      anEvent('pass.failed'),
      anEvent('rotation.succeeded'),
      anEvent('rotation.unverified'),
      anEvent('rotation.rolled_back'),
      anEvent('rotation.blocked'),
      anEvent('rotation.failed'),
    );
    expect(await passes(metrics)).toEqual({
      healthy: 1,
      deferred: 1,
      pending: 1,
      failed: 2,
      succeeded: 1,
      unverified: 1,
      'rolled-back': 1,
      blocked: 1,
    });
    expect(await lines(metrics, 'pass_duration_seconds_sum{outcome="succeeded"}')).toEqual([
      'pass_duration_seconds_sum{outcome="succeeded"} 1.5',
    ]);
    expect(await lines(metrics, 'pass_duration_seconds_bucket{le="1",outcome="succeeded"}')).toEqual([
      'pass_duration_seconds_bucket{le="1",outcome="succeeded"} 0',
    ]);
    expect(await lines(metrics, 'pass_duration_seconds_bucket{le="2.5",outcome="succeeded"}')).toEqual([
      'pass_duration_seconds_bucket{le="2.5",outcome="succeeded"} 1',
    ]);
  });

  test('is counted once for each pass: a row that an earlier life left open counts as a rotation, and the pass goes on', async () => {
    const metrics = metricsAfter(
      anEvent('rotation.failed', { resumed: true, durationMs: null }),
      anEvent('rotation.succeeded'),
    );
    expect(await passes(metrics)).toEqual({ succeeded: 1 });
    expect(await lines(metrics, 'rotations_total')).toHaveLength(2);
  });

  test('is counted once for each pass: one that was requested, blocked and deferred', async () => {
    const metrics = metricsAfter(anEvent('rotation.blocked'), anEvent('pass.deferred', { rotationId: 'row' }));
    expect(await passes(metrics)).toEqual({ blocked: 1 });
  });

  test('is left out if it was not measured', async () => {
    expect(await passes(metricsAfter(anEvent('pass.failed', { durationMs: null })))).toEqual({});
  });
});

test('calls are counted by action and code, Apple by verdict', async () => {
  const metrics = createMetrics({ version: VERSION });
  metrics.tencentRequest({ action: 'GetProviders', code: 'OK' });
  metrics.tencentRequest({ action: 'GetProviders', code: 'OK' });
  metrics.tencentRequest({ action: 'GetProviders', code: 'HTTP_503' });
  metrics.tencentRequest({ action: 'ModifyProvider', code: 'UnauthorizedOperation' });
  metrics.tencentRequest({ action: 'ModifyProvider', code: 'what "is" this\n' });
  metrics.appleAnswer('accepted');
  expect(await lines(metrics, 'cloudbase_requests_total')).toEqual([
    'cloudbase_requests_total{action="GetProviders",code="OK"} 2',
    'cloudbase_requests_total{action="GetProviders",code="HTTP_503"} 1',
    'cloudbase_requests_total{action="ModifyProvider",code="UnauthorizedOperation"} 1',
    'cloudbase_requests_total{action="ModifyProvider",code="OTHER"} 1',
  ]);
  expect(await lines(metrics, 'apple_requests_total')).toEqual([
    'apple_requests_total{verdict="accepted"} 1',
    'apple_requests_total{verdict="rejected"} 0',
    'apple_requests_total{verdict="unknown"} 0',
  ]);
});

test('messages are counted by channel and what came of them', async () => {
  const metrics = metricsAfter(
    anEvent('alert.sent'),
    anEvent('alert.failed'),
    anEvent('alert.failed'),
    anEvent('alert.sent', { channel: 'mail' }),
  );
  expect(await lines(metrics, 'alerts_total')).toEqual([
    'alerts_total{channel="ops",outcome="sent"} 1',
    'alerts_total{channel="ops",outcome="failed"} 2',
    'alerts_total{channel="mail",outcome="sent"} 1',
  ]);
});

test('an event that says nothing countable changes nothing', async () => {
  const before = (await metricsAfter().text(NOTHING)).text;
  const others = ['daemon.started', 'rotation.started', 'rotation.step', 'warning'] as const;
  expect((await metricsAfter(...others.map((name) => anEvent(name))).text(NOTHING)).text).toBe(before);
});

describe('the text', () => {
  test('names exactly the metrics of the contract', async () => {
    const found = await metricsByName();
    const listed = [...found].map(([name, { type, labels }]) =>
      `${name} ${type} ${[...labels].sort().join(' ')}`.trim(),
    );
    expect(listed.sort()).toEqual([
      'apple_secret_alert_queue_length gauge',
      'apple_secret_alert_queue_oldest_seconds gauge',
      'apple_secret_alerts_total counter channel outcome',
      'apple_secret_apple_requests_total counter verdict',
      'apple_secret_build_info gauge version',
      'apple_secret_clock_skew_seconds gauge',
      'apple_secret_cloudbase_requests_total counter action code',
      'apple_secret_consecutive_failures gauge target',
      'apple_secret_expiration_timestamp_seconds gauge target',
      'apple_secret_journal_degraded gauge',
      'apple_secret_last_success_timestamp_seconds gauge target',
      'apple_secret_last_turn_seconds gauge',
      'apple_secret_logins gauge state target',
      'apple_secret_pass_duration_seconds histogram le outcome',
      'apple_secret_ready gauge target',
      'apple_secret_renewal_timestamp_seconds gauge target',
      'apple_secret_rotations_total counter outcome reason target',
      'apple_secret_stories gauge cause severity',
    ]);
  });

  test('begins at 0 with what is known before anything happened, and invents nothing', async () => {
    const metrics = metricsAfter();
    expect(await lines(metrics, 'clock_skew_seconds')).toEqual([]);
    expect(await lines(metrics, 'expiration_timestamp_seconds')).toEqual([]);
    expect(await lines(metrics, 'build_info')).toEqual(['build_info{version="1.2.3"} 1']);
    expect(await lines(metrics, 'pass_duration_seconds_count')).toHaveLength(8);
  });

  test('shows each scrape as of its own moment, also two at once', async () => {
    const metrics = metricsAfter();
    const [first, second] = await Promise.all([metrics.text(EVERYTHING), metrics.text(NOTHING)]);
    expect(first.text).toContain('apple_secret_ready{target="shop"} 1');
    expect(second.text).not.toContain('target="shop"');
    expect(second.text).toContain('apple_secret_journal_degraded 0');
  });

  test('of ten thousand targets lets others have their turn', async () => {
    const targets = Array.from({ length: 10_000 }, (_, i) => ({ name: `t${i}`, reading: undefined }));
    expect(await turnsDuring(() => metricsAfter().text({ ...NOTHING, targets }))).toBeGreaterThan(100);
  });

  test('is escaped, whatever a target or channel is called', async () => {
    const name = 'a"b\\c\nd';
    const metrics = metricsAfter(anEvent('alert.sent', { channel: name }));
    const { text } = await metrics.text({ ...NOTHING, targets: [{ name, reading: undefined }] });
    expect(text).toContain('apple_secret_ready{target="a\\"b\\\\c\\nd"} 0');
    expectWellFormed(text);
  });

  test.each([
    ['before anything happened', metricsAfter, NOTHING],
    ['with something in every metric', busyMetrics, EVERYTHING],
  ] as const)('is well-formed %s', async (_, metrics, snapshot) => {
    const { text, contentType } = await metrics().text(snapshot);
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expectWellFormed(text);
  });
});
