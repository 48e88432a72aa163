// Schema versions: a copy before, one transaction a step, the old version intact when a step fails, and a clear word
// over a journal of a newer program.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS, type Migration, migrate } from '../../../src/adapters/journal/migrations.ts';
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import { aFinding } from '../../support/alert-rows.ts';
import { aTarget, child, folder, MovableClock, ownJournal } from '../../support/journal.ts';

const clock = new MovableClock();
const addTable =
  (name: string): Migration =>
  (db) =>
    db.exec(`CREATE TABLE ${name} (a TEXT) STRICT`);
const failing: Migration = (db) => {
  db.exec('CREATE TABLE half_done (a TEXT) STRICT');
  throw new TypeError('the step failed');
};

const open = (path: string, migrations: readonly Migration[], mode: 'read' | 'write' = 'write') =>
  ownJournal(path, { clock, mode, migrations });

function inspect(path: string): { version: number; tables: string[] } {
  const db = new DatabaseSync(path, { readOnly: true });
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all();
  db.close();
  return { version, tables: tables.map(({ name }) => String(name)).sort() };
}

const OURS = [
  'alert_channels',
  'alert_memo',
  'alert_stories',
  'fleet',
  'leases',
  'paces',
  'processes',
  'rotations',
  'targets',
  'waiters',
];
const copies = (home: string): string[] => readdirSync(home).filter((name) => name.endsWith('.bak'));

test('a new journal is of the latest schema and has no copy beside it', async () => {
  const home = folder();
  await open(join(home, 'journal.db'), MIGRATIONS);
  expect(inspect(join(home, 'journal.db'))).toEqual({ version: MIGRATIONS.length, tables: OURS });
  expect(copies(home)).toEqual([]);
});

test('an older journal is copied, then migrated; nothing of it is lost', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const first = await open(path, MIGRATIONS);
  await first.commit({ target: aTarget() });
  await first.close();
  const second = await open(path, [...MIGRATIONS, addTable('b'), addTable('c')]);
  expect(await second.targets()).toEqual([aTarget()]);
  expect(inspect(path)).toEqual({ version: MIGRATIONS.length + 2, tables: [...OURS, 'b', 'c'].sort() });
  const copy = `journal.db.v${MIGRATIONS.length}-20261122T100000000Z.bak`;
  expect(copies(home)).toEqual([copy]);
  expect((statSync(join(home, copy)).mode & 0o777).toString(8)).toBe('600');
  expect(inspect(join(home, copy))).toEqual({ version: MIGRATIONS.length, tables: OURS });
  await second.close();
  expect(await (await open(join(home, copy), MIGRATIONS)).targets()).toEqual([aTarget()]);
});

