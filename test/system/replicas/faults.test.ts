// What may befall replicas: one is frozen, cut off from the database, has a wrong clock, or is replaced by another, and
// many are killed one after the other.
// Afterwards every target has been written once, no row is open, and the provider is whole.
import { beforeAll, onTestFinished, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import type { Program } from '../../support/program.ts';
import { replicaPlace } from '../../support/replica-place.ts';
import { hasReported, late, other, play, type Scene, WITHOUT_APPLE } from '../../support/replica-scene.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.ts';
import { aheadBy, removeShared } from '../clock/faketime.ts';
import { storm } from './storm.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;

/** The process stands still for 90 s, and wakes as if nothing had been. */
const frozenLeader: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 12, settings: WITHOUT_APPLE });
  const programs = await place.replicas(2);
  const { program: leads } = await place.ledBy(programs);
  await place.until('one is written', () => place.writes().length > 0);
  leads.signal('SIGSTOP');
  const beats = place.beats();
  const frozenAt = performance.now();
  const { ms } = await place.ledBy([other(programs, leads)]);
  await place.until('the heartbeat goes on', () => place.beats() > beats);
  await place.until('it is told of', () => [...place.raised().keys()].some((id) => id.endsWith(`:${leads.pid}`)));
  await place.until('all are rotated', place.isAllDone);
  await place.until('90 s are over', () => performance.now() - frozenAt > 90_000);
  leads.signal('SIGCONT');
  await place.until('it reports again', () => hasReported(place, leads));
  await table.add('SIGSTOP of the leader for 90 s', ms, place);
  return [...(await place.lastingFaults({ mostWrites: 2 })), ...late('the takeover', ms)];
};

/** It stands still with its write under way. */
const frozenWriter: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 1 });
  const programs = await place.replicas(2);
  const frozen = Promise.withResolvers<Program>();
  const end = place.world.requests.before('tcb', 'ModifyProvider', async () => {
    const writer = programs.find((each) => each.stdout().includes('rotation.started'));
    if (writer === undefined) return;
    writer.signal('SIGSTOP');
    frozen.resolve(writer);
  });
  const writer = await frozen.promise;
  end();
  const frozenAt = performance.now();
  const ms = await place.until('its row has ended elsewhere', place.isAllDone);
  await place.until('90 s are over', () => performance.now() - frozenAt > 90_000);
  writer.signal('SIGCONT');
  await place.until('it reports again', () => hasReported(place, writer));
  await table.add('SIGSTOP of a writer for 90 s', ms, place);
  return [...(await place.lastingFaults({ mostWrites: 2 })), ...late('the row', ms)];
};

/** The leader's way to the database fails for 70 s while a fleet is rotated. */
function cutOff(how: string, fail: (proxy: TcpProxy) => void): Scene {
  return async (table) => {
    const proxy = await tcpProxy(server.port);
    const place = await replicaPlace(server, { targets: 12, settings: WITHOUT_APPLE });
    const behind = await place.replica({ JOURNAL_URL: place.url.replace(`:${server.port}/`, `:${proxy.port}/`) });
    await place.ledBy([behind]);
    const second = await place.replica();
    await place.until('one is written', () => place.writes().length > 0);
    fail(proxy);
    const began = performance.now();
    const { ms } = await place.ledBy([second]);
    await place.until('all are rotated', place.isAllDone);
    await place.until('70 s are over', () => performance.now() - began > 70_000);
    proxy.pass();
    await place.until('it reports again', () => hasReported(place, behind));
    await place.until('no row is open', place.isAllDone);
    await table.add(`the leader's database ${how} for 70 s`, ms, place);
    return [...(await place.lastingFaults({ mostWrites: 2 })), ...late('the takeover', ms)];
  };
}

