// The sentences about the journal's file: each error of SQLite and of the file system with its next step, and the
// file systems that SQLite should not lie on.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { journalError, quoted, storageWarning } from '../../../src/adapters/journal/storage.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import { folder } from '../../support/journal.ts';

const system = (code: string): Error => Object.assign(new Error(`${code}: x`), { code, syscall: 'open', errno: -1 });
const sqlite = (errcode: number): Error =>
  Object.assign(new Error('something new'), { code: 'ERR_SQLITE_ERROR', errcode });

test.each([
  [
    system('EACCES'),
    'is not writable by this user',
    /^Give the folder to the user of this process: chown -R \S+ \/data$/,
  ],
  [system('EPERM'), 'is not writable by this user', /^Give the folder/],
  [system('EROFS'), 'is on a read-only file system', /findmnt -T \/data$/],
  [system('ENOSPC'), 'cannot grow: the disk is full', /^Free space on its disk: df -h \/data$/],
  [system('EDQUOT'), 'cannot grow: the disk quota is used up', /^Free space/],
  [system('ENOTDIR'), 'has no folder to lie in', /^Make the folder: mkdir -p \/data$/],
  [system('EMFILE'), 'failed with EMFILE', /^Check the disk/],
  [sqlite(8), 'is read-only', /^Give the folder/],
  [sqlite(1032), 'is read-only', /^Give the folder/],
  [sqlite(10), 'cannot be read or written: the disk reports an error', /^Check the disk/],
  [sqlite(11), 'is damaged', /^Restore a copy of it, or move it away/],
  [sqlite(14), 'cannot be opened', /^Give the folder/],
  [sqlite(21), 'failed: something new', /^Restore a copy/],
])('%s is told as a journal that %s', (error, found, hint) => {
  expect(journalError(error, '/data/journal.db')).toMatchObject({
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: `journal /data/journal.db ${found}`,
    hint: expect.stringMatching(hint),
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
    message: 'journal j.db cannot grow: the disk is full',
  });
});

test('what is no trouble with the storage is left as it is', () => {
  const known = new RotatorError('ERR_JOURNAL_NEWER', 'newer', { hint: 'Use it.' });
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
  const warning = storageWarning('/data/journal.db', (path) => {
    asked.push(path);
    return type;
  });
  expect(warning).toBe(
    `the journal /data/journal.db lies on ${name}; SQLite wants a local disk: over a network its locks may not hold`,
  );
  expect(asked).toEqual(['/data']);
});

test('ext4, and a folder that cannot be asked about, are not warned of', () => {
  expect(storageWarning('/data/journal.db', () => 0xef53)).toBeUndefined();
  expect(storageWarning(join(folder(), 'not/there/journal.db'))).toBeUndefined();
});

test('paths are quoted for a shell', () => {
  expect(['/a/b.db', "/it's here", '/a b'].map(quoted)).toEqual(['/a/b.db', "'/it'\\''s here'", "'/a b'"]);
});
