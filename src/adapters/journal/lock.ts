// One daemon per journal: an open BEGIN EXCLUSIVE on `<journal>.lock`, which the kernel ends with the process, however
// that ends. Who holds it stands in `<journal>.lock.json` for the message to a second daemon; it decides nothing.
// The lock file stays when the lock is released: deleting a lock file is how two holders come about.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import type { Clock, DaemonLock } from '../../core/ports.ts';
import { shown } from '../../core/shown.ts';
import { isBusy, journalError, prepareFile } from './storage.ts';

/** Who a daemon is, for the person who starts a second one. */
export interface DaemonIdentity {
  readonly instance: string;
  readonly pid: number;
  readonly host: string;
}

export interface DaemonLockOptions {
  readonly journalPath: string;
  readonly who: DaemonIdentity;
  readonly clock: Pick<Clock, 'now'>;
}

const holderSchema = z.object({ instance: z.string(), pid: z.int(), host: z.string(), startedAt: z.iso.datetime() });

/** Held connections: one that nothing refers to would be closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock or throws at once: ERR_DAEMON_RUNNING, naming the daemon that has it, or ERR_JOURNAL_UNWRITABLE
 * where the journal's folder cannot be written.
 */
export async function acquireDaemonLock({ journalPath, who, clock }: DaemonLockOptions): Promise<DaemonLock> {
  const path = `${journalPath}.lock`;
  const holderPath = `${path}.json`;
  prepareFile(path, 'lock of the journal,');
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written to the lock file, so it needs no rollback journal beside it.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeHolder(holderPath, { ...who, startedAt: new Date(clock.now()).toISOString() });
  } catch (error) {
    db.close();
    if (isBusy(error)) throw daemonRunning(journalPath, holderPath);
    throw journalError(error, path, 'lock of the journal,');
  }
  held.add(db);
  return {
    async release() {
      if (!held.delete(db)) return;
      rmSync(holderPath, { force: true });
      db.close();
    },
  };
}

function writeHolder(path: string, holder: z.infer<typeof holderSchema>): void {
  const half = `${path}.${holder.pid}.part`;
  writeFileSync(half, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(half, path);
}

function daemonRunning(journalPath: string, holderPath: string): RotatorError {
  return new RotatorError(
    'ERR_DAEMON_RUNNING',
    `a daemon already runs over journal ${shown(journalPath, 200)}: ${describeHolder(holderPath)}`,
    { hint: 'Stop that one first, or give this one a journal of its own; `status` and `once` work beside it.' },
  );
}

function describeHolder(path: string): string {
  try {
    const { instance, pid, host, startedAt } = holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return `instance ${shown(instance)}, pid ${pid} on ${shown(host)}, since ${startedAt}`;
  } catch {
    return 'it has not said who it is';
  }
}
