// The story of a journal that cannot be written, and of its end, in steps that tests share.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { type AlertPlace, alertPlace, alertsOf, lines, seen, whoOf } from './alert-place.ts';
import type { Program } from './program.ts';

const eventually = (look: () => Promise<void> | void) => vi.waitFor(look, { timeout: 180_000, interval: 100 });

/** Every second, so that passes fail often; nothing of Apple's, whose questions are a second apart. */
export async function start() {
  const place = await alertPlace({
    daysLeft: 175,
    settings: { apple: { check: 'off' }, schedule: { cron: '* * * * * *' } },
  });
  const { url } = place.sandbox;
  place.configure({
    // Five days left are an emergency, and here no alarm of their own.
    alerts: { expiry: { warning: '3d', critical: '1d' } },
    heartbeat: { url: `${url}/inbox/alive`, healthUrl: `${url}/inbox/health`, every: '10s' },
  });
  return { ...place, daemon: () => place.start(['run']) };
}

export async function readyz(daemon: Program): Promise<number> {
  await daemon.waitFor(seen('daemon.started'));
  const url = lines(daemon, 'daemon.started')[0]?.['http'];
  return (await fetch(`${url}/readyz`)).status;
}

const open = async (place: AlertPlace) =>
  alertsOf(await place.run(['alerts', '--json'])).alerts.map((row) => ({
    cause: row.cause,
    target: whoOf(row),
    channels: row['channels'],
  }));

/** What must hold while the daemon has no journal: it is told everywhere, and once. */
export async function expectTold(place: AlertPlace, daemon: Program): Promise<void> {
  await eventually(() => expect(place.heard()).toEqual(['raised JournalUnwritable']));
  expect(place.items()).toMatchObject([{ severity: 'warning', code: 'ERR_JOURNAL_UNWRITABLE', target: null }]);
  await eventually(() => expect(place.pings('alive').at(-1)).toBe('/fail the journal cannot be written'));
  expect(await readyz(daemon)).toBe(503);
}

/** An emergency is rotated, and then a failure is told once, however often it comes again. */
export async function expectOnDuty(place: AlertPlace, daemon: Program): Promise<Buffer> {
  const rotated = lines(daemon, 'rotation.succeeded').length;
  const before = place.mint(5);
  place.place(before);
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('rotation.succeeded', rotated + 1));
  expect(place.secret()).not.toBe(before);
  const key = readFileSync(place.keyFile);
  rmSync(place.keyFile);
  await daemon.waitFor(seen('pass.failed', 1));
  await eventually(() => expect(place.heard()).toEqual(['raised JournalUnwritable', 'raised KeyUnavailable shop']));
  const failed = lines(daemon, 'pass.failed').length;
  await daemon.waitFor(seen('pass.failed', failed + 3));
  expect(place.heard()).toHaveLength(2);
  return key;
}

/** The journal is back: one all-clear, what is open is in it, and another life of the daemon says nothing anew. */
export async function expectBack(
  place: Awaited<ReturnType<typeof start>>,
  daemon: Program,
  key: Buffer,
): Promise<void> {
  await eventually(() => expect(place.heard().slice(2)).toEqual(['cleared JournalUnwritable']));
  expect(lines(daemon, 'journal.degraded').map(({ degraded }) => degraded)).toEqual([true, false]);
  await eventually(() => {
    expect(place.pings('alive').at(-1)).toBe('ok');
    expect(place.pings('health').at(-1)).toBe('ok');
  });
  expect(await readyz(daemon)).toBe(200);
  expect(await open(place)).toEqual([
    {
      cause: 'KeyUnavailable',
      target: 'shop',
      channels: [{ name: 'ops', toldAt: expect.any(String), delivered: true }],
    },
  ]);
  const history = await place.run(['history', '--json']);
  expect(JSON.parse(history.stdout)).toMatchObject({ rotations: [{ outcome: 'succeeded', reason: 'RenewalDue' }] });
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);

  const next = place.daemon();
  await next.waitFor(seen('pass.failed', 3));
  expect(place.heard()).toHaveLength(3);
  writeFileSync(place.keyFile, key, { mode: 0o600 });
  await eventually(() => expect(place.heard().slice(3)).toEqual(['cleared KeyUnavailable shop']));
  expect(await open(place)).toEqual([]);
  next.signal('SIGTERM');
  expect((await next.exited).code).toBe(0);
  expect(place.heard()).toHaveLength(4);
}
