// The HTTP interface of several replicas: a request gets the same answers from whichever it reaches.
import { beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import type { Program } from '../../support/program.ts';
import { replicaPlace } from '../../support/replica-place.ts';

const TOKEN = 'change-token-0123456789abcdef0123456789';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

function urlOf(program: Program): string {
  return String(program.log().find(({ event }) => event === 'daemon.started')?.['http']);
}

async function get(program: Program, path: string) {
  const response = await fetch(`${urlOf(program)}${path}`);
  return { status: response.status, text: await response.text() };
}

async function rotate(program: Program, name: string, key?: string) {
  const response = await fetch(`${urlOf(program)}/api/v1/targets/${name}/rotate`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, ...(key === undefined ? {} : { 'Idempotency-Key': key }) },
  });
  return { status: response.status, id: ((await response.json()) as { id?: string }).id };
}

test('any replica takes a request to rotate, and all know of it', { timeout: 300_000 }, async () => {
  const place = await replicaPlace(server, {
    targets: 2,
    daysLeft: 170,
    settings: { http: { port: 0, token: TOKEN } },
  });
  const [one, two] = await place.replicas(2);
  if (one === undefined || two === undefined) throw new Error('not started');
  const { program: leads } = await place.ledBy([one, two]);
  const follows = leads === one ? two : one;

  // At the same moment, of both: one begins.
  const both = await Promise.all([rotate(leads, 'app-0'), rotate(follows, 'app-0')]);
  const statuses = both.map(({ status }) => status).sort();
  expect(statuses[0]).toBe(202);
  expect([409, 429]).toContain(statuses[1]);
  await place.until('its row has ended', async () => (await place.rows()).every(({ outcome }) => outcome !== null));
  expect((await rotate(follows, 'app-0')).status).toBe(429);
  expect((await rotate(leads, 'app-0')).status).toBe(429);

  // One Idempotency-Key is one rotation, whoever is asked, and is of one target.
  const [first, second] = await Promise.all([rotate(leads, 'app-1', 'k-1'), rotate(follows, 'app-1', 'k-1')]);
  expect([first.status, second.status, second.id]).toEqual([202, 202, first.id]);
  expect((await rotate(follows, 'app-0', 'k-1')).status).toBe(422);
  await place.until('its row has ended', async () => (await place.rows()).every(({ outcome }) => outcome !== null));
  expect(place.writesByTarget()).toBe('1×2');

  // Each answers for itself; what concerns the fleet is shown by the one that leads.
  for (const program of [leads, follows]) {
    expect((await get(program, '/healthz')).status).toBe(200);
    expect((await get(program, '/readyz')).status).toBe(200);
  }
  const shown = await Promise.all([leads, follows].map((program) => get(program, '/metrics')));
  expect(shown.map(({ text }) => text.includes('apple_secret_expiration_timestamp_seconds'))).toEqual([true, false]);
  expect(shown.every(({ text }) => text.includes('apple_secret_last_turn_seconds'))).toBe(true);
});
