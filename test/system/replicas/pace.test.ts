// Apple is asked one question a second over all replicas: in the first sweep of a new fleet, and while all of them are
// cut off from the database, whose journal has the places.
import { beforeAll, onTestFinished, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { type ReplicaPlace, replicaPlace } from '../../support/replica-place.ts';
import { play, type Scene } from '../../support/replica-scene.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;
const REPLICAS = 3;
/** A window in which it makes little difference that a busy machine holds up a question for a moment. */
const WINDOW_MS = 10_000;
/** One a second, and a few that were held up. If each replica kept a pace of its own it were thirty. */
const MOST = 13;

/** How many questions Apple had within any window. */
function mostAsked(place: ReplicaPlace, windowMs: number): number {
  const asked = place.world.requests.log.filter(({ service }) => service === 'apple').map(({ at }) => at);
  return Math.max(0, ...asked.map((from) => asked.filter((at) => at >= from && at < from + windowMs).length));
}

async function tooMany(place: ReplicaPlace): Promise<string[]> {
  const most = mostAsked(place, WINDOW_MS);
  const asked = place.world.requests.log.filter(({ service }) => service === 'apple').map(({ at }) => at);
  const least = Math.min(...asked.slice(1).map((at, i) => at - (asked[i] ?? 0)));
  process.stdout.write(
    `${asked.length} questions to Apple, at most ${most} in ten seconds, ${least} ms apart at least\n`,
  );
  return [...(await place.lastingFaults()), ...(most > MOST ? [`${most} questions to Apple in ten seconds`] : [])];
}

const firstSweep: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 15 });
  await place.replicas(REPLICAS);
  const ms = await place.until('all are rotated', place.isAllDone);
  await table.add('the first sweep of three replicas', ms, place);
  return tooMany(place);
};

/** Every target is urgent, and none was read before. */
const cutOff: Scene = async (table) => {
  const own = await startPostgres();
  onTestFinished(() => own.end());
  const place = await replicaPlace(own, { targets: 12, daysLeft: 5 });
  const { faults } = place.world;
  faults.add({ service: 'tcb', action: 'GetProviders', kind: 'error', code: 'InternalError' });
  await place.replicas(REPLICAS);
  const isKnown = async (sql: string, count: number) => (await place.sql(sql)).length === count;
  await place.until('all passes have failed', () => isKnown('SELECT 1 FROM rotator.targets', place.names.length));
  await place.until('they know of each other', () =>
    isKnown(
      `SELECT 1 FROM rotator.replicas
       WHERE seen_at > (SELECT max(first_at) FROM rotator.replicas) AND seen_at > first_at + 9000`,
      REPLICAS,
    ),
  );
  place.world.requests.clearLog();
  await own.stop();
  faults.clear();
  const ms = await place.until('all are written', () => place.writesByTarget() === `1×${place.names.length}`);
  await own.start();
  const recorded = async () => (await place.rows()).filter(({ outcome }) => outcome === 'succeeded');
  await place.until('all is recorded', async () => (await recorded()).length === place.names.length);
  await table.add('three replicas without their database', ms, place);
  return tooMany(place);
};

test('one question a second', { timeout: LONG }, () => play({ firstSweep, cutOff }));
