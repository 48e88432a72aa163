// `once` beside a daemon, as real processes on one journal: they know of each other, share the pace of their calls, and a
// rotation of one is no surprise to the other.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ownWorkspace, type Program, type Workspace } from '../support/program.ts';

function rowsOf({ journalFile }: Workspace, sql: string) {
  const db = new DatabaseSync(journalFile, { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

const seen = (event: string) => (program: Program) => program.log().some((line) => line.event === event);

test('a `once` beside a daemon takes its places, rotates, and is gone when it ends', async () => {
  const place = await ownWorkspace({ daysLeft: 170 });
  const paces = () => rowsOf(place, 'SELECT name FROM paces ORDER BY name').map(({ name }) => String(name));
  const processes = () =>
    rowsOf(place, 'SELECT token, left_at FROM processes ORDER BY token').map(({ token, left_at }) => [
      String(token).split(':')[0],
      left_at === null ? 'is there' : 'has left',
    ]);
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.healthy'));
  expect([processes(), paces()]).toEqual([[['daemon', 'is there']], []]);
  const forced = await place.run(['once', '--force', '--json']);
  expect([forced.code, JSON.parse(forced.stdout).targets[0].state]).toEqual([0, 'rotated']);
  expect(processes()).toEqual([
    ['daemon', 'is there'],
    ['once', 'has left'],
  ]);
  expect(paces()).toEqual(['apple', expect.stringMatching(/^calls:profile default of /)]);
  expect(rowsOf(place, 'SELECT * FROM leases UNION ALL SELECT lane, token, until FROM waiters')).toEqual([]);
  daemon.signal('SIGTERM');
  await daemon.exited;
  expect(processes().map(([, is]) => is)).toEqual(['has left', 'has left']);
  expect(place.writes()).toHaveLength(1);
});

test('a `once` that was killed in the middle of its write leaves the target to the daemon at once', async () => {
  const place = await ownWorkspace({ settings: { apple: { check: 'off' } } });
  const pushing = Promise.withResolvers<void>();
  const arrives = Promise.withResolvers<void>();
  place.world.requests.before('tcb', 'ModifyProvider', () => {
    pushing.resolve();
    return arrives.promise;
  });
  const killed = place.start(['once']);
  await pushing.promise;
  killed.signal('SIGKILL');
  await killed.exited;
  arrives.resolve();
  const daemon = place.start(['run']);
  await daemon.waitFor((program) => seen('rotation.succeeded')(program) || seen('pass.failed')(program));
  expect(daemon.log().find(({ event }) => event === 'rotation.succeeded')).toMatchObject({ resumed: true });
  await daemon.waitFor(seen('pass.healthy'));
  expect(place.writes()).toHaveLength(1);
  expect(rowsOf(place, 'SELECT outcome FROM rotations')).toEqual([{ outcome: 'succeeded' }]);
});
