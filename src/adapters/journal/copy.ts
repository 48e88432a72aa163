// A consistent copy of a journal, also while others write to it: VACUUM INTO reads one snapshot. The copy is made
// under another name with mode 0600, checked, brought to the disk, and only then given its name.
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damagedCopy, journalError } from './storage.ts';

/**
 * Copies an open database to `toFile`, which must not exist. Throws ERR_JOURNAL_UNWRITABLE; then nothing is left.
 */
export function copyDatabase(db: DatabaseSync, toFile: string): void {
  const half = `${toFile}.${process.pid}.part`;
  try {
    closeSync(openSync(half, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(half);
    checkIntegrity(half, toFile);
    syncToDisk(half);
    renameSync(half, toFile);
    syncToDisk(dirname(resolve(toFile)));
  } catch (error) {
    throw journalError(error, toFile, 'copy');
  } finally {
    rmSync(half, { force: true });
  }
}

function checkIntegrity(half: string, toFile: string): void {
  // Not read-only: over such a connection SQLite leaves CHECK constraints out of its check.
  const copy = new DatabaseSync(half);
  try {
    const complaint = copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    if (complaint !== 'ok') throw damagedCopy(toFile, String(complaint));
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
