// Passes handed out over real processes, on a real server. What befalls them is in faults.test.ts.
import { beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { replicaPlace } from '../../support/replica-place.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;

test('two replicas rotate each target of a fleet once, and both of them do', { timeout: LONG }, async () => {
  const place = await replicaPlace(server, { targets: 12 });
  const programs = await place.replicas(2);
  await place.until('all are rotated', place.isAllDone);
  expect(await place.lastingFaults()).toEqual([]);
  for (const program of programs) expect(program.stdout()).toContain('rotation.succeeded');
});
