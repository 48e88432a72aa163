// A rolling update to a version whose program knows a newer schema: its bundle is that of these tests with one more step.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { folder } from '../../support/journal.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { MAIN, type Program } from '../../support/program.ts';
import { replicaPlace } from '../../support/replica-place.ts';
import { WITHOUT_APPLE } from '../../support/replica-scene.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

const LONG = 900_000;

/** The end of the list of steps in the bundle. */
const STEPS_END = /,minReader:1,minWriter:1\}\]/;

/** The program of the next version, whose step lets programs of this version write, or not. */
function nextVersion(minWriter: 1 | 2): string {
  const next = folder();
  cpSync(join(MAIN, '..'), next, { recursive: true });
  const step = `,minReader:1,minWriter:1},{sql:(s)=>"ALTER TABLE "+s+".targets ADD COLUMN later text",minReader:1,minWriter:${minWriter}}]`;
  const chunks = readdirSync(next, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  const found = chunks.filter((name) => STEPS_END.test(readFileSync(join(next, name), 'utf8')));
  expect(found).toHaveLength(1);
  for (const name of found) {
    const path = join(next, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace(STEPS_END, step));
  }
  return join(next, 'main.js');
}

/** What `/readyz` answers. */
async function readiness(program: Program): Promise<{ readonly status: number; readonly text: string }> {
  const started = program.log().find(({ event }) => event === 'daemon.started' || event === 'start.refused');
  const response = await fetch(`${String(started?.['http'])}/readyz`);
  return { status: response.status, text: await response.text() };
}

const VERSION = 'SELECT version FROM rotator.journal';

test('beside a newer program the older ones go on, until they are replaced one by one', { timeout: LONG }, async () => {
  const place = await replicaPlace(server, { targets: 8, daysLeft: 170, settings: WITHOUT_APPLE });
  const old = await place.replicas(2);
  const newer = nextVersion(1);
  const first = await place.replica({}, newer);
  expect(await place.sql(VERSION)).toEqual([{ version: 2 }]);
  // The older ones alone, with the newer schema.
  first.signal('SIGTERM');
  await first.exited;
  const makeDue = (names: readonly string[]) => {
    for (const name of names) place.place(place.mint(30), name);
    for (const program of old) program.signal('SIGHUP');
  };
  const isWritten = (names: readonly string[]) => names.every((name) => place.stored.get(name)?.length === 1);
  const [some, rest] = [place.names.slice(0, 4), place.names.slice(4)];
  makeDue(some);
  await place.until('the older ones have rotated', () => isWritten(some));
  makeDue(rest);
  for (const program of old) {
    const next = await place.replica({}, newer);
    program.signal('SIGTERM');
    expect(await program.exited).toMatchObject({ code: 0 });
    next.signal('SIGHUP');
  }
  await place.until('all are rotated', place.isAllDone);
  expect(await place.lastingFaults()).toEqual([]);
  for (const program of old) expect(program.stdout()).not.toContain('journal.degraded');
});

test('an older program that may not write any more stops, and says why', { timeout: LONG }, async () => {
  const place = await replicaPlace(server, { targets: 2, daysLeft: 170, settings: WITHOUT_APPLE });
  const old = await place.replica();
  await place.ledBy([old]);
  const newer = await place.replica({}, nextVersion(2));
  await old.waitFor(/"journal.degraded".*ERR_JOURNAL_NEWER.*/);
  await place.ledBy([newer]);
  for (const name of place.names) place.place(place.mint(30), name);
  newer.signal('SIGHUP');
  await place.until('the newer one has rotated', place.isAllDone);
  expect(await place.lastingFaults()).toEqual([]);
  expect(old.stdout()).not.toContain('rotation.started');
  const { status, text } = await readiness(old);
  expect(status).toBe(503);
  expect(text).toContain('ERR_JOURNAL_NEWER');
  // One that is started now waits for its update.
  const late = place.start(['run'], { env: { JOURNAL_URL: place.url } });
  expect(await late.waitFor(/"start.refused".*/)).toContain('ERR_JOURNAL_NEWER');
  expect((await readiness(newer)).status).toBe(200);
});
