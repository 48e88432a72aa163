// `journal backup`: a copy that is whole although a daemon writes, that is nobody else's to read, and that never
// overwrites; after a failure there is none.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { backupJournal } from '../../../src/adapters/journal/journal.ts';
import { counted } from '../../support/fleet.ts';
import { aRotation, aTarget, child, finished, folder, ownJournal } from '../../support/journal.ts';

test('copies while another process writes; the copy is consistent and works in the place of the journal', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const writer = child('writeUntilTold', path, JSON.stringify(aTarget()));
  await writer.line();
  writer.go();
  expect(await writer.line()).toBe('writing');
  const seen: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const file = join(home, `copy-${i}.db`);
    expect(await backupJournal({ path }, file)).toEqual({ file, bytes: statSync(file).size });
    const copy = await ownJournal(file);
    const [passes, changes] = [(await copy.target(aTarget().key))?.lastPassAt ?? -1, counted(await copy.fleet())];
    expect([passes + 1, passes]).toContain(changes);
    seen.push(passes);
  }
  writer.go();
  expect((await writer.end()).lines).toEqual(['done']);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('holds everything, in one file with mode 0600', async () => {
  const home = folder();
  const [path, file] = [join(home, 'journal.db'), join(home, 'copy.db')];
  const journal = await ownJournal(path);
  const rows = [aRotation(), finished(aRotation())];
  for (const rotation of rows) await journal.commit({ target: aTarget(), rotation });
  await backupJournal({ path }, file);
  expect(readdirSync(home).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  const copy = await ownJournal(file);
  expect(await copy.targets()).toEqual([aTarget()]);
  expect(await copy.rotations({ limit: 5 })).toEqual([...rows].reverse());
});

test('refuses what it cannot do, and says what to do', async () => {
  const home = folder();
  const [path, file] = [join(home, 'journal.db'), join(home, 'copy.db')];
  await expect(backupJournal({ path }, file)).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: `there is no journal at ${path}, so there is nothing to copy`,
  });
  await ownJournal(path);
  writeFileSync(file, 'precious');
  await expect(backupJournal({ path }, file)).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: `${file} exists, and a copy overwrites nothing`,
  });
  expect(readFileSync(file, 'utf8')).toBe('precious');
  await expect(backupJournal({ path }, join(home, 'no such folder/copy.db'))).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: `the folder of ${home}/no such folder/copy.db does not exist`,
    hint: `Create it first: mkdir -p '${home}/no such folder'`,
  });
});

test('leaves nothing behind when it fails', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const journal = await ownJournal(path);
  for (let i = 0; i < 200; i += 1) await journal.commit({ rotation: aRotation() });
  await journal.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 8192, bytes.length - 4096);
  writeFileSync(path, bytes);
  await expect(backupJournal({ path }, join(home, 'copy.db'))).rejects.toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
  });
  expect(readdirSync(home).filter((name) => name.startsWith('copy'))).toEqual([]);
});

test('gives no copy that fails the integrity check', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  await (await ownJournal(path)).commit({ rotation: aRotation() });
  const db = new DatabaseSync(path);
  db.exec("PRAGMA ignore_check_constraints = ON; UPDATE rotations SET document = '{'");
  db.close();
  await expect(backupJournal({ path }, join(home, 'copy.db'))).rejects.toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: `journal ${path} failed: a copy of it fails the integrity check (CHECK constraint failed in rotations)`,
  });
  expect(readdirSync(home).filter((name) => name.startsWith('copy'))).toEqual([]);
});

test('names the copy, not the journal, where its folder cannot be written', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  await (await ownJournal(path)).close();
  chmodSync(path, 0o644);
  const closed = join(home, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o555);
  const process = child('backupAsNobody', path, join(closed, 'copy.db'));
  await process.line();
  chmodSync(home, 0o777);
  process.go();
  expect(JSON.parse(await process.line())).toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: `copy ${closed}/copy.db is not writable by this user`,
  });
  expect(readdirSync(closed)).toEqual([]);
  chmodSync(closed, 0o755);
});

test("another program's database is not copied as a journal", async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE theirs (a)');
  db.close();
  await expect(backupJournal({ path }, join(home, 'copy.db'))).rejects.toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: `journal ${path} is the database of another program`,
  });
});
