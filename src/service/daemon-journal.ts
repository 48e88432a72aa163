// The daemon's journal and the lock that goes with it: one daemon for each journal, and a journal that goes on without
// its storage. The lock is taken as early as the journal's folder can be written, and as late as that.
import { hostname } from 'node:os';
import { openDegradableJournal } from '../adapters/journal/degradable.ts';
import { acquireDaemonLock } from '../adapters/journal/lock.ts';
import { openSqliteJournal } from '../adapters/journal/sqlite.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Clock, DaemonLock, DegradableJournal } from '../core/ports.ts';

export interface DaemonJournalOptions {
  readonly path: string;
  readonly instance: string;
  readonly pid: number;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** Begins the leases of every daemon of a journal. */
  readonly leaseHolder: string;
}

export interface DaemonJournal {
  readonly journal: DegradableJournal;
  /** Closes the journal and frees the lock. */
  close(): Promise<void>;
}

/**
 * Takes the daemon's lock and opens the journal. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_NEWER; a journal that
 * cannot be written leaves the daemon degraded.
 */
export async function openDaemonJournal(options: DaemonJournalOptions): Promise<DaemonJournal> {
  const lock = daemonLock(options);
  await lock.take().catch(unlessUnwritable);
  try {
    const journal = await openJournal(options, lock);
    // Whoever held the lock before is dead, and its passes with it.
    if (lock.isHeld) await journal.endLeases(options.leaseHolder);
    return {
      journal,
      async close() {
        await journal.close();
        await lock.release();
      },
    };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

interface Lock {
  readonly isHeld: boolean;
  /** Does nothing if it is held already. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_UNWRITABLE. */
  take(): Promise<void>;
  release(): Promise<void>;
}

function daemonLock({ path, instance, pid, clock }: DaemonJournalOptions): Lock {
  const who = { instance, pid, host: hostname() };
  let lock: DaemonLock | undefined;
  return {
    get isHeld() {
      return lock !== undefined;
    },
    async take() {
      lock ??= await acquireDaemonLock({ journalPath: path, who, clock });
    },
    async release() {
      await lock?.release();
    },
  };
}

function unlessUnwritable(thrown: unknown): void {
  if (!(thrown instanceof RotatorError && thrown.code === 'ERR_JOURNAL_UNWRITABLE')) throw thrown;
}

async function openJournal({ path, clock, emit }: DaemonJournalOptions, lock: Lock): Promise<DegradableJournal> {
  const warn = (error: RotatorError) => emit({ event: 'warning', error });
  return openDegradableJournal({
    open: async () => {
      // A daemon that began without its journal must not come back to one that another daemon took meanwhile.
      await lock.take().catch((thrown) => {
        const error = asRotatorError(thrown);
        if (error.code === 'ERR_DAEMON_RUNNING') emit({ event: 'warning', error });
        throw thrown;
      });
      return openSqliteJournal({ path, clock, mode: 'write', onDamage: warn });
    },
    clock,
    onChange: (error) => emit({ event: 'journal.degraded', degraded: error !== undefined, error: error ?? null }),
  });
}
