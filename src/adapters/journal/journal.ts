// The journal on SQLite (node:sqlite): write-ahead log, full sync, strict tables, one transaction a call. What a resolved
// call wrote is on the disk. Calls block the thread while another process writes, for the busy timeout at most. This file
// is the only way in: only this folder knows the path of the journal and the files beside it.
import { RotatorError } from '../../core/errors.ts';
import type { Clock, DaemonJournal, Journal, Revision } from '../../core/ports.ts';
import type { TargetState } from '../../core/records.ts';
import { SLICE, yieldToLoop } from '../../net/event-loop.ts';
import { type ConnectionOptions, openFile, openInMemory, openReadOnly, openToRead } from './connection.ts';
import { backUp, type JournalBackup } from './copy.ts';
import { DaemonConnection, type DaemonConnectionOptions } from './daemon-connection.ts';
import { acquireDaemonLock, type DaemonIdentity } from './lock.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Tables } from './tables.ts';
import { networkFileSystem, openToAll } from './trouble.ts';

/** The `journal` of a configuration. */
export interface JournalPlace {
  readonly path: string;
}

export interface JournalOptions extends Partial<Pick<ConnectionOptions, 'migrations' | 'busyTimeoutMs'>> {
  /** `write` makes and migrates the journal; `read` changes nothing, and one that does not exist yet is empty. */
  readonly mode: 'read' | 'write';
  readonly clock: Pick<Clock, 'now'>;
  /**
   * Called for a place that a journal should not be written at, and for a row of the alert book that cannot be read: it
   * is left out, and removed at the next change of the book.
   */
  readonly warn?: (reason: RotatorError) => void;
}

export interface DaemonJournalOptions
  extends Pick<DaemonConnectionOptions, 'leaseHolder' | 'clock' | 'onChange' | 'warn'>,
    Partial<Pick<ConnectionOptions, 'migrations' | 'busyTimeoutMs'>> {
  readonly who: DaemonIdentity;
}

/**
 * How long a call waits for another process that writes. Their transactions take milliseconds; a copy before a migration
 * takes seconds. A shorter wait would fail there, a longer one would hold up every pass of this process.
 */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the journal. Throws ERR_JOURNAL_UNWRITABLE (not writable, full, damaged, held for longer than the busy timeout)
 * and ERR_JOURNAL_NEWER (of a newer program; names the copy to restore).
 */
export async function openJournal(place: JournalPlace, options: JournalOptions): Promise<Journal> {
  const { mode, clock, warn = () => undefined } = options;
  if (mode === 'write') warnOfPlace(place, warn);
  const own = connectionOptions(place, { ...options, onDamage: warn });
  return journalOver(mode === 'write' ? openFile(own, clock.now()) : openToRead(own));
}

/**
 * Opens the journal of a daemon, of which there is one for each journal. It goes on in memory while the file cannot be
 * written: then no call throws ERR_JOURNAL_*. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_NEWER.
 */
export async function openDaemonJournal(place: JournalPlace, options: DaemonJournalOptions): Promise<DaemonJournal> {
  const { who, clock, warn } = options;
  warnOfPlace(place, warn);
  const connection = new DaemonConnection({
    ...options,
    ...connectionOptions(place, { ...options, onDamage: warn }),
    lock: () => acquireDaemonLock(place.path, who, clock.now()),
  });
  return {
    ...journalOver(connection),
    get degraded() {
      return connection.degraded;
    },
  };
}

/** The journal and its folder, as far as everybody on this machine may write them. */
export function exposedPlaces({ path }: JournalPlace): ReturnType<typeof openToAll> {
  return openToAll(path);
}

function warnOfPlace({ path }: JournalPlace, warn: (reason: RotatorError) => void): void {
  const network = networkFileSystem(path);
  if (network !== undefined) warn(network);
  for (const place of openToAll(path))
    warn(new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'open-to-all', ...place }));
}

/** A journal that is gone with its process, for alerts where no journal can be opened. */
export function openMemoryJournal(): Journal {
  return journalOver(openInMemory(connectionOptions({ path: 'in memory' }, {})));
}

/** Copies the journal to a file of its own, also while a daemon writes. Throws as `backUp` does. */
export async function backupJournal(place: JournalPlace, toFile: string): Promise<JournalBackup> {
  return backUp(place.path, toFile, () => openReadOnly(connectionOptions(place, {})));
}

function connectionOptions(
  { path }: JournalPlace,
  { migrations = MIGRATIONS, busyTimeoutMs = BUSY_TIMEOUT_MS, onDamage = () => undefined }: Partial<ConnectionOptions>,
): ConnectionOptions {
  return { path, migrations, busyTimeoutMs, onDamage };
}

/** What the journal needs of a connection. */
interface Source {
  read<T>(work: (tables: Tables) => T): T;
  write<T>(work: (tables: Tables) => T): T;
  close(): void;
}

function journalOver(source: Source): Journal {
  return {
    target: async (key) => source.read((tables) => tables.target(key)),
    targets: () => inPages(source),
    expiries: async () => source.read((tables) => tables.expiries()),
    changedSince: async (revision, limit) => source.read((tables) => tables.changedSince(revision, limit)),
    commit: async (change) => source.write((tables) => tables.commit(change)),
    openRotations: async (key) => source.read((tables) => tables.openRotations(key)),
    rotations: async (filter) => source.read((tables) => tables.rotations(filter)),
    fleet: async () => source.read((tables) => tables.fleet()),
    updateFleet: async (change) => source.write((tables) => tables.updateFleet(change)),
    acquireLease: async (key, token, nowMs, ttlMs) =>
      source.write((tables) => tables.acquireLease({ key, token, until: nowMs + ttlMs }, nowMs)),
    renewLease: async (key, token, nowMs, ttlMs) =>
      source.write((tables) => tables.renewLease({ key, token, until: nowMs + ttlMs })),
    releaseLease: async (key, token) => source.write((tables) => tables.releaseLease(key, token)),
    alertBook: async () => source.read((tables) => tables.alerts.book()),
    updateAlerts: async (change) => source.write((tables) => tables.alerts.update((book) => change(book, tables))),
    close: async () => source.close(),
  };
}

async function inPages(source: Source): Promise<TargetState[]> {
  const found = new Map<string, TargetState>();
  let revision: Revision | undefined;
  for (;;) {
    const page = source.read((tables) => tables.changedSince(revision, SLICE));
    // One that was written meanwhile comes again.
    for (const state of page.states) found.set(state.key, state);
    if (page.states.length < SLICE) break;
    ({ revision } = page);
    await yieldToLoop();
  }
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.key, b.key));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
