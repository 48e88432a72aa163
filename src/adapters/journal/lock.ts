// One daemon per journal: an open BEGIN EXCLUSIVE on `<journal>.lock`, which the kernel ends with the process, however
// that ends. Who holds it stands in `<journal>.lock.json` for the message to a second daemon; it decides nothing.
// The lock file stays when the lock is released: if it were deleted, two daemons could each hold a file of that name.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import { shown } from '../../core/shown.ts';
import { isBusy, journalError, prepareFile } from './trouble.ts';

/** The process lock of a daemon over a journal; the kernel frees it when the process dies. */
export interface DaemonLock {
  release(): void;
}

/** Who a daemon is, for the person who starts a second one. */
export interface DaemonIdentity {
  readonly instance: string;
  readonly pid: number;
  readonly host: string;
}

const text = z.string().transform((value) => shown(value));
const holderSchema = z.object({ instance: text, pid: z.int(), host: text, since: z.iso.datetime() });

/** The held connections: the garbage collector would close one that nothing refers to, and free its lock. */
const held = new Set<DatabaseSync>();

/**
 * A command that only looks whether the lock is held has it for less than a millisecond. Without this wait a daemon that
 * starts just then would be refused; a longer one would hold up the refusal of a second daemon.
 */
const LOOK_MS = 100;

/**
 * Takes the lock or throws: ERR_DAEMON_RUNNING, naming the daemon that has it, or ERR_JOURNAL_UNWRITABLE
 * where the journal's folder cannot be written.
 */
export function acquireDaemonLock(journalPath: string, who: DaemonIdentity, nowMs: number): DaemonLock {
  const path = `${journalPath}.lock`;
  const holderPath = `${path}.json`;
  prepareFile(path, 'lock');
  const db = new DatabaseSync(path, { timeout: LOOK_MS });
  try {
    // Nothing is ever written to the lock file, so it needs no rollback journal beside it.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeHolder(holderPath, { ...who, since: new Date(nowMs).toISOString() });
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw journalError(error, path, 'lock');
    throw new RotatorError('ERR_DAEMON_RUNNING', { path: journalPath, holder: holderOf(holderPath) });
  }
  held.add(db);
  return {
    release() {
      if (!held.delete(db)) return;
      rmSync(holderPath, { force: true });
      db.close();
    },
  };
}

/** Whether a daemon has the lock; undefined where that cannot be found out. Changes nothing. */
export function isDaemonLockHeld(journalPath: string): boolean | undefined {
  const path = `${journalPath}.lock`;
  let db: DatabaseSync | undefined;
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
    db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    db.prepare('SELECT 1 FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return isBusy(error) ? true : undefined;
  } finally {
    db?.close();
  }
}

function writeHolder(path: string, holder: z.infer<typeof holderSchema>): void {
  const half = `${path}.${holder.pid}.part`;
  writeFileSync(half, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(half, path);
}

/** The daemon that says it holds the journal; null: none does, or one that was killed says so still. */
export function daemonHolder(journalPath: string): DaemonHolder | null {
  return holderOf(`${journalPath}.lock.json`);
}

export type DaemonHolder = z.infer<typeof holderSchema>;

function holderOf(path: string): z.infer<typeof holderSchema> | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
