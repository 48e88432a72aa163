// Each replica, the one that leads and one that does not, is killed at every boundary of a pass, and one stands still
// between its last look and its write. Afterwards the target has been written once, of the frozen one once more.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import type { Program } from '../../support/program.ts';
import { type ReplicaPlace, replicaPlace } from '../../support/replica-place.ts';
import { hasReported, late, play, type Scene } from '../../support/replica-scene.ts';
import { aheadBy, removeShared } from '../clock/faketime.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;
type Action = 'GetProviders' | 'ModifyProvider' | 'token';
type Role = 'leader' | 'worker';

/** `maker` makes the pass of the only target; `heir` has another configuration until it joins. */
interface Cast {
  readonly place: ReplicaPlace;
  readonly maker: Program;
  readonly heir: Program;
  readonly joins: () => void;
}

/**
 * One replica alone leads, and its first pass fails. Then it makes the next one, or it has a clock by which it leaves
 * passes to the other one.
 */
async function cast(role: Role): Promise<Cast> {
  const place = await replicaPlace(server, { targets: 1 });
  const { faults, requests } = place.world;
  faults.add({ service: 'tcb', action: 'GetProviders', kind: 'error', code: 'InternalError' });
  const leads = await place.replica(role === 'leader' ? {} : aheadBy(600_000));
  if (role === 'worker') onTestFinished(() => removeShared(leads.pid));
  await place.until('the first pass has failed', () => place.isState('app-0', 'failed'));
  const maker = role === 'leader' ? leads : await place.replica();
  await place.until('they know of each other', () => knows(place, leads, maker));
  const file = join(place.folder, 'heir.yaml');
  const right = readFileSync(place.configFile, 'utf8');
  writeFileSync(file, stringify({ ...parse(right), schedule: { cron: '*/2 * * * *' } }));
  const heir = await place.replica({ ROTATOR_CONFIG: file });
  requests.clearLog();
  faults.clear();
  // Everything is checked at once.
  leads.signal('SIGHUP');
  return {
    place,
    maker,
    heir,
    joins() {
      writeFileSync(file, right);
      heir.signal('SIGHUP');
    },
  };
}

/** Whether one has reported, and with that read of the others, since the other one did for the first time. */
async function knows(place: ReplicaPlace, one: Program, other: Program): Promise<boolean> {
  const rows = await place.sql(
    `SELECT 1 FROM rotator.replicas a, rotator.replicas b
     WHERE a.name LIKE '%:${one.pid}' AND b.name LIKE '%:${other.pid}' AND (a.name = b.name OR a.seen_at > b.first_at)`,
  );
  return rows.length > 0;
}

/** The calls of a rotation: after each of these that arrives, or before it does, the process is gone. */
function killedAt(role: Role, action: Action, nth: number, arrives: boolean): readonly [string, Scene] {
  const what = `kill -9 of ${role} ${arrives ? 'after' : 'before'} ${action} ${nth}`;
  const scene: Scene = async (table) => {
    const { place, maker, joins } = await cast(role);
    const killed = Promise.withResolvers<number>();
    const service = action === 'token' ? 'apple' : 'tcb';
    let seen = 0;
    const end = place.world.requests.before(service, action, async () => {
      seen += 1;
      if (seen !== nth) return;
      if (!arrives) place.world.faults.add({ service, action, kind: 'reset-before', times: 1 });
      await place.kill(maker);
      joins();
      killed.resolve(place.calls());
    });
    const calls = await killed.promise;
    end();
    const ms = await place.until('somebody goes on', () => place.calls() > calls);
    await place.until('the rotation has ended', place.isAllDone);
    await table.add(what, ms, place);
    return [...(await place.lastingFaults()), ...late('going on', ms)];
  };
  return [what, scene];
}

/**
 * Its write is on the way, and arrives after another replica has taken over and written: the target has a second secret of
 * the same key, and the row of the first one is settled by what it finds.
 */
const frozenBeforeWrite: Scene = async (table) => {
  const { place, maker, heir, joins } = await cast('leader');
  const frozen = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const end = place.world.requests.before('tcb', 'ModifyProvider', async () => {
    end();
    maker.signal('SIGSTOP');
    frozen.resolve();
    await release.promise;
  });
  await frozen.promise;
  const began = performance.now();
  joins();
  await place.until('the other one has written', place.isAllDone);
  const ms = Math.round(performance.now() - began);
  const [first] = (await place.rows()).toReversed();
  release.resolve();
  await place.until('the first write has arrived', () => place.writesByTarget() === '2×1');
  maker.signal('SIGCONT');
  await place.until('it reports again', () => hasReported(place, maker));
  await place.until('what it wrote is recorded', async () =>
    (await place.rows()).some((row) => row.settles === first?.id),
  );
  await table.add('SIGSTOP between the last look and the write', ms, place);
  const keys = new Set((await place.rows()).map(({ keyId }) => keyId));
  return [
    ...(await place.lastingFaults({ mostWrites: 2 })),
    ...late('the takeover', ms),
    ...(keys.size === 1 ? [] : [`secrets of ${keys.size} keys`]),
    ...[maker, heir].flatMap((program) => (program.stdout().includes(first?.id ?? '-') ? [] : ['not in the log'])),
  ];
};

test('killed at each boundary of a rotation, or frozen before its write', { timeout: LONG }, () =>
  play(
    Object.fromEntries([
      ['frozen before its write', frozenBeforeWrite],
      ...(['leader', 'worker'] as const).flatMap((role) =>
        [true, false].flatMap((arrives) => [
          killedAt(role, 'GetProviders', 1, arrives),
          killedAt(role, 'token', 1, arrives),
          killedAt(role, 'token', 2, arrives),
          killedAt(role, 'GetProviders', 2, arrives),
          killedAt(role, 'ModifyProvider', 1, arrives),
          killedAt(role, 'GetProviders', 3, arrives),
        ]),
      ),
    ]),
  ),
);
