// A journal that cannot be written silences nobody: the alert, the heartbeat and `/readyz` tell of it, an emergency is
// still rotated, what fails meanwhile is told from memory, and nothing is told twice when the journal is back.
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { type AlertPlace, alertPlace, alertsOf, lines, seen } from '../support/alert-place.ts';
import { type Program, runCommand } from '../support/program.ts';

const eventually = (look: () => Promise<void> | void) => vi.waitFor(look, { timeout: 60_000, interval: 100 });

/** Every second, so that passes fail often; nothing of Apple's, whose questions are a second apart. */
async function start() {
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

async function readyz(daemon: Program): Promise<number> {
  await daemon.waitFor(seen('daemon.started'));
  const url = lines(daemon, 'daemon.started')[0]?.['http'];
  return (await fetch(`${url}/readyz`)).status;
}

const open = async (place: AlertPlace) =>
  alertsOf(await place.run(['alerts', '--json'])).alerts.map(({ condition, target, channels }) => ({
    condition,
    target,
    channels,
  }));

/** What must hold while the daemon has no journal: it is told everywhere, and once. */
async function expectTold(place: AlertPlace, daemon: Program): Promise<void> {
  await eventually(() => expect(place.heard()).toEqual(['raised JournalUnwritable']));
  expect(place.items()).toMatchObject([{ severity: 'critical', code: 'ERR_JOURNAL_UNWRITABLE', target: null }]);
  await eventually(() => {
    expect(place.pings('alive').at(-1)).toBe('/fail the journal cannot be written');
    expect(place.pings('health').at(-1)).toBe('/fail JournalUnwritable');
  });
  expect(await readyz(daemon)).toBe(503);
}

/** An emergency is rotated, and then a failure is told once, however often it comes again. */
async function expectOnDuty(place: AlertPlace, daemon: Program): Promise<Buffer> {
  const rotated = lines(daemon, 'rotation.succeeded').length;
  const before = place.mint(5);
  place.place(before);
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('rotation.succeeded', rotated + 1));
  expect(place.secret()).not.toBe(before);
  const key = readFileSync(place.keyFile);
  rmSync(place.keyFile);
  await daemon.waitFor(seen('pass.failed', 1));
  await eventually(() => expect(place.heard()).toEqual(['raised JournalUnwritable', 'raised RotationFailing shop']));
  const failed = lines(daemon, 'pass.failed').length;
  await daemon.waitFor(seen('pass.failed', failed + 3));
  expect(place.heard()).toHaveLength(2);
  return key;
}

/** The journal is back: one all-clear, what is open is in it, and another life of the daemon says nothing anew. */
async function expectBack(place: Awaited<ReturnType<typeof start>>, daemon: Program, key: Buffer): Promise<void> {
  await eventually(() => expect(place.heard().slice(2)).toEqual(['cleared JournalUnwritable']));
  expect(lines(daemon, 'journal.degraded').map(({ degraded }) => degraded)).toEqual([true, false]);
  await eventually(() => {
    expect(place.pings('alive').at(-1)).toBe('ok');
    expect(place.pings('health').at(-1)).toBe('ok');
  });
  expect(await readyz(daemon)).toBe(200);
  expect(await open(place)).toEqual([
    { condition: 'RotationFailing', target: 'shop', channels: [{ name: 'ops', delivered: true }] },
  ]);
  const history = await place.run(['history', '--json']);
  expect(JSON.parse(history.stdout)).toMatchObject({ rotations: [{ outcome: 'succeeded', reason: 'RenewalDue' }] });
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);

  const next = place.daemon();
  await next.waitFor(seen('pass.failed', 3));
  expect(place.heard()).toHaveLength(3);
  writeFileSync(place.keyFile, key, { mode: 0o600 });
  await eventually(() => expect(place.heard().slice(3)).toEqual(['cleared RotationFailing shop']));
  expect(await open(place)).toEqual([]);
  next.signal('SIGTERM');
  expect((await next.exited).code).toBe(0);
  expect(place.heard()).toHaveLength(4);
}

test('under the running daemon: a disk that takes nothing more, and later does', async () => {
  const place = await start();
  const daemon = place.daemon();
  await daemon.waitFor(seen('pass.healthy'));
  expect(await readyz(daemon)).toBe(200);
  expect(place.heard()).toEqual([]);
  // To the daemon this is a full disk: every write to a file fails (EFBIG).
  const limit = (size: string) => runCommand('prlimit', ['--pid', String(daemon.pid), `--fsize=${size}`]);
  expect((await limit('0:unlimited')).code).toBe(0);
  await expectTold(place, daemon);
  const key = await expectOnDuty(place, daemon);
  expect((await limit('unlimited')).code).toBe(0);
  await expectBack(place, daemon, key);
}, 150_000);

test('before its start: the daemon starts without, and takes the journal up when it can be written', async () => {
  const place = await start();
  // A folder in the place of the journal: nobody, root included, can write that file.
  const inTheWay = [place.journalFile, `${place.journalFile}.lock`];
  for (const path of inTheWay) mkdirSync(path);
  const daemon = place.daemon();
  await expectTold(place, daemon);
  const key = await expectOnDuty(place, daemon);
  for (const path of inTheWay) rmdirSync(path);
  await expectBack(place, daemon, key);
}, 150_000);

test('a once that nobody watches tells each time that it has no journal', async () => {
  const place = await alertPlace({ daysLeft: 175, settings: { apple: { check: 'off' } } });
  place.configure({ heartbeat: { url: `${place.sandbox.url}/inbox/alive` } });
  mkdirSync(place.journalFile);
  for (const times of [1, 2]) {
    const { code, stderr } = await place.run(['once']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^sent an alert over ops: .*\nerror: .*ERR_JOURNAL_UNW/)]);
    expect(place.heard()).toEqual(Array.from({ length: times }, () => 'raised JournalUnwritable'));
  }
  expect(place.pings('alive')).toEqual(Array.from({ length: 2 }, () => '/fail the journal cannot be written'));
  rmdirSync(place.journalFile);
  expect((await place.run(['once'])).code).toBe(0);
  expect(place.heard()).toHaveLength(2);
  expect(place.pings('alive').at(-1)).toBe('ok');
}, 60_000);
