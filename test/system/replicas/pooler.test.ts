// Replicas behind PgBouncer in transaction mode: notifications of PostgreSQL get lost there, and nothing else.
import { beforeAll, expect, test } from 'vitest';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { replicaPlace } from '../../support/replica-place.ts';

let server: PostgresServer;
let pooler: Pgbouncer;
beforeAll(async () => {
  server = await startPostgres();
  pooler = await startPgbouncer(server);
  return async () => {
    await pooler.end();
    await server.end();
  };
});

test('two replicas rotate each target of a fleet once', { timeout: 300_000 }, async () => {
  const pooled = { ...server, database: async () => pooler.url(await server.database()) };
  const place = await replicaPlace(pooled, { targets: 12 });
  await place.replicas(2);
  await place.until('all are rotated', place.isAllDone);
  expect(await place.lastingFaults()).toEqual([]);
});
