// The sentences about the journal's file: each error of SQLite and of the file system with its next step, and the
// file systems that SQLite should not lie on.
import { chmodSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openDaemonJournal } from '../../../src/adapters/journal/journal.ts';
import {
  journalError,
  narrowCompanions,
  networkFileSystem,
  openToAll,
  prepareFile,
} from '../../../src/adapters/journal/trouble.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import { realClock } from '../../support/clock.ts';
import { folder } from '../../support/journal.ts';

const system = (code: string): Error => Object.assign(new Error(`${code}: x`), { code, syscall: 'open', errno: -1 });
const sqlite = (errcode: number): Error =>
  Object.assign(new Error('something new'), { code: 'ERR_SQLITE_ERROR', errcode });

test.each([
  [system('EACCES'), 'not-writable'],
  [system('EPERM'), 'not-writable'],
  [system('EROFS'), 'read-only-disk'],
  [system('ENOSPC'), 'disk-full'],
  [system('EDQUOT'), 'disk-full'],
  [system('ENOTDIR'), 'no-folder'],
  [Object.assign(new Error('is a folder'), { code: 'EISDIR' }), 'is-folder'],
  [sqlite(8), 'not-writable'],
  [sqlite(1032), 'not-writable'],
  [sqlite(10), 'disk-error'],
  [sqlite(11), 'damaged'],
  [sqlite(14), 'not-writable'],
])('%s is told as %s, with the folder and the user that the next step names', (error, trouble) => {
  const told = journalError(error, '/data/journal.db', 'lock');
  expect(told).toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE', cause: error });
  expect((told as RotatorError).stored).toEqual({
    code: 'ERR_JOURNAL_UNWRITABLE',
    params: {
      problem: 'file',
      trouble,
      what: 'lock',
      path: '/data/journal.db',
      folder: '/data',
      uid: process.getuid?.() ?? null,
    },
  });
});

test.each([
  [system('EMFILE'), 'EMFILE'],
  [sqlite(21), 'something new'],
  [Object.assign(new Error('database is not open'), { code: 'ERR_INVALID_STATE' }), 'database is not open'],
])('%s is told in its own words', (error, said) => {
  expect(journalError(error, 'j.db')).toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: `journal j.db failed: ${said}`,
    cause: error,
  });
});

test("SQLite's own error over a full disk is told as one", () => {
  const db = new DatabaseSync(join(folder(), 'small.db'));
  db.exec('CREATE TABLE t (a); PRAGMA max_page_count = 2');
  let thrown: unknown;
  try {
    db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run();
  } catch (error) {
    thrown = error;
  }
  db.close();
  expect(journalError(thrown, 'j.db')).toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: 'journal j.db cannot grow: the disk or its quota is full',
  });
});

test('what is no trouble with the storage is left as it is', () => {
  const known = new RotatorError('ERR_JOURNAL_NEWER', { path: 'j.db', version: 9, known: 3, copy: null });
  for (const error of [known, new TypeError('a mistake'), Object.assign(new Error('x'), { code: 'ERR_X' }), 'text']) {
    expect(journalError(error, 'j.db')).toBe(error);
  }
});

test.each([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xff534d42 | 0, 'CIFS'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
])('a folder on file system %i is warned of as %s', (type, name) => {
  const asked: string[] = [];
  const warning = networkFileSystem('/data/journal.db', (path) => {
    asked.push(path);
    return type;
  });
  expect(warning?.message).toBe(
    `journal /data/journal.db is on ${name}; SQLite needs a local disk, because its locks may not hold over a network`,
  );
  expect(asked).toEqual(['/data']);
});

test('ext4, and a folder that cannot be asked about, are not warned of', () => {
  expect(networkFileSystem('/data/journal.db', () => 0xef53)).toBeUndefined();
  expect(networkFileSystem(join(folder(), 'not/there/journal.db'))).toBeUndefined();
});

test('a journal, and its folder, that everybody may write are warned of; group-writable ones are not', async () => {
  const path = join(folder(), 'journal.db');
  const warned: string[] = [];
  const open = async () => {
    warned.length = 0;
    const warn = (error: RotatorError) => warned.push(`${error.message}: ${error.hint}`);
    const who = { instance: 'a', pid: 1, host: 'b' };
    const options = { who, leaseHolder: 'x:', process: 'x:me', clock: realClock, onChange: () => undefined, warn };
    const journal = await openDaemonJournal({ path }, options);
    const modes = ['', '-wal', '-shm'].map((suffix) => statSync(`${path}${suffix}`).mode & 0o777);
    await journal.close();
    return modes;
  };
  expect(await open()).toEqual([0o600, 0o600, 0o600]);
  chmodSync(path, 0o660);
  chmodSync(dirname(path), 0o770);
  expect(await open()).toEqual([0o660, 0o660, 0o660]);
  expect(warned).toEqual([]);
  chmodSync(path, 0o666);
  chmodSync(dirname(path), 0o777);
  expect(await open()).toEqual([0o666, 0o600, 0o600]);
  expect(warned).toEqual([
    expect.stringContaining(`every user of this machine may write ${path} (mode 666), which belongs to the journal`),
    expect.stringContaining(`every user of this machine may write ${dirname(path)} (mode 777), which belongs to`),
  ]);
});

test('a folder that may not be searched is no warning, and no fault: opening the journal tells', () => {
  const loop = join(folder(), 'loop');
  symlinkSync(loop, loop);
  const path = join(loop, 'journal.db');
  expect(openToAll(path)).toEqual([]);
  expect(() => narrowCompanions(path)).not.toThrow();
  expect(() => prepareFile(path)).toThrow(RotatorError);
});
