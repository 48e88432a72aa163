// The schema of the journal in PostgreSQL: brought forward step by step, and shared by programs of two versions while an
// update rolls over the replicas. That it is made once is in test/system/replicas/, which has a server for several.
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { STEPS, type Step } from '../../../../src/adapters/journal/postgres/schema.ts';
import { aTarget, NOW } from '../../../support/journal.ts';
import { type Pglite, startPglite } from '../../../support/pglite.ts';
import { ownPostgresJournal } from '../../../support/postgres-journal.ts';

let server: Pglite;
let schemas = 0;
beforeAll(async () => {
  server = await startPglite();
  return () => server.close();
});

const KNOWN = STEPS.length;
const place = () => {
  schemas += 1;
  return { url: server.url(`s${schemas}`), schema: `s${schemas}` };
};
const newer = (least: Pick<Step, 'minReader' | 'minWriter'>, sql = 'ALTER TABLE %.targets ADD COLUMN later text') => [
  ...STEPS,
  { ...least, sql: (schema: string) => sql.replaceAll('%', schema) },
];
/** Adds what an older program does not see. */
const EXPANDED = newer({ minReader: 1, minWriter: 1 });
/** Takes away what an older program writes. */
const CONTRACTED = newer({ minReader: 1, minWriter: KNOWN + 1 });
const REPLACED = newer({ minReader: KNOWN + 1, minWriter: KNOWN + 1 });

const refused = {
  code: 'ERR_JOURNAL_NEWER',
  message: expect.stringContaining(`has schema ${KNOWN + 1}, this program knows schemas up to ${KNOWN}`),
};

async function rowOf(schema: string) {
  const client = new pg.Client(server.url(schema).replace(/\?.*/, ''));
  await client.connect();
  try {
    return (await client.query(`SELECT version, min_reader, min_writer FROM "${schema}".journal`)).rows;
  } finally {
    await client.end();
  }
}

describe('the schema', () => {
  test('says which programs may read and write it', async () => {
    const { url, schema } = place();
    await ownPostgresJournal(url);
    expect(await rowOf(schema)).toEqual([{ version: KNOWN, min_reader: 1, min_writer: 1 }]);
    await ownPostgresJournal(url, { steps: CONTRACTED });
    expect(await rowOf(schema)).toEqual([{ version: KNOWN + 1, min_reader: 1, min_writer: KNOWN + 1 }]);
  });

  test('stays as it was where a step fails', async () => {
    const { url, schema } = place();
    const journal = await ownPostgresJournal(url);
    await journal.commit({ target: aTarget() });
    const broken = newer({ minReader: 1, minWriter: 1 }, 'DELETE FROM %.targets; SELECT none FROM %.targets');
    await expect(ownPostgresJournal(url, { steps: broken })).rejects.toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE' });
    expect(await rowOf(schema)).toEqual([{ version: KNOWN, min_reader: 1, min_writer: 1 }]);
    expect(await journal.targets()).toEqual([aTarget()]);
  });
});

describe('during a rolling update', () => {
  test('a program one version older goes on beside the newer one, and may start again', async () => {
    const { url } = place();
    const old = await ownPostgresJournal(url);
    const next = await ownPostgresJournal(url, { steps: EXPANDED });
    await old.commit({ target: aTarget() });
    await next.commit({ target: aTarget({ lastPassAt: NOW }) });
    const again = await ownPostgresJournal(url);
    await again.commit({ target: aTarget({ name: 'b' }) });
    for (const journal of [old, next, again]) expect(await journal.targets()).toHaveLength(2);
  });

  test('an older program that may not write any more is refused with the reason, and may read', async () => {
    const { url } = place();
    const old = await ownPostgresJournal(url);
    await ownPostgresJournal(url, { steps: CONTRACTED });
    await expect(old.commit({ target: aTarget() })).rejects.toMatchObject(refused);
    await expect(ownPostgresJournal(url)).rejects.toMatchObject(refused);
    expect(await old.targets()).toEqual([]);
    expect(await (await ownPostgresJournal(url, { mode: 'read' })).targets()).toEqual([]);
  });

  test('an older program that may not read any more is refused with the reason', async () => {
    const { url } = place();
    const old = await ownPostgresJournal(url);
    await ownPostgresJournal(url, { steps: REPLACED });
    await expect(old.targets()).rejects.toMatchObject(refused);
    await expect(ownPostgresJournal(url, { mode: 'read' })).rejects.toMatchObject(refused);
  });

  test('a newer command that reads changes nothing, and says that the service comes first', async () => {
    const { url, schema } = place();
    await ownPostgresJournal(url);
    await expect(ownPostgresJournal(url, { mode: 'read', steps: EXPANDED })).rejects.toMatchObject({
      message: expect.stringContaining('has the schema of an older version'),
    });
    expect(await rowOf(schema)).toEqual([{ version: KNOWN, min_reader: 1, min_writer: 1 }]);
  });
});
