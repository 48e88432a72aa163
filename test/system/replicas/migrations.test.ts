// The schema of the journal while several processes open it, and a daemon that a newer program leaves behind.
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { openPostgresDaemonJournal } from '../../../src/adapters/journal/postgres/journal.ts';
import { STEPS } from '../../../src/adapters/journal/postgres/schema.ts';
import { HandClock } from '../../support/clock.ts';
import { aTarget, NOW } from '../../support/journal.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { ownPostgresJournal, postgresPlace } from '../../support/postgres-journal.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

test('is made once by many that open it at the same time', async () => {
  const url = await server.database();
  const journals = await Promise.all(Array.from({ length: 12 }, () => ownPostgresJournal(url)));
  for (const [i, journal] of journals.entries()) await journal.commit({ target: aTarget({ name: `${i}` }) });
  expect(await journals[0]?.targets()).toHaveLength(12);
});

test('is brought forward once by many, beside one that writes', async () => {
  const url = await server.database();
  const old = await ownPostgresJournal(url);
  const steps = [
    ...STEPS,
    { minReader: 1, minWriter: 1, sql: (schema: string) => `ALTER TABLE ${schema}.targets ADD COLUMN later text` },
  ];
  const writes = Array.from({ length: 50 }, (_, i) => old.commit({ target: aTarget({ name: `${i}` }) }));
  const updated = await Promise.all(Array.from({ length: 6 }, () => ownPostgresJournal(url, { steps })));
  await Promise.all(writes);
  expect(await updated[0]?.targets()).toHaveLength(50);
});

test('a daemon that may not write any more goes on in memory with the reason, and is refused when it starts', async () => {
  const url = await server.database();
  const [clock, changes] = [new HandClock(NOW), [] as (string | undefined)[]];
  const options = { clock, process: 'daemon:old', onChange: (reason?: Error) => changes.push(reason?.message) };
  const journal = await openPostgresDaemonJournal(postgresPlace(url), options);
  onTestFinished(() => journal.close());
  await journal.commit({ target: aTarget() });
  const version = STEPS.length + 1;
  await ownPostgresJournal(url, { steps: [...STEPS, { minReader: 1, minWriter: version, sql: () => 'SELECT 1' }] });
  await journal.commit({ target: aTarget({ lastPassAt: NOW }) });
  expect(changes).toEqual([expect.stringContaining(`has schema ${version}, this program knows schemas up to`)]);
  expect(journal.degraded?.error.code).toBe('ERR_JOURNAL_NEWER');
  await expect(openPostgresDaemonJournal(postgresPlace(url), options)).rejects.toMatchObject({
    code: 'ERR_JOURNAL_NEWER',
  });
});
