// What is told while replicas change: digests and heartbeats go on when the one that leads dies, and what concerns one
// replica is told as that replica's, until it is over.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { MINUTE } from '../../../src/core/time.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import type { Program } from '../../support/program.ts';
import { type ReplicaPlace, replicaPlace } from '../../support/replica-place.ts';
import { late, other, play, type Scene, WITHOUT_APPLE } from '../../support/replica-scene.ts';
import { aheadByFile, removeShared } from '../clock/faketime.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;

/** By its id, when each digest arrived. */
function digests(place: ReplicaPlace): Map<string, number[]> {
  const all = place.world.inbox.flatMap(({ at, body }) => {
    const { id, kind } = body as { readonly id?: string; readonly kind?: string };
    return kind === 'digest' && id !== undefined ? [{ id, at }] : [];
  });
  return new Map([...Map.groupBy(all, ({ id }) => id)].map(([id, each]) => [id, each.map(({ at }) => at)]));
}

/**
 * The one that leads is killed as its digest arrives, and the next one before a digest is due: the first one is sent again
 * with the same identity, the second one by the last replica.
 */
const digestsGoOn: Scene = async (table) => {
  const place = await replicaPlace(server, {
    ...{ targets: 1, daysLeft: 170, digest: '* * * * *', beatEvery: '10s' },
    settings: WITHOUT_APPLE,
  });
  const programs = await place.replicas(3);
  const { program: first } = await place.ledBy(programs);
  const interrupted = Promise.withResolvers<string>();
  const end = place.world.requests.before('inbox', 'ops', async ({ body }) => {
    const { id = '', kind } = body as { readonly id?: string; readonly kind?: string };
    if (kind !== 'digest') return;
    end();
    await place.kill(first);
    interrupted.resolve(id);
  });
  const id = await interrupted.promise;
  const goesOn = async (programs: readonly Program[]) => {
    const beats = place.beats();
    const { ms, program } = await place.ledBy(programs);
    await place.until('the heartbeat goes on', () => place.beats() > beats);
    return { ms, program };
  };
  const rest = programs.filter((each) => each !== first);
  const takeover = await goesOn(rest);
  // The next one, where that is due by then.
  await place.until('it is sent again', () => digests(place).get(id)?.length === 2 || digests(place).size > 1);
  // So late in a minute that nobody leads as the next one begins.
  await place.until('a minute is half over', () => Date.now() % MINUTE > 30_000 && Date.now() % MINUTE < 50_000);
  const tick = Math.ceil(Date.now() / MINUTE) * MINUTE;
  const known = new Set(digests(place).keys());
  await place.kill(takeover.program);
  const last = await goesOn([other(rest, takeover.program)]);
  const ledAt = Date.now();
  const news = () => [...digests(place)].find(([each]) => !known.has(each))?.[1][0];
  await place.until('what is due is sent', () => news() !== undefined);
  await table.add('kill -9 of the leader as it sends a digest', takeover.ms, place);
  await table.add('kill -9 of the leader before a digest is due', last.ms, place);
  const waited = ledAt < tick + MINUTE - 10_000 && (news() ?? 0) >= tick + MINUTE;
  return [
    ...late('the takeover', takeover.ms),
    ...late('the second takeover', last.ms),
    ...(waited ? ['the digest that was due was not sent'] : []),
    ...[...digests(place)].flatMap(([each, { length }]) =>
      length <= (each === id ? 2 : 1) ? [] : [`digest ${each} was sent ${length} times`],
    ),
  ];
};

/** Two replicas, each with a file of its own that it reads again at SIGHUP. */
async function twoFiles(place: ReplicaPlace, env: Readonly<Record<string, string>> = {}) {
  const file = join(place.folder, 'second.yaml');
  copyFileSync(place.configFile, file);
  const leads = await place.replica(env);
  await place.ledBy([leads]);
  const start = () => place.replica({ ROTATOR_CONFIG: file });
  return { leads, start, file, right: readFileSync(file, 'utf8') };
}

const ofReplica = (ids: ReadonlyMap<string, number>, cause: string, { pid }: Program) =>
  [...ids.keys()].some((id) => id.startsWith(cause) && id.endsWith(`:${pid}`));

const refused: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 1, daysLeft: 170, settings: WITHOUT_APPLE });
  const { leads, start, file, right } = await twoFiles(place);
  const second = await start();
  writeFileSync(file, right.replace('targets:', 'targest:'));
  second.signal('SIGHUP');
  const ms = await place.until('it is told', () => ofReplica(place.raised(), 'ConfigurationRejected', second));
  writeFileSync(file, right);
  second.signal('SIGHUP');
  await place.until('it is over', () => ofReplica(place.cleared(), 'ConfigurationRejected', second));
  await table.add('a configuration that one replica refuses', ms, place);
  return [
    ...late('telling', ms),
    ...(ofReplica(place.raised(), 'ConfigurationRejected', leads) ? ['it is told of the other one'] : []),
  ];
};

/** The second one lacks a target. Eleven minutes go by at once on the clock of the one that leads. */
const different: Scene = async (table) => {
  const place = await replicaPlace(server, { targets: 2, settings: WITHOUT_APPLE });
  const clock = join(place.folder, 'clock');
  writeFileSync(clock, '+0');
  const { leads, start, file, right } = await twoFiles(place, aheadByFile(clock));
  onTestFinished(() => removeShared(leads.pid));
  const { targets, ...rest } = parse(right) as { readonly targets: readonly unknown[] };
  writeFileSync(file, stringify({ ...rest, targets: targets.slice(0, 1) }));
  const second = await start();
  await place.until('all are rotated', place.isAllDone);
  const isFound = async () =>
    (await place.sql(`SELECT 1 FROM rotator.alert_memo WHERE document LIKE '%"lateSince":{"":%'`)).length > 0;
  await place.until('it is found', isFound);
  const early = place.raised().has('ReplicasDiffer');
  writeFileSync(clock, '+660');
  const ms = await place.until('it is told', () => place.raised().has('ReplicasDiffer'));
  const named = place.world.inbox.some(({ body }) => {
    const text = JSON.stringify(body);
    return text.includes('ReplicasDiffer') && text.includes(`:${second.pid}`);
  });
  const passes = second.log().filter(({ event }) => /^(?:pass|rotation)\./.test(event));
  writeFileSync(clock, '+0');
  writeFileSync(file, right);
  second.signal('SIGHUP');
  await place.until('it is over', () => place.cleared().has('ReplicasDiffer'));
  await table.add('replicas with different configurations', ms, place);
  return [
    ...(await place.lastingFaults()),
    ...(early ? ['it is told before ten minutes are over'] : []),
    ...(named ? [] : ['it is not told which replica differs']),
    ...(passes.length > 0 ? [`the second one made a pass: ${passes[0]?.event}`] : []),
  ];
};

test('what is told goes on, and of whom', { timeout: LONG }, () => play({ digestsGoOn, refused, different }));
