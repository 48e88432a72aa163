// The journal on SQLite (node:sqlite): write-ahead log, full sync, strict tables, one transaction a call. What a resolved
// call wrote is on the disk. Calls block the thread while another process writes, for the busy timeout at most. This file
// is the only way in: only this folder knows the path of the journal and the files beside it.
import { RotatorError } from '../../core/errors.ts';
import type { Company, DaemonJournal, Journal, LeaseName, Revision } from '../../core/ports.ts';
import type { TargetState } from '../../core/records.ts';
import { HOUR } from '../../core/time.ts';
import { SLICE, yieldToLoop } from '../../net/event-loop.ts';
import { type ConnectionOptions, openFile, openInMemory, openReadOnly, openToRead } from './connection.ts';
import { backUp, type JournalBackup } from './copy.ts';
import { DaemonConnection, type DaemonConnectionOptions } from './daemon-connection.ts';
import { HeldLeases, type JournalClock } from './leases.ts';
import { acquireDaemonLock, type DaemonIdentity } from './lock.ts';
import { MIGRATIONS } from './migrations.ts';
import { laneLease } from './shared-tables.ts';
import type { Tables } from './tables.ts';
import { networkFileSystem, openToAll } from './trouble.ts';

/** The `journal` of a configuration. */
export interface JournalPlace {
  readonly path: string;
}

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
export function openMemoryJournal(clock: JournalClock): Journal {
  const source = openInMemory(connectionOptions({ path: 'in memory' }, { clock }));
  return journalOver(source, new HeldLeases(clock), { clock, process: undefined });
}

/** Copies the journal to a file of its own, also while a daemon writes. Throws as `backUp` does. */
export async function backupJournal(place: JournalPlace, toFile: string): Promise<JournalBackup> {
  const { path } = place;
  return backUp(path, toFile, () => openReadOnly({ path, migrations: MIGRATIONS, busyTimeoutMs: BUSY_TIMEOUT_MS }));
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

/** What the journal needs of a connection. */
interface Source {
  read<T>(work: (tables: Tables) => T): T;
  write<T>(work: (tables: Tables) => T): T;
  company(process: string): Company;
  close(process?: string): void;
}

/** How often a process writes its name again, so that it counts. See PROCESS_MS, of which it must stay well below. */
const REGISTER_MS = HOUR;

interface Self {
  readonly clock: JournalClock;
  /** The name of this process among those that use the journal; undefined: it is not among them. */
  readonly process: string | undefined;
}

const NOBODY: Company = { others: false, leftMsAgo: undefined };

function journalOver(source: Source, held: HeldLeases, { clock, process }: Self): Journal {
  const renew = (leases: readonly LeaseName[]) =>
    source.write(({ shared }) => leases.filter((lease) => !shared.renewLease(lease)));
  const register = () => {
    try {
      source.write(({ shared }) => shared.register(process ?? ''));
    } catch {
      // The next hour will do.
    }
  };
  const stop = process === undefined ? undefined : clock.every(REGISTER_MS, register);
  return {
    target: async (key) => source.read((tables) => tables.target(key)),
    record: async (key) => source.read((tables) => tables.record(key)),
    targets: () => inPages(source),
    expiries: async () => source.read((tables) => tables.expiries()),
    changedSince: async (revision, limit) => source.read((tables) => tables.changedSince(revision, limit)),
    async commit(change) {
      source.write((tables) => tables.commit(change));
      if (change.lease?.ends) held.remove(change.lease);
    },
    openRotations: async (key) => source.read((tables) => tables.openRotations(key)),
    rotations: async (filter) => source.read((tables) => tables.rotations(filter)),
    fleet: async () => source.read((tables) => tables.fleet()),
    updateFleet: async (change) => source.write((tables) => tables.updateFleet(change)),
    async acquireLease(key, token, onLost = () => undefined) {
      const isTaken = source.write(({ shared }) => shared.acquireLease({ key, token }));
      if (isTaken) held.add({ key, token }, onLost, renew);
      return isTaken;
    },
    async renewLease(key, token) {
      const others = held.list.filter((lease) => lease.key !== key || lease.token !== token);
      const lost = renew([...others, { key, token }]);
      held.noteRenewal(lost);
      return !lost.some((lease) => lease.key === key && lease.token === token);
    },
    async releaseLease(key, token) {
      held.remove({ key, token });
      source.write(({ shared }) => shared.releaseLease({ key, token }));
    },
    async takeTurn(lane, token, rank, onLost = () => undefined) {
      const isOurs = source.write(({ shared }) => shared.takeTurn(lane, token, rank));
      if (isOurs) held.add(laneLease(lane, token), onLost, renew);
      return isOurs;
    },
    async endTurn(lane, token) {
      held.remove(laneLease(lane, token));
      source.write(({ shared }) => shared.endTurn(lane, token));
    },
    company: async () => (process === undefined ? NOBODY : source.company(process)),
    takePlace: async (pace, gapMs) => source.write(({ shared }) => shared.takePlace(process ?? '', pace, gapMs)),
    alertBook: async () => source.read((tables) => tables.alerts.book()),
    updateAlerts: async (change) => source.write((tables) => tables.alerts.update((book) => change(book, tables))),
    async close() {
      held.close();
      stop?.();
      source.close(process);
    },
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