/** A database that is slow is not away: nothing is taken over. */
const slow: Scene = async (table) => {
  const proxy = await tcpProxy(server.port);
  const place = await replicaPlace(server, { targets: 8, settings: WITHOUT_APPLE });
  const env = { JOURNAL_URL: place.url.replace(`:${server.port}/`, `:${proxy.port}/`) };
  proxy.delay(25);
  await Promise.all([place.replica(env), place.replica(env)]);
  const ms = await place.until('all are rotated', place.isAllDone);
  await table.add('every answer of the database 50 ms late', ms, place);
  return await place.lastingFaults();
};

const clocksApart: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 8, settings: WITHOUT_APPLE });
  const [early, right] = await Promise.all([place.replica(aheadBy(600_000)), place.replica()]);
  onTestFinished(() => removeShared(early.pid));
  const ms = await place.until('all are rotated', place.isAllDone);
  await place.until('its clock is told', () => [...place.raised().keys()].some((id) => id.includes(`:${early.pid}`)));
  await table.add('clocks ten minutes apart', ms, place);
  const told = [...place.raised().keys()].filter((id) => id.includes(`:${right.pid}`));
  return [...(await place.lastingFaults()), ...told.map((id) => `told of the right clock: ${id}`)];
};

/** One after the other is stopped, and another one started in its place, while a fleet is rotated. */
const rolling: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 16, settings: WITHOUT_APPLE });
  const before = await place.replicas(2);
  let running = before;
  let longest = 0;
  await place.until('one is written', () => place.writes().length > 0);
  for (const program of before) {
    const next = await place.replica();
    program.signal('SIGTERM');
    await program.exited;
    running = [...running.filter((each) => each !== program), next];
    longest = Math.max(longest, (await place.ledBy(running)).ms);
  }
  await place.until('all are rotated', place.isAllDone);
  await table.add('rolling update: stopped and started one by one', longest, place);
  return [...(await place.lastingFaults()), ...late('a handover', longest)];
};

/**
 * The database is stopped for two minutes. What is due waits; what is urgent, and could not be written before, is written
 * by one of the two.
 */
const databaseAway: Scene = async (table) => {
  const own = await startPostgres();
  onTestFinished(() => own.end());
  const place = await replicaPlace(own, { targets: 4, settings: WITHOUT_APPLE });
  place.place(place.mint(5), 'app-0');
  const { faults } = place.world;
  faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'InternalError', times: 1_000 });
  await place.replicas(2);
  await place.until('what is urgent has failed', () => place.isState('app-0', 'failed'));
  // Both have followed the journal by then.
  const [{ at } = { at: 0 }] = await place.sql('SELECT max(seen_at)::float8 AS at FROM rotator.replicas');
  await place.until('both have reported twice', async () => {
    const rows = await place.sql(`SELECT 1 FROM rotator.replicas WHERE seen_at > ${Number(at)} + 10500`);
    return rows.length === 2;
  });
  await own.stop();
  faults.clear();
  const began = performance.now();
  const told = await place.until('it is told', () => place.raised().has('JournalUnwritable'));
  await place.until('two minutes are over', () => performance.now() - began > 120_000, 130_000);
  const meanwhile = place.writesByTarget();
  const urgent = place.stored.get('app-0')?.length;
  await own.start();
  const ms = await place.until('one leads again', async () => (await place.leader()) !== undefined);
  await place.until('it is told that this is over', () => place.cleared().has('JournalUnwritable'), 200_000);
  await table.add('the database stopped for two minutes', ms, place);
  return [
    ...(await place.lastingFaults()),
    ...late('the way back', ms),
    ...late('telling', told),
    ...(urgent === 1 && meanwhile === '0×3 1×1' ? [] : [`writes meanwhile: ${meanwhile}, ${urgent} of what is urgent`]),
  ];
};

test(
  'frozen, cut off, with a wrong clock, replaced, killed again and again, and without their database',
  { timeout: LONG },
  () =>
    play({
      storm: storm(server),
      databaseAway,
      frozenLeader,
      frozenWriter,
      hangs: cutOff('hangs', (proxy) => proxy.hang()),
      resets: cutOff('resets', (proxy) => proxy.cut()),
      slow,
      clocksApart,
      rolling,
    }),
);