/** A journal with the rows of version 0.1.0; test/e2e/upgrade.test.ts opens one that 0.1.0 has made. */
function secondSchemaAt(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  migrate(db, path, MIGRATIONS.slice(0, 2));
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

test('the conditions of schema 2 become stories, but for those that nobody would end any more', async () => {
  const path = join(folder(), 'journal.db');
  const db = secondSchemaAt(path);
  const finding = aFinding();
  const row = { finding, foundAt: 3, raisedAt: 4, toldAt: 5, told: { ops: 'storm/1', mail: finding.id } };
  const own = { ...finding, condition: 'ClockSkewed', id: 'ClockSkewed', facts: { skewMs: 75_000 }, target: null };
  const rows = [
    row,
    { ...row, finding: own, told: { ops: 'ClockSkewed' } },
    { ...row, finding: { ...finding, id: 'TargetRemoved/a', condition: 'TargetRemoved' } },
    { ...row, finding: { ...finding, id: 'CheckStale/held' }, raisedAt: null },
  ];
  for (const each of rows)
    db.prepare('INSERT INTO alert_conditions (id, document) VALUES (?, ?)').run(each.finding.id, JSON.stringify(each));
  const raised = { kind: 'condition', status: 'raised', since: 1, until: null, thread: 't', closes: [], finding };
  for (const [id, subject] of Object.entries({ raised, test: { kind: 'test' }, digest: { kind: 'digest' } }))
    db.prepare('INSERT INTO alert_deliveries (id, document) VALUES (?, ?)').run(
      id,
      JSON.stringify({ id, channel: 'mail', at: 6, subject }),
    );
  const channel = { name: 'mail', failures: 2, nextAttemptAt: 7, failingSince: 6, lastDeliveredAt: 5, error: null };
  db.prepare('INSERT INTO alert_channels (name, document) VALUES (?, ?)').run('mail', JSON.stringify(channel));
  const memo = { watchedSince: { shop: 1 }, digestAt: 2, grouping: { ops: 3 } };
  db.prepare('INSERT INTO alert_memo (seq, document) VALUES (1, ?)').run(JSON.stringify(memo));
  db.close();
  const warnings: unknown[] = [];
  const journal = await ownJournal(path, { warn: (reason) => warnings.push(reason) });
  const { stories, ...rest } = await journal.alertBook();
  expect(stories).toMatchObject([
    {
      id: finding.id.replace('RotationFailing', 'RenewalFailing'),
      cause: 'RenewalFailing',
      members: [{ finding, foundAt: 3 }],
      // Its message still waited for the other channel, which is told anew.
      told: { ops: { at: 5, thread: 'storm/1', over: false } },
    },
    { id: 'ClockSkewed', cause: 'ClockSkewed', endedAt: null },
  ]);
  expect(Object.keys(stories[0]?.told ?? {})).toEqual(['ops']);
  // What waited without a condition is not told any more, and each channel waits for its next digest.
  expect(rest).toEqual({ channels: [{ ...channel, digestAt: null }], memo: { watchedSince: { shop: 1 } } });
  expect(warnings).toEqual([]);
});

test('in a journal of schema 2 every target counts as written before all others', async () => {
  const path = join(folder(), 'journal.db');
  const db = secondSchemaAt(path);
  for (const row of [aTarget({ name: 'a' }), aTarget({ name: 'b' })])
    db.prepare('INSERT INTO targets VALUES (?, ?, ?)').run(row.key, row.name, JSON.stringify(row));
  db.close();
  const journal = await ownJournal(path, { clock });
  const { revision, states } = await journal.changedSince(undefined, 100);
  expect(states.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  await journal.commit({ target: aTarget({ name: 'b' }) });
  expect((await journal.changedSince(revision, 100)).states.map(({ name }) => name)).toEqual(['b']);
});

test('a damaged row of schema 2 does not stand in the way', async () => {
  const path = join(folder(), 'journal.db');
  const db = secondSchemaAt(path);
  db.prepare('INSERT INTO targets VALUES (?, ?, ?)').run('damaged', 'z', '[]');
  db.prepare('INSERT INTO fleet VALUES (1, ?)').run('{"apple": 7}');
  db.prepare("INSERT INTO alert_memo VALUES (1, '7')").run();
  db.close();
  const journal = await ownJournal(path, { clock });
  await journal.commit({ target: aTarget() });
  expect(await journal.target(aTarget().key)).toEqual(aTarget());
  await expect(journal.fleet()).rejects.toMatchObject({
    message: expect.stringMatching(/^journal \S+ is damaged: its fleet does not fit \(apple: /),
  });
  expect(await journal.alertBook()).toEqual(EMPTY_BOOK);
});

test('a step that fails leaves the schema and the rows of the step before it', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const first = await open(path, MIGRATIONS);
  await first.commit({ target: aTarget() });
  await first.close();
  await expect(open(path, [...MIGRATIONS, failing])).rejects.toThrow(new TypeError('the step failed'));
  expect(inspect(path)).toEqual({ version: MIGRATIONS.length, tables: OURS });
  clock.advance(1000);
  await expect(open(path, [...MIGRATIONS, addTable('b'), failing])).rejects.toThrow('the step failed');
  expect(inspect(path)).toEqual({ version: MIGRATIONS.length + 1, tables: [...OURS, 'b'].sort() });
  expect(copies(home)).toHaveLength(2);
  expect(await (await open(path, [...MIGRATIONS, addTable('b')])).targets()).toEqual([aTarget()]);
});

test('a new journal whose first step fails is begun anew', async () => {
  const path = join(folder(), 'journal.db');
  await expect(open(path, [failing])).rejects.toThrow('the step failed');
  expect(inspect(path)).toEqual({ version: 0, tables: [] });
  expect(await (await open(path, MIGRATIONS)).targets()).toEqual([]);
});

test('a newer journal is refused in both modes, naming the copy to restore', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const steps = [...MIGRATIONS, addTable('b'), addTable('c')];
  await (await open(path, MIGRATIONS)).close();
  await (await open(path, steps.slice(0, -1))).close();
  await (await open(path, steps)).close();
  const version = MIGRATIONS.length;
  const [older] = copies(home);
  for (const mode of ['read', 'write'] as const) {
    await expect(open(path, MIGRATIONS, mode)).rejects.toMatchObject({
      code: 'ERR_JOURNAL_NEWER',
      message: `journal ${path} has schema ${version + 2}, this program knows schemas up to ${version}`,
      hint: `Use the newer program again, or stop everything that uses this journal and restore the copy: rm -f ${path}-wal ${path}-shm && cp ${home}/${older} ${path}`,
    });
  }
  expect(older).toContain(`.v${version}-`);
});

test('a newer journal without a copy can only be moved away', async () => {
  const path = join(folder(), 'journal.db');
  await (await open(path, [...MIGRATIONS, addTable('b')])).close();
  await expect(open(path, MIGRATIONS)).rejects.toMatchObject({
    code: 'ERR_JOURNAL_NEWER',
    hint: 'Use the newer program again, or move the journal away, which loses history but no login.',
  });
});

test('a program that still runs while a newer one migrates writes nothing any more', async () => {
  const path = join(folder(), 'journal.db');
  const old = await open(path, MIGRATIONS);
  const fresh = await open(path, [...MIGRATIONS, addTable('b')]);
  await expect(old.commit({ target: aTarget() })).rejects.toMatchObject({ code: 'ERR_JOURNAL_NEWER' });
  expect(await fresh.targets()).toEqual([]);
});

test('an older journal is read as one of our schema, and its file is left as it is', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const first = await open(path, MIGRATIONS);
  await first.commit({ target: aTarget() });
  await first.close();
  const reader = await open(path, [...MIGRATIONS, addTable('b')], 'read');
  expect(await reader.targets()).toEqual([aTarget()]);
  await expect(reader.commit({ target: aTarget() })).rejects.toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE' });
  expect(inspect(path)).toEqual({ version: MIGRATIONS.length, tables: OURS });
  expect(copies(home)).toEqual([]);
});

test('processes that make one new journal at once all get it', async () => {
  const path = join(folder(), 'journal.db');
  const makers = Array.from({ length: 4 }, () => child('openMany', path, '40', '4'));
  for (const each of makers) await each.line();
  for (const each of makers) each.go();
  const ends = await Promise.all(makers.map((each) => each.end()));
  expect(ends.map(({ lines }) => lines)).toEqual(makers.map(() => ['done']));
  expect(inspect(`${path}.0`)).toEqual({ version: MIGRATIONS.length, tables: OURS });
});
