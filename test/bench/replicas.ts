// What several processes over a journal in PostgreSQL do: passes a second, how soon another one leads when the one that
// leads is killed, and what the mode adds to memory. The server is Debian's, started for this figure.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { NoFigure } from './command.ts';
import { type Daemon, startDaemon } from './daemon-process.ts';
import { farAway, type Place } from './place.ts';
import { ONE, REPLICAS, replicasColumn } from './tables.ts';

/** So many lanes that none of them holds a pass up. */
const LANES = 50;
const LIMIT_MS = 120_000;
const POLL_MS = 50;

export async function replicas(place: Place, targets: number): Promise<void> {
  const server = await startPostgres();
  try {
    await memory(place, server);
    for (const count of REPLICAS) await passes(place, server, targets, count);
    await takeover(place, server);
  } finally {
    await server.end();
  }
}

/** The folder of a fleet whose journal is a new database, and its name. */
async function overDatabase(
  place: Place,
  server: PostgresServer,
  build: Place['options']['builds'][number],
  targets: number,
) {
  const url = await server.database();
  const fleet = { targets, lanes: targets === 1 ? 1 : LANES, cron: farAway() };
  const folder = place.fresh(build, 'replicas', fleet);
  const file = join(folder, 'rotator.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('sqlite:./journal.db', url));
  return { folder, database: url.slice(url.lastIndexOf('/') + 1) };
}

async function memory(place: Place, server: PostgresServer): Promise<void> {
  const { effort, note } = place.options;
  await place.forEach(['replica-memory'], ONE, async (build) => {
    const atRest = async (folder: string) => {
      const daemon = await startDaemon(build.main, folder);
      try {
        await daemon.pass(1);
        await sleep(effort.settle * 1_000);
        return daemon.memory().anonymousMb;
      } finally {
        await daemon.end();
      }
    };
    const own = await atRest(place.fresh(build, 'alone', { targets: 1, lanes: 1, cron: farAway() }));
    const { folder } = await overDatabase(place, server, build, 1);
    note('replica-memory', ONE, build, (await atRest(folder)) - own);
  });
}

/** From the first pass of the first sweep to the last one, over all processes. */
async function passes(place: Place, server: PostgresServer, targets: number, count: number): Promise<void> {
  const column = replicasColumn(count);
  await place.forEach(['replica-passes'], column, async (build) => {
    const { folder } = await overDatabase(place, server, build, targets);
    const daemons = await Promise.all(Array.from({ length: count }, () => startDaemon(build.main, folder)));
    try {
      const made = () => daemons.reduce((sum, daemon) => sum + daemon.used().passes, 0);
      await until(() => made() > 0);
      const [from, began] = [made(), performance.now()];
      await until(() => made() >= targets);
      const seconds = (performance.now() - began) / 1_000;
      place.options.note('replica-passes', column, build, (made() - from) / seconds);
    } finally {
      await Promise.all(daemons.map((daemon) => daemon.end()));
    }
  });
}

async function takeover(place: Place, server: PostgresServer): Promise<void> {
  const column = replicasColumn(2);
  await place.forEach(['replica-takeover'], column, async (build) => {
    const { folder, database } = await overDatabase(place, server, build, 1);
    const token = async () =>
      (await server.sql(`SELECT token FROM rotator.leases WHERE key = 'leader'`, database).catch(() => []))[0]?.[
        'token'
      ];
    const daemons: Daemon[] = [await startDaemon(build.main, folder)];
    try {
      await until(async () => (await token()) !== undefined);
      daemons.push(await startDaemon(build.main, folder));
      const before = await token();
      daemons[0]?.kill();
      const began = performance.now();
      await until(async () => (await token()) !== before);
      place.options.note('replica-takeover', column, build, (performance.now() - began) / 1_000);
    } finally {
      await Promise.all(daemons.map((daemon) => daemon.end()));
    }
  });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() >= deadline) throw new NoFigure(`nothing within ${LIMIT_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}
