// The queues of passes in pg-boss: one for each configuration, for as long as a replica has it.
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createPassQueue } from '../../../src/adapters/queue/pg-boss.ts';
import type { PassQueue } from '../../../src/core/journal-ports.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { postgresPlace } from '../../support/postgres-journal.ts';
import { replicaPlace } from '../../support/replica-place.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const QUEUES = "SELECT name FROM rotator_passes.queue WHERE name LIKE 'passes-%' ORDER BY name";

test('a queue goes with what waits in it, and comes back when it is served again', async () => {
  const url = await server.database();
  const troubles: unknown[] = [];
  const queues = async () =>
    (await server.sql(QUEUES, url.slice(url.lastIndexOf('/') + 1))).map(({ name }) => String(name));
  const replica = (name: string): PassQueue => {
    const queue = createPassQueue({
      place: postgresPlace(url).postgres,
      replica: name,
      onTrouble: (thrown) => troubles.push(thrown),
    });
    onTestFinished(() => queue.close());
    return queue;
  };
  const made: string[] = [];
  const make = async ({ key }: { readonly key: string }) => made.push(key) > 0;
  const ask = (queue: PassQueue, key: string) => queue.ask([{ key, trigger: 'schedule', lane: 'lane', priority: 0 }]);
  const [old, current] = [replica('old'), replica('current')];
  await old.serve('old', async () => false);
  await current.serve('current', make);
  await ask(old, 'never made');
  expect(await queues()).toEqual(['passes-current', 'passes-old']);
  await current.keepOnly(['current', 'old']);
  expect(await queues()).toEqual(['passes-current', 'passes-old']);
  await old.close();
  expect(troubles).toEqual([]);
  await current.keepOnly(['current']);
  expect(await queues()).toEqual(['passes-current']);
  // Another replica may not have known of this one.
  await current.keepOnly([]);
  expect(await queues()).toEqual([]);
  await current.serve('current', make);
  await ask(current, 'made');
  await vi.waitFor(() => expect(made).toEqual(['made']), { timeout: 30_000 });
});

test('an update that changes the configuration leaves one queue', { timeout: 300_000 }, async () => {
  const place = await replicaPlace(server, { targets: 1, daysLeft: 170 });
  const old = await place.replicas(2);
  await place.ledBy(old);
  const names = async () => (await place.sql(QUEUES)).map(({ name }) => String(name));
  const [before] = await names();
  place.configure({ policy: { renewBefore: '50d' } });
  for (const program of old) {
    await place.replica();
    program.signal('SIGTERM');
    await program.exited;
  }
  await place.until('one queue is left, another one', async () => {
    const [first, ...others] = await names();
    return others.length === 0 && first !== undefined && first !== before;
  });
  const warnings = old.flatMap((program) => program.log().filter(({ event }) => event === 'warning'));
  expect(warnings).toEqual([]);
});
