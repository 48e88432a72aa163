// When the alerts look: after a sweep, and at once for what cannot wait for one; never for each result.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { parseCron } from '../../src/core/cron.ts';
import type { EventName, RotatorEvent } from '../../src/core/events.ts';
import type { Reason } from '../../src/core/reasons.ts';
import { MINUTE } from '../../src/core/time.ts';
import { createAlerting, digestDelayMs, digestTick, voiceOf } from '../../src/service/wire-alerts.ts';
import { aWatched } from '../support/alert-facts.ts';
import { HandClock } from '../support/clock.ts';
import { EVENTS } from '../support/events.ts';
import { LANE } from '../support/fleet.ts';
import { ownJournal } from '../support/journal.ts';

const SHOP = { key: 'https://tcb.tencentcloudapi.com|shop-1|apple', name: 'shop', envId: 'shop-1' };

async function startAlerting(alerts = 'none: accepted') {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  const file = join(folder, 'rotator.yaml');
  writeFileSync(
    file,
    `alerts: { ${alerts}, digest: off }\ntargets: [{ name: shop, envId: shop-1, key: { from: file, path: k.p8 } }]\n`,
  );
  const { config } = await loadConfig({ file, env: {}, mode: 'strict' });
  const clock = new HandClock();
  const journal = await ownJournal();
  const target = aWatched(SHOP);
  let looks = 0;
  const alerting = createAlerting(
    {
      config,
      journal: {
        ...journal,
        updateAlerts: (change) => {
          looks += 1;
          return journal.updateAlerts(change);
        },
      },
      facts: () => ({
        configured: new Map([[SHOP.key, { target, expiry: target.expiry, tools: { provider: { lane: LANE } } }]]),
        disabled: [],
        degraded: undefined,
        skewMs: undefined,
        since: clock.now(),
        configurationRejected: null,
        scheduler: undefined,
        replicas: null,
        isSweeping: false,
      }),
    },
    { clock, env: {}, emit: () => undefined, newId: () => 'id', version: '1.2.3', leaseHolder: 'test:' },
  );
  const running = alerting.alerter.run(0);
  onTestFinished(async () => {
    alerting.alerter.stop();
    await clock.advance(MINUTE);
    await running;
    rmSync(folder, { recursive: true });
  });
  await clock.advance(2_000);
  return {
    clock,
    alerting,
    journal,
    /** How many looks have come since this was asked last. */
    looks: () => {
      const found = looks;
      looks = 0;
      return found;
    },
  };
}

const sample = (event: EventName) => ({ event, ...EVENTS[event] }) as RotatorEvent;

test('results of passes call for none; the end of their sweep calls for one', async () => {
  const { clock, alerting, looks } = await startAlerting();
  expect(looks()).toBe(1);
  for (let target = 0; target < 100; target += 1) {
    for (const event of ['pass.healthy', 'pass.failed', 'rotation.failed', 'rotation.succeeded'] as const)
      alerting.onEvent(sample(event));
  }
  await clock.advance(2_000);
  expect(looks()).toBe(0);
  alerting.alerter.rouse();
  await clock.advance(0);
  expect(looks()).toBe(1);
});

test.each<EventName>(['journal.degraded', 'config.rejected', 'config.reloaded'])(
  '%s calls for one at once',
  async (event) => {
    const { clock, alerting, looks } = await startAlerting();
    looks();
    alerting.onEvent(sample(event));
    await clock.advance(0);
    expect(looks()).toBe(1);
  },
);

test.each<[reason: Reason, told: string | undefined]>([
  ['RejectedByApple', 'rejected'],
  ['SecretExpired', 'expired'],
  ['SecretInvalid', 'damaged'],
  ['RenewalDue', undefined],
])('of a rotation for %s is told that logins failed because it was %s', async (reason, detail) => {
  const { alerting, journal, clock } = await startAlerting(
    'channels: [{ name: ops, type: webhook, url: "https://127.0.0.1:1/" }]',
  );
  const previousExpiresAt = clock.now() - MINUTE;
  const event = { ...EVENTS['rotation.succeeded'], target: 'shop', envId: 'shop-1', reason, previousExpiresAt };
  alerting.onEvent({ event: 'rotation.succeeded', ...event } as RotatorEvent);
  const since = detail === 'expired' ? previousExpiresAt : clock.now();
  const finding = { target: { name: 'shop', envId: 'shop-1' }, facts: { detail, expiresAt: previousExpiresAt } };
  const { rotationId: id, proof, settles } = event;
  const rotation = { id, reason, proof, settles };
  const story = { cause: 'LoginsFail', since, endedAt: clock.now(), members: [{ finding }], told: {}, rotation };
  expect((await journal.alertBook()).stories).toMatchObject(detail === undefined ? [] : [story]);
});

test.each([
  ['alerts.timezone', 'alerts: { none: accepted, timezone: Asia/Shanghai }', 'Asia/Shanghai'],
  ['else schedule.timezone', 'alerts: { none: accepted }', 'Europe/Berlin'],
])('messages are in %s', async (_, alerts, timezone) => {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rotator.yaml');
  const target = '{ name: shop, envId: shop-1, key: { from: file, path: k.p8 } }';
  writeFileSync(file, `${alerts}\nschedule: { timezone: Europe/Berlin }\ntargets: [${target}]\n`);
  const { config } = await loadConfig({ file, env: {}, mode: 'strict' });
  expect(voiceOf(config, '1.2.3').timezone).toBe(timezone);
});

describe('a digest leaves the full and half hour', () => {
  const MONDAY = Date.UTC(2026, 10, 23, 9);
  const tick = (cron: string, now: number) => digestTick(parseCron(cron, 'UTC'), 7 * MINUTE, now);

  test('by the same few minutes every week, which depend on the instance', () => {
    const names = Array.from({ length: 200 }, (_, index) => `rotator-${index}`);
    const delays = names.map((name) => digestDelayMs(name) / MINUTE);
    expect(digestDelayMs('prod-rotator')).toBe(digestDelayMs('prod-rotator'));
    expect([...new Set(delays)].sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  test.each([
    ['a moment before its delay, that of last week is the last', '0 9 * * 1', 7 * MINUTE - 1, -7 * 24 * 60 * MINUTE],
    ['with its delay it is due', '0 9 * * 1', 7 * MINUTE, 0],
    ['at the half hour too', '30 8 * * 1', -23 * MINUTE - 1, -7 * 24 * 60 * MINUTE - 30 * MINUTE],
    ['and then it is due', '30 8 * * 1', -23 * MINUTE, -30 * MINUTE],
    ['any other minute is kept', '55 8 * * 1', -5 * MINUTE, -5 * MINUTE],
    ['each minute: only the full hour waits', '* * * * *', 0, -MINUTE],
    ['and the next minute goes on', '* * * * *', MINUTE, MINUTE],
  ])('%s', (_, cron, after, expected) => {
    expect(tick(cron, MONDAY + after)).toBe(MONDAY + expected);
  });
});
