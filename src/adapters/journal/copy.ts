// A consistent copy of a journal, also while others write to it: VACUUM INTO reads one snapshot. The copy is made
// under another name with mode 0600, checked, brought to the disk, and only then given its name.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RotatorError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import { journalError } from './trouble.ts';

export interface JournalBackup {
  readonly file: string;
  readonly bytes: number;
}

/** Throws ERR_USAGE where a copy cannot be made. */
export function mustBeNew(toFile: string): void {
  const folder = dirname(resolve(toFile));
  if (existsSync(toFile)) throw new RotatorError('ERR_USAGE', { problem: 'file-exists', path: shownName(toFile) });
  if (!existsSync(folder))
    throw new RotatorError('ERR_USAGE', { problem: 'no-folder', path: shownName(toFile), folder: shownName(folder) });
}

/**
 * Copies the journal at `path`, which `open` opens, to `toFile`. Throws ERR_USAGE (there is no journal, `toFile` exists,
 * or has no folder), ERR_JOURNAL_NEWER or ERR_JOURNAL_UNWRITABLE; then `toFile` does not exist.
 */
export function backUp(path: string, toFile: string, open: () => DatabaseSync): JournalBackup {
  if (!existsSync(path)) throw new RotatorError('ERR_USAGE', { problem: 'no-journal', path });
  mustBeNew(toFile);
  const db = open();
  try {
    copyDatabase(db, toFile);
  } finally {
    db.close();
  }
  return { file: toFile, bytes: statSync(toFile).size };
}

/** Copies an open database to `toFile`, which must not exist. Throws ERR_JOURNAL_UNWRITABLE; then nothing is left. */
export function copyDatabase(db: DatabaseSync, toFile: string): void {
  const half = halfOf(toFile);
  try {
    closeSync(openSync(half, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(half);
    finish(half, toFile, db.location() ?? '');
  } catch (error) {
    throw journalError(error, toFile, 'copy');
  } finally {
    rmSync(half, { force: true });
  }
}

/** Makes `toFile` of what `write` writes to another file. Throws as `write` does; then nothing is left. */
export async function newFile<T>(toFile: string, write: (half: string) => Promise<T>): Promise<T> {
  const half = halfOf(toFile);
  try {
    const result = await write(half);
    finish(half, toFile, toFile);
    return result;
  } catch (error) {
    throw journalError(error, toFile, 'copy');
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${half}${suffix}`, { force: true });
  }
}

function halfOf(toFile: string): string {
  return `${toFile}.${process.pid}.part`;
}

function finish(half: string, toFile: string, path: string): void {
  checkIntegrity(half, path);
  syncToDisk(half);
  renameSync(half, toFile);
  syncToDisk(dirname(resolve(toFile)));
}

function checkIntegrity(half: string, path: string): void {
  // Not read-only: over such a connection SQLite leaves CHECK constraints out of its check.
  const copy = new DatabaseSync(half);
  try {
    const complaint = copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    if (complaint === 'ok') return;
    const said = `a copy of it fails the integrity check (${String(complaint)})`;
    throw new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'failed', path, said });
  } finally {
    copy.close();
  }
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
