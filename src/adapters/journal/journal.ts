// The journal on SQLite (node:sqlite): write-ahead log, full sync, strict tables, one transaction a call. What a resolved
// call wrote is on the disk. Calls block the thread while another process writes, for the busy timeout at most. This file
// is the only way in: only this folder knows the path of the journal and the files beside it.
import { statSync } from 'node:fs';
import { RotatorError } from '../../core/errors.ts';
import type { DaemonJournal, Journal } from '../../core/journal-ports.ts';
import { shownName } from '../../core/shown.ts';
import { type ConnectionOptions, openFile, openInMemory, openReadOnly, openToRead } from './connection.ts';
import { backUp, type JournalBackup, mustBeNew, newFile } from './copy.ts';
import { DaemonConnection, type DaemonConnectionOptions } from './daemon-connection.ts';
import { HeldLeases, type JournalClock } from './leases.ts';
import { acquireDaemonLock, type DaemonHolder, type DaemonIdentity, daemonHolder, isDaemonLockHeld } from './lock.ts';
import { MIGRATIONS } from './migrations.ts';
import { movedFrom, movedTo } from './moved-tables.ts';
import { type Moved, type MovedFrom, moveJournal } from './moving.ts';
import { journalOver } from './over.ts';
import type { JournalPlace } from './place.ts';
import { freeBytes, journalError, mustBeWritable, networkFileSystem, openToAll } from './trouble.ts';

export type { JournalPlace } from './place.ts';

export interface JournalOptions extends Partial<Pick<ConnectionOptions, 'migrations' | 'busyTimeoutMs'>> {
  /** `write` makes and migrates the journal; `read` changes nothing, and one that does not exist yet is empty. */
  readonly mode: 'read' | 'write';
  /** By which leases and places are taken: the journal's clock, as far as this process is concerned. */
  readonly clock: JournalClock;
  /** See `process` of DaemonConnectionOptions. Undefined: it makes no calls for which others have to leave room. */
  readonly process?: string;
  /**
   * Called for a place that a journal should not be written at, and for a row of the alert book that cannot be read: it
   * is left out, and removed at the next change of the book.
   */
  readonly warn?: (reason: RotatorError) => void;
}

export interface DaemonJournalOptions
  extends Pick<DaemonConnectionOptions, 'leaseHolder' | 'process' | 'clock' | 'onChange' | 'warn'>,
    Partial<Pick<ConnectionOptions, 'migrations' | 'busyTimeoutMs'>> {
  readonly who: DaemonIdentity;
  /** Of a database: how long a call waits for it. */
  readonly waitMs?: number;
}

/**
 * How long a call waits for another process that writes. Their transactions take milliseconds; a copy before a migration
 * takes seconds. A shorter wait would fail there, a longer one would hold up every pass of this process.
 */
export const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the journal. Throws ERR_JOURNAL_UNWRITABLE (not writable, full, damaged, held for longer than the busy timeout)
 * and ERR_JOURNAL_NEWER (of a newer program; names the copy to restore).
 */
export async function openJournal(place: JournalPlace, options: JournalOptions): Promise<Journal> {
  const { mode, clock, process, warn = () => undefined } = options;
  const { path, postgres } = place;
  if (postgres !== undefined)
    return (await import('./postgres/journal.ts')).openPostgresJournal(
      { path, postgres },
      { mode, clock, process, warn },
    );
  if (mode === 'write') warnOfPlace(place, warn);
  const own = connectionOptions(place, { ...options, onDamage: warn });
  const source = mode === 'write' ? openFile(own) : openToRead(own);
  if (process !== undefined) source.write(({ shared }) => shared.register(process));
  return journalOver(source, new HeldLeases(clock), { clock, process });
}

/**
 * Opens the journal of a daemon, of which there is one for each journal. It goes on in memory while the file cannot be
 * written: then no call throws ERR_JOURNAL_*. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_NEWER.
 */
export async function openDaemonJournal(place: JournalPlace, options: DaemonJournalOptions): Promise<DaemonJournal> {
  const { who, clock, process, warn } = options;
  const { path, postgres } = place;
  if (postgres !== undefined)
    return (await import('./postgres/journal.ts')).openPostgresDaemonJournal({ path, postgres }, options);
  warnOfPlace(place, warn);
  const held = new HeldLeases(clock);
  const connection = new DaemonConnection({
    ...{ ...connectionOptions(place, { ...options, onDamage: warn }), ...options, held },
    lock: () => acquireDaemonLock(place.path, who, clock.now()),
  });
  return {
    ...journalOver(connection, held, { clock, process }),
    get degraded() {
      return connection.degraded;
    },
  };
}

