// The journal of a daemon: the file while it can be written, a journal in memory while it cannot, because renewals must
// go on. The one in memory starts from a copy of what can be read. Once the file can be written again it gets the new
// rotations and alerts; nothing else is merged, because reading the provider outranks the journal.
import type { DatabaseSync } from 'node:sqlite';
import { asRotatorError, RotatorError } from '../../core/errors.ts';
import type { Degraded } from '../../core/journal-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { type Connection, type ConnectionOptions, openFile, openInMemory, openReadOnly } from './connection.ts';
import type { HeldLeases, JournalClock } from './leases.ts';
import type { DaemonLock } from './lock.ts';
import { newAlerts, newRow, type Start } from './returned.ts';
import type { Tables } from './tables.ts';

/**
 * How long a file that could not be written is left alone. A try can take the busy timeout (5 s), in which no pass goes
 * on, so this must be much longer; the longer it is, the longer only urgent rotations are made.
 */
const RETRY_AFTER_MS = 30_000;

export interface DaemonConnectionOptions extends ConnectionOptions {
  readonly clock: JournalClock & Pick<Clock, 'sleep'>;
  /** The name of this process among those that use the journal, of which no two are alike. It begins as its tokens do. */
  readonly process: string;
  readonly held: HeldLeases;
  /** Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_UNWRITABLE. */
  readonly lock: () => DaemonLock;
  /** This daemon's tokens begin with it, and so did those of the daemons before it. */
  readonly leaseHolder: string;
  /** Called with the reason when the file is given up, and with `undefined` when it is written again. */
  readonly onChange: (reason: RotatorError | undefined) => void;
  readonly warn: (reason: RotatorError) => void;
}

export class DaemonConnection {
  degraded: Degraded | undefined;
  readonly #options: DaemonConnectionOptions;
  readonly #closing = new AbortController();
  #lock: DaemonLock | undefined;
  #current: Connection;
  /** Undefined: the file could not even be read. */
  #start: Start | undefined;

  /**
   * Takes the daemon's lock and opens the file, or goes on in memory. Throws ERR_DAEMON_RUNNING and ERR_JOURNAL_NEWER:
   * it would be wrong to write beside a newer program's rows, and to ignore them.
   */
  constructor(options: DaemonConnectionOptions) {
    this.#options = options;
    try {
      this.#current = this.#openFile();
    } catch (thrown) {
      const error = asRotatorError(thrown);
      if (error.code === 'ERR_DAEMON_RUNNING' || error.code === 'ERR_JOURNAL_NEWER') {
        this.#lock?.release();
        throw error;
      }
      this.#current = this.#goOnInMemory(error);
    }
  }

  read<T>(work: (tables: Tables) => T): T {
    return this.#use((connection) => connection.read(work));
  }

  write<T>(work: (tables: Tables) => T): T {
    return this.#use((connection) => connection.write(work));
  }

  share<T>(work: (tables: Tables) => T): T {
    return this.#use((connection) => connection.share(work));
  }

  glance<T>(work: (tables: Tables) => T): T {
    return this.#use((connection) => connection.glance(work));
  }

  /** Ends with one more attempt to give the file what it missed. */
  close(): void {
    this.#closing.abort();
    if (this.degraded !== undefined) this.#returnToFile();
    this.#current.close(this.#options.process);
    this.#lock?.release();
  }

  #use<T>(work: (connection: Connection) => T): T {
    try {
      return work(this.#current);
    } catch (error) {
      const isTrouble = error instanceof RotatorError && error.code.startsWith('ERR_JOURNAL_');
      if (!isTrouble || this.degraded !== undefined) throw error;
      this.#current = this.#goOnInMemory(error, this.#current);
      return work(this.#current);
    }
  }

  /** The file, proven to be writable and readable. It is closed again if `use` throws. */
  #openFile(use: (file: Connection) => void = () => undefined): Connection {
    const { lock, leaseHolder, process } = this.#options;
    // A daemon that began without its journal must not write to one that another daemon has taken meanwhile.
    const isFirst = this.#lock === undefined;
    this.#lock ??= lock();
    const file = openFile(this.#options);
    try {
      file.read((tables) => tables.verify());
      file.write(({ shared }) => {
        // The daemon that held the lock before is dead, and so are its passes.
        if (isFirst) shared.endProcesses(leaseHolder);
        shared.register(process);
      });
      use(file);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #goOnInMemory(error: RotatorError, failed?: Connection): Connection {
    const { clock, held, onChange } = this.#options;
    this.degraded = { error: error.stored, since: clock.now() };
    const copy = this.#copyOf(failed);
    failed?.close();
    this.#start = copy?.tables.alerts.book();
    onChange(error);
    // Ends with an abort when the journal is closed.
    this.#retry().catch(() => undefined);
    const memory = copy ?? openInMemory(this.#options);
    // Passes that are under way go on.
    memory.write(({ shared }) => void held.list.map((lease) => shared.acquireLease(lease)));
    return memory;
  }

  /** A copy of what can be read over the connection that failed, else over a new one. */
  #copyOf(failed: Connection | undefined): Connection | undefined {
    for (const source of [() => failed?.db, () => openReadOnly(this.#options)]) {
      let db: DatabaseSync | undefined;
      try {
        db = source();
        if (db !== undefined) return openInMemory(this.#options, db);
      } catch {
        // It cannot be read this way.
      } finally {
        if (db !== failed?.db) db?.close();
      }
    }
    return undefined;
  }

  async #retry(): Promise<void> {
    while (this.degraded !== undefined) {
      await this.#options.clock.sleep(RETRY_AFTER_MS, this.#closing.signal);
      this.#returnToFile();
    }
  }

  #returnToFile(): void {
    const { onChange, warn } = this.#options;
    const memory = this.#current;
    try {
      this.#current = this.#openFile((file) => file.write((tables) => append(memory.tables, tables, this.#start)));
    } catch (thrown) {
      const error = asRotatorError(thrown);
      if (this.degraded !== undefined) this.degraded = { ...this.degraded, error: error.stored };
      if (error.code === 'ERR_DAEMON_RUNNING') warn(error);
      return;
    }
    memory.close();
    this.degraded = undefined;
    onChange(undefined);
  }
}

/** Adds to the file what is new in memory. `start` is undefined if memory did not begin as a copy of the file. */
function append(memory: Tables, file: Tables, start: Start | undefined): void {
  const { openSince } = memory.fleet();
  file.updateFleet((fleet) => ({ ...fleet, openSince }));
  const rotated = new Set<string>();
  for (const rotation of memory.rotations({ limit: -1 }).reverse()) {
    const row = newRow(file.rotation(rotation.id), rotation);
    if (row === undefined) continue;
    file.commit({ rotation: row });
    rotated.add(rotation.targetKey);
  }
  for (const target of memory.targets()) {
    const stored = file.target(target.key);
    // The state of its target goes with a rotation: it may be all that is known of a hidden secret.
    const isNews = start !== undefined && rotated.has(target.key) && !isLater(stored?.lastPassAt, target.lastPassAt);
    if (stored === undefined || isNews) file.commit({ target });
  }
  for (const lease of memory.shared.leases()) file.shared.acquireLease(lease);
  const book = memory.alerts.book();
  file.alerts.update(() => newAlerts(start, book));
}

function isLater(stored: number | null | undefined, ours: number | null): boolean {
  return (stored ?? 0) > (ours ?? 0);
}
