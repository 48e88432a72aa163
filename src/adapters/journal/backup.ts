// `journal backup FILE`: a consistent copy of the journal while a daemon goes on writing to it. The copy is a single
// file with mode 0600 that can be put in the journal's place as it is; an existing file is never overwritten.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RotatorError } from '../../core/errors.ts';
import { shown } from '../../core/shown.ts';
import { copyDatabase } from './copy.ts';
import { checkedVersion, MIGRATIONS } from './migrations.ts';
import { journalError, quoted } from './storage.ts';

export interface JournalBackup {
  readonly file: string;
  readonly bytes: number;
}

const BUSY_TIMEOUT_MS = 5000;

/**
 * Copies the journal at `path` to `toFile` and checks the copy. Throws ERR_USAGE (there is no journal, `toFile`
 * exists, or has no folder), ERR_JOURNAL_NEWER, or ERR_JOURNAL_UNWRITABLE; then `toFile` does not exist.
 */
export async function backupJournal(path: string, toFile: string): Promise<JournalBackup> {
  if (!existsSync(path)) {
    throw new RotatorError('ERR_USAGE', `there is no journal at ${shown(path, 200)}, so there is nothing to copy`, {
      hint: 'Name the configuration of the service whose journal is wanted: --config FILE',
    });
  }
  if (existsSync(toFile)) {
    throw new RotatorError('ERR_USAGE', `${shown(toFile, 200)} exists, and a copy overwrites nothing`, {
      hint: 'Name a file that does not exist yet.',
    });
  }
  if (!existsSync(dirname(resolve(toFile)))) {
    throw new RotatorError('ERR_USAGE', `the folder of ${shown(toFile, 200)} does not exist`, {
      hint: `Make it first: mkdir -p ${quoted(dirname(resolve(toFile)))}`,
    });
  }
  const db = openToCopy(path);
  try {
    copyDatabase(db, toFile);
  } finally {
    db.close();
  }
  return { file: toFile, bytes: statSync(toFile).size };
}

function openToCopy(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    checkedVersion(db, path, MIGRATIONS.length);
    return db;
  } catch (error) {
    db?.close();
    throw journalError(error, path);
  }
}