/** False if there certainly is no file at its place: one that cannot be looked at says why when it is opened. */
export function journalExists({ path, postgres }: JournalPlace): boolean {
  if (postgres !== undefined) return true;
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Whether a daemon runs on the journal; undefined where that cannot be found out. */
export function daemonRuns({ path, postgres }: JournalPlace): boolean | undefined {
  return postgres === undefined ? isDaemonLockHeld(path) : undefined;
}

/** The journal and its folder, as far as everybody on this machine may write them. */
export function exposedPlaces({ path, postgres }: JournalPlace): ReturnType<typeof openToAll> {
  return postgres === undefined ? openToAll(path) : [];
}

export interface InspectedPlace {
  readonly exists: boolean;
  /** Where it is, as far as that is doubtful. */
  readonly doubts: readonly RotatorError[];
  readonly freeBytes: number | undefined;
  /** The daemon that has the journal; null: none has. */
  readonly daemon: DaemonHolder | null;
}

/** Whether a journal can be written there, without writing. Throws ERR_JOURNAL_UNWRITABLE. */
export async function inspectPlace({ path, postgres }: JournalPlace, clock: JournalClock): Promise<InspectedPlace> {
  if (postgres !== undefined) {
    const { inspectDatabase } = await import('./postgres/journal.ts');
    return { exists: await inspectDatabase({ path, postgres }, clock), ...NO_FILE };
  }
  const doubts: RotatorError[] = [];
  warnOfPlace({ path }, (doubt) => doubts.push(doubt));
  return { exists: mustBeWritable(path), doubts, freeBytes: freeBytes(path), daemon: holderOf(path) };
}

const NO_FILE = { doubts: [], freeBytes: undefined, daemon: null };

/** The daemon that has the journal, as it calls itself. */
function holderOf(path: string): DaemonHolder | null {
  return isDaemonLockHeld(path) === false ? null : daemonHolder(path);
}

function warnOfPlace({ path }: JournalPlace, warn: (reason: RotatorError) => void): void {
  const network = networkFileSystem(path);
  if (network !== undefined) warn(network);
  for (const place of openToAll(path))
    warn(new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'open-to-all', ...place }));
}

/** A journal that is gone with its process, for alerts where no journal can be opened. */
export function openMemoryJournal(clock: JournalClock): Journal {
  const source = openInMemory(connectionOptions({ path: 'in memory' }, { clock }));
  return journalOver(source, new HeldLeases(clock), { clock, process: undefined });
}

/** Copies the journal to a file of its own, also while a daemon writes. Throws as `backUp` does. */
export async function backupJournal({ path, postgres }: JournalPlace, toFile: string): Promise<JournalBackup> {
  if (postgres !== undefined) {
    const { schema } = postgres;
    throw new RotatorError('ERR_USAGE', { problem: 'backup-database', path, schema, file: shownName(toFile) });
  }
  return backUp(path, toFile, () => openReadOnly({ path, migrations: MIGRATIONS, busyTimeoutMs: BUSY_TIMEOUT_MS }));
}

/**
 * Writes everything that a journal records to a new file, which is a journal in SQLite. Throws ERR_USAGE and
 * ERR_JOURNAL_…; then there is no such file.
 */
export async function exportJournal(place: JournalPlace, toFile: string, clock: JournalClock): Promise<Moved> {
  if (!journalExists(place)) throw new RotatorError('ERR_USAGE', { problem: 'no-journal', path: place.path });
  mustBeNew(toFile);
  return newFile(toFile, (half) => withSource(place, clock, (from) => fillFile(half, toFile, clock, from)));
}

/**
 * Fills a journal that has no rows yet with everything that the file records. Throws ERR_USAGE (there is no such file, or
 * the journal has rows) and ERR_JOURNAL_…; then the journal is as it was.
 */
export async function importJournal(place: JournalPlace, fromFile: string, clock: JournalClock): Promise<Moved> {
  const { path, postgres } = place;
  if (!journalExists({ path: fromFile }))
    throw new RotatorError('ERR_USAGE', { problem: 'no-such-file', path: shownName(fromFile) });
  return withSource({ path: fromFile }, clock, async (from) => {
    if (postgres === undefined) return fillFile(path, path, clock, from);
    const { fillDatabase } = await import('./postgres/journal.ts');
    return fillDatabase({ path, postgres }, clock, from);
  });
}

async function withSource<T>(
  { path, postgres }: JournalPlace,
  clock: JournalClock,
  use: (from: MovedFrom) => Promise<T>,
): Promise<T> {
  if (postgres !== undefined) {
    const { withDatabase } = await import('./postgres/journal.ts');
    return withDatabase({ path, postgres }, clock, use);
  }
  const source = openToRead(connectionOptions({ path }, { clock }));
  try {
    source.db.exec('BEGIN');
    return await use(movedFrom(source.db));
  } finally {
    source.close();
  }
}

/** `path` is its name in messages. */
async function fillFile(file: string, path: string, clock: JournalClock, from: MovedFrom): Promise<Moved> {
  const target = openFile(connectionOptions({ path: file }, { clock }));
  try {
    target.db.exec('BEGIN IMMEDIATE');
    const moved = await moveJournal(from, movedTo(target.db), path);
    target.db.exec('COMMIT');
    return moved;
  } catch (error) {
    throw journalError(error, path);
  } finally {
    target.close();
  }
}

function connectionOptions(
  { path }: JournalPlace,
  {
    clock,
    migrations = MIGRATIONS,
    busyTimeoutMs = BUSY_TIMEOUT_MS,
    onDamage = () => undefined,
  }: Pick<ConnectionOptions, 'clock'> & Partial<ConnectionOptions>,
): ConnectionOptions {
  return { path, clock, migrations, busyTimeoutMs, onDamage };
}
