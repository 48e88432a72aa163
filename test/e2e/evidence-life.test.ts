// Clocks, crashes, full disks and two processes on one journal, seen from outside: the program knows its own work, says
// nothing that a wrong clock made up, and is held up by nobody who is gone. Each test is a row of the table that began
// it: what the program once did wrong.
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { DAY } from '../../src/core/time.ts';
import { offsetSpan } from '../../src/core/timezone.ts';
import { lines, seen } from '../support/alert-place.ts';
import { evidencePlace, shownTargets } from '../support/evidence.ts';
import { shiftJournal } from '../support/journal-time.ts';

const UNASKED = { apple: { check: 'off' } };
const SECONDLY = { schedule: { cron: '* * * * * *' } };

test('a clock 200 days ahead at the start: nothing has expired, and there is one story, about the clock', async () => {
  let behind = 0;
  const names = ['a', 'b', 'c', 'd', 'e'];
  const place = await evidencePlace({
    targets: names.map((name) => ({ name })),
    daysLeft: 100,
    clock: { now: () => Date.now() - behind },
    settings: UNASKED,
  });
  expect((await place.run(['once'])).code).toBe(0);
  // The clock of the machine is set: everything else stays behind.
  behind = 200 * DAY;
  shiftJournal(place.journalFile, behind, { claims: true });
  for (const name of names) place.place(place.mint(100), name);

  const isUncompared = { state: 'unknown', evidence: [{ kind: 'clock', detail: 'never-compared' }] };
  const fault = place.world.faults.add({ service: 'tcb', kind: 'reset-before' });
  const unreachable = await place.run(['once', '--json']);
  expect(shownTargets(unreachable)).toMatchObject(names.map(() => ({ logins: isUncompared })));
  expect(place.told()).toEqual([]);

  place.world.faults.remove(fault);
  const compared = await place.run(['once', '--json']);
  expect([compared.code, shownTargets(compared)]).toMatchObject([0, names.map(() => ({ state: 'healthy' }))]);
  expect(place.told()).toEqual(['critical raised ClockSkewed']);
  expect(place.writes()).toEqual([]);
});

test('once --force beside a daemon that has just read: what it wrote is nobody else’s', async () => {
  const place = await evidencePlace({ daysLeft: 175, settings: { ...UNASKED, ...SECONDLY } });
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.healthy'));
  expect(await place.once('--force')).toMatchObject({ code: 0, state: 'rotated' });
  const print = fingerprint(String(place.secret()));
  // A pass that begins after the write sees it, although the reading that the daemon may use is not 30 s old.
  const passes = lines(daemon, 'pass.healthy').length;
  await daemon.waitFor(seen('pass.healthy', passes + 2));
  expect(lines(daemon, 'pass.healthy').at(-1)).toMatchObject({ fingerprint: print });
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy' });
  expect([place.told(), place.writes().length]).toEqual([[], 1]);
});

test('an urgent rotation while the journal could not be written, then a crash: known as ours', async () => {
  const place = await evidencePlace({ settings: { ...UNASKED, ...SECONDLY } });
  expect(await place.once()).toMatchObject({ code: 0, state: 'rotated' });
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.healthy'));
  // The next write finds another file, and then a folder, where the journal was.
  const away = `${place.journalFile}.away`;
  renameSync(place.journalFile, away);
  mkdirSync(place.journalFile);
  await daemon.waitFor(seen('journal.degraded'));
  place.place(place.mint(-1));
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('rotation.succeeded'));
  daemon.signal('SIGKILL');
  await daemon.exited;
  rmdirSync(place.journalFile);
  renameSync(away, place.journalFile);
  place.told();

  const next = place.start(['run']);
  await next.waitFor(seen('pass.healthy'));
  next.signal('SIGTERM');
  expect((await next.exited).code).toBe(0);
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', error: null });
  expect([place.told(), place.writes().length]).toEqual([[], 2]);
});

test('a killed once holds up nobody', async () => {
  const place = await evidencePlace({ settings: UNASKED });
  place.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'hang', times: 1 });
  const reading = Promise.withResolvers<void>();
  const stop = place.world.requests.before('tcb', 'GetProviders', () => reading.resolve());
  const killed = place.start(['once']);
  await reading.promise;
  stop();
  killed.signal('SIGKILL');
  await killed.exited;
  const next = await place.once();
  expect(next).toMatchObject({ code: 0, state: 'rotated', error: null });
});

test('a window that begins in the hour that daylight saving skips opens when that hour would have ended', async () => {
  const { zone, day, month, hour, sinceMs } = lastSkippedHour(Date.now());
  // Twice a year, and open from the last skipped hour on until after now; half a year before, it has closed again.
  const duration = `${Math.max(15, Math.ceil(sinceMs / DAY) + 5)}d`;
  const window = { cron: `30 ${hour} ${day} ${month},${((month + 5) % 12) + 1} *`, duration, timezone: zone };
  const policy = { renewBefore: '170d', window };
  const place = await evidencePlace({ daysLeft: 100, settings: { ...UNASKED, policy } });
  expect(await place.once()).toMatchObject({ code: 0, state: 'rotated', reason: 'RenewalDue' });
});

/** The last hour before `now` that a clock change skipped in one of these zones. */
function lastSkippedHour(now: number) {
  const zones = ['America/New_York', 'Africa/Cairo', 'America/Santiago', 'Australia/Sydney'];
  const changes = zones.map((zone) => {
    let { startMs, offsetMs } = offsetSpan(zone, now);
    for (let at = startMs - 1; ; at = startMs - 1) {
      const before = offsetSpan(zone, at);
      if (before.offsetMs < offsetMs) return { zone, at: startMs, skipped: new Date(startMs + before.offsetMs) };
      ({ startMs, offsetMs } = before);
    }
  });
  const { zone, at, skipped } = changes.reduce((one, other) => (other.at > one.at ? other : one));
  const [day, month, hour] = [skipped.getUTCDate(), skipped.getUTCMonth() + 1, skipped.getUTCHours()];
  return { zone, day, month, hour, sinceMs: now - at };
}
