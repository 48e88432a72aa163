// Schema versions: a copy before, one transaction a step, the old version intact when a step fails, and a clear word
// over a journal of a newer program.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { MIGRATIONS, type Migration, migrate } from '../../../src/adapters/journal/migrations.ts';
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import type { Rotation } from '../../../src/core/records.ts';
import { aRotation, aTarget, child, finished, folder, MovableClock, NOW, ownJournal } from '../../support/journal.ts';

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
  'alert_conditions',
  'alert_deliveries',
  'alert_memo',
  'fleet',
  'leases',
  'rotations',
  'targets',
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

/** A journal as the first released schema kept it: made by its step alone, with rows that lack what came later. */
function firstSchemaAt(path: string, damage: { readonly apple?: unknown } = {}): Rotation {
  const db = new DatabaseSync(path);
  migrate(db, path, MIGRATIONS.slice(0, 1));
  const { dueSince: _due, appleAsked: _asked, ...target } = aTarget();
  const apple = {
    'https://appleid.apple.com/auth/token': { controlAskedAt: NOW, controlRejectedAt: NOW, oursAcceptedAt: null },
    'http://127.0.0.1:8080/a"b.c': { controlAskedAt: null, controlRejectedAt: null, oursAcceptedAt: NOW },
    ...(damage.apple === undefined ? {} : { damaged: damage.apple }),
  };
  const rotation = finished(aRotation());
  db.prepare('INSERT INTO targets VALUES (?, ?, ?)').run(target.key, target.name, JSON.stringify(target));
  db.prepare('INSERT INTO targets VALUES (?, ?, ?)').run('damaged', 'z', '[]');
  db.prepare('INSERT INTO fleet VALUES (1, ?)').run(JSON.stringify({ failedAfterPush: 2, halted: null, apple }));
  db.prepare(
    'INSERT INTO rotations (id, target_key, target, started_at, emergency, outcome, document) VALUES (?, ?, ?, ?, 0, ?, ?)',
  ).run(
    rotation.id,
    rotation.targetKey,
    rotation.target,
    rotation.startedAt,
    rotation.outcome,
    JSON.stringify(rotation),
  );
  db.close();
  return rotation;
}

test('a journal of schema 1 is copied, then read with what came later unknown, and its alert book is empty', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const rotation = firstSchemaAt(path);
  const journal = await open(path, MIGRATIONS);
  expect(copies(home)).toEqual([expect.stringMatching(/^journal\.db\.v1-\d{8}T\d{9}Z\.bak$/)]);
  expect(inspect(join(home, copies(home)[0] ?? ''))).toEqual({
    version: 1,
    tables: ['fleet', 'leases', 'rotations', 'targets'],
  });
  expect(await journal.target(aTarget().key)).toEqual(aTarget());
  expect(await journal.fleet()).toEqual({
    lanes: {},
    apple: {
      'https://appleid.apple.com/auth/token': {
        controlAskedAt: NOW,
        controlRejectedAt: NOW,
        oursAcceptedAt: null,
        firstAskedAt: null,
        answeredAt: null,
      },
      'http://127.0.0.1:8080/a"b.c': {
        controlAskedAt: null,
        controlRejectedAt: null,
        oursAcceptedAt: NOW,
        firstAskedAt: null,
        answeredAt: null,
      },
    },
  });
  expect(await journal.rotations({ limit: 9 })).toEqual([rotation]);
  expect(await journal.alertBook()).toEqual(EMPTY_BOOK);
});

test.each([['text'], [7], [null], [[]]])('a damaged row of schema 1 (%j) does not stand in the way', async (apple) => {
  const path = join(folder(), 'journal.db');
  firstSchemaAt(path, { apple });
  const journal = await open(path, MIGRATIONS);
  expect(await journal.target(aTarget().key)).toEqual(aTarget());
  await expect(journal.fleet()).rejects.toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: expect.stringMatching(/^journal \S+ is damaged: its fleet does not fit \(.*apple\.damaged: /),
  });
  await journal.updateAlerts(() => ({ memo: { digestAt: NOW, watchedSince: {} } }));
  expect((await journal.alertBook()).memo.digestAt).toBe(NOW);
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
