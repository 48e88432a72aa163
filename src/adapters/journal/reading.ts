// Opening the journal for the commands that only look at it. Where nothing was recorded yet there is nothing to open,
// and an empty journal answers; no file is made.
import { statSync } from 'node:fs';
import type { Clock, Journal } from '../../core/ports.ts';
import { createMemoryJournal } from './memory.ts';
import { openSqliteJournal } from './sqlite.ts';
import { journalError } from './storage.ts';

/** The journal at `path` for reading; throws as openSqliteJournal does, but not for a file that is not there. */
export async function openJournalToRead(path: string, clock: Pick<Clock, 'now'>): Promise<Journal> {
  return isEmpty(path) ? createMemoryJournal() : openSqliteJournal({ path, clock, mode: 'read' });
}

/** True without a file, and for one that was made a moment ago and has no schema yet. */
function isEmpty(path: string): boolean {
  try {
    const sizes = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    return sizes.every((size) => size === 0);
  } catch (error) {
    throw journalError(error, path);
  }
}
