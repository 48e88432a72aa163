// One open database with the journal's tables: a file that is written or only read, or a database in memory. For writing
// the file is made, migrated and proven writable. Reading changes nothing, and works beside a running daemon, after one,
// and (as far as SQLite can) in a folder that is not ours to write.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { RotatorError } from '../../core/errors.ts';
import { copyDatabase } from './copy.ts';
import type { JournalClock } from './leases.ts';
import { checkedVersion, type Migration, migrate, newerSchema, schemaVersion, stamp } from './migrations.ts';
import { Tables } from './tables.ts';
import { isBusy, journalError, narrowCompanions, prepareFile, trouble, unfitRow } from './trouble.ts';

export interface ConnectionOptions {
  readonly path: string;
  /** The schema's steps; another list is for tests of migrations. */
  readonly migrations: readonly Migration[];
  /** How long a call may wait for another process, in ms. */
  readonly busyTimeoutMs: number;
  /** The journal's clock. */
  readonly clock: JournalClock;
  /** Called for a row of the alert book that cannot be read and is left out. */
  readonly onDamage: (reason: RotatorError) => void;
}

/** An open database. Failures of the storage are thrown as ERR_JOURNAL_*, everything else as it is. */
export class Connection {
  readonly db: DatabaseSync;
  readonly tables: Tables;
  readonly #path: string;
  readonly #version: number;
  /** What every transaction runs. Made once: to prepare them takes longer than to run them. */
  readonly #sql: ReturnType<typeof statements>;
  /** Whether the transaction before waited for the disk; undefined: none has written. */
  #waits: boolean | undefined;
  /** Of the file that is written; undefined for one that is read, and in memory. */
  readonly #identity: string | undefined;

  constructor(db: DatabaseSync, { path, clock, onDamage }: ConnectionOptions, isWritten = false) {
    this.db = db;
    this.#path = path;
    this.#version = schemaVersion(db);
    this.#sql = statements(db);
    this.#identity = isWritten ? fileIdentity(path) : undefined;
    this.tables = new Tables(
      db,
      () => clock.now(),
      (what, why) => unfitRow('damaged-row', path, what, why),
      (what, why) => onDamage(unfitRow('dropped-row', path, what, why)),
    );
  }

  /** Reads as of one instant. */
  read<T>(work: (tables: Tables) => T): T {
    return this.#transaction('reads', work);
  }

  /** Reads what one statement reads, or what is kept while nobody else writes: no transaction is needed. */
  glance<T>(work: (tables: Tables) => T): T {
    try {
      return work(this.tables);
    } catch (error) {
      throw journalError(error, this.#path);
    }
  }

  /** One transaction that writes; nothing of it stays if `work` throws. */
  write<T>(work: (tables: Tables) => T): T {
    return this.#transaction('waits-for-disk', work);
  }

  /** The same, which does not wait for the disk: who holds what is of no use once every process has ended with the machine. */
  share<T>(work: (tables: Tables) => T): T {
    return this.#transaction('writes', work);
  }

  /** `process`: the name of this one, which no longer uses the journal. */
  close(process?: string): void {
    if (!this.db.isOpen) return;
    try {
      if (process !== undefined) this.write(({ shared }) => shared.unregister(process));
    } catch {
      // It counts for a day at most.
    }
    this.db.close();
  }

  #transaction<T>(kind: 'reads' | 'waits-for-disk' | 'writes', work: (tables: Tables) => T): T {
    const { db, tables } = this;
    try {
      if (kind === 'reads') this.#sql.begin.run();
      else this.#beginToWrite(kind === 'waits-for-disk');
      const found = Number(this.#sql.version.get()?.['user_version']);
      if (found !== this.#version) throw newerSchema(this.#path, found, this.#version);
      const result = work(tables);
      this.#sql.commit.run();
      return result;
    } catch (error) {
      tables.alerts.forget();
      throw journalError(error, this.#path);
    } finally {
      if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
    }
  }

  #beginToWrite(waits: boolean): void {
    // What is written to a file that somebody moved or replaced would be lost with it.
    if (this.#identity !== undefined && fileIdentity(this.#path) !== this.#identity) throw trouble('moved', this.#path);
    if (waits !== this.#waits) this.db.exec(`PRAGMA synchronous = ${waits ? 'FULL' : 'NORMAL'}`);
    this.#waits = waits;
    this.#sql.beginToWrite.run();
  }
}

function statements(db: DatabaseSync) {
  return {
    begin: db.prepare('BEGIN'),
    beginToWrite: db.prepare('BEGIN IMMEDIATE'),
    version: db.prepare('PRAGMA user_version'),
    commit: db.prepare('COMMIT'),
  };
}

/**
 * Enough for the inner pages of the tables with ten thousand targets; the rows themselves are read at random, and the
 * system keeps their pages. SQLite fills what it may, 2 MB by itself, and gives none of it back.
 */
const CACHE_KB = 512;

/** Opens the file for writing. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
export function openFile(options: ConnectionOptions): Connection {
  const { path, migrations, clock } = options;
  prepareFile(path);
  return opened(path, options, false, (db) => {
    checkedVersion(db, path, migrations.length);
    switchToWal(db);
    db.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KB}`);
    migrate(db, path, migrations, (version) => copyDatabase(db, `${path}.v${version}-${stamp(clock.now())}.bak`));
    // A disk that is full or read-only is found here and not at the first rotation: this writes a page.
    db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${migrations.length}; COMMIT`);
    narrowCompanions(path);
    return new Connection(db, options, true);
  });
}

/**
 * Opens the journal for reading: the file itself, or a copy in memory if there is none yet or it has an older schema.
 * Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER.
 */
export function openToRead(options: ConnectionOptions): Connection {
  if (isEmpty(options.path)) return openInMemory(options);
  const file = openReadOnly(options);
  if (schemaVersion(file) === options.migrations.length) return new Connection(file, options);
  const copy = copyIntoMemory(file, options);
  file.close();
  copy.exec('PRAGMA query_only = ON');
  return new Connection(copy, options);
}

/** The file for reading, of our schema or an older one. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
export function openReadOnly(options: Pick<ConnectionOptions, 'path' | 'migrations' | 'busyTimeoutMs'>): DatabaseSync {
  const { path, migrations } = options;
  const check = (db: DatabaseSync) => {
    checkedVersion(db, path, migrations.length);
    return db;
  };
  try {
    return opened(path, options, true, check);
  } catch (error) {
    // Without a `-shm` file and in a folder that is not ours to write, SQLite cannot read a database in WAL mode. If
    // there is no log beside it either, the main file is the whole journal and may be read as immutable.
    const logSize = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (logSize > 0 || !existsSync(path)) throw error;
    const location = pathToFileURL(resolve(path));
    location.search = 'immutable=1';
    return opened(location, options, true, check);
  }
}

/**
 * A journal that is gone with its process: empty, or a copy of everything that can be read of `from`. Throws
 * ERR_JOURNAL_UNWRITABLE if that is damaged, and ERR_JOURNAL_NEWER.
 */
export function openInMemory(options: ConnectionOptions, from?: DatabaseSync): Connection {
  if (from !== undefined) {
    const copy = new Connection(copyIntoMemory(from, options), options);
    copy.write((tables) => tables.makeOwn());
    return copy;
  }
  return opened(':memory:', options, false, (db) => {
    migrate(db, options.path, options.migrations);
    return new Connection(db, options);
  });
}

/** `VACUUM INTO` reaches a database in memory only by a name that the whole process shares. */
function copyIntoMemory(from: DatabaseSync, options: ConnectionOptions): DatabaseSync {
  for (let n = 1; ; n += 1) {
    const name = `file:///journal-copy-${n}?mode=memory&cache=shared`;
    const copy = opened(new URL(name), options, false, (db) => {
      if (db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) return undefined;
      from.prepare('VACUUM INTO ?').run(name);
      migrate(db, options.path, options.migrations);
      return db;
    });
    if (copy !== undefined) return copy;
  }
}

/** Opens a database and returns what `use` makes of it. Closes it again if that is undefined, or throws. */
function opened<T>(
  location: string | URL,
  { path, busyTimeoutMs }: Pick<ConnectionOptions, 'path' | 'busyTimeoutMs'>,
  readOnly: boolean,
  use: (db: DatabaseSync) => T,
): T {
  let db: DatabaseSync | undefined;
  let result: T | undefined;
  try {
    db = new DatabaseSync(location, { readOnly, timeout: busyTimeoutMs });
    result = use(db);
    return result;
  } catch (error) {
    throw journalError(error, path);
  } finally {
    if (result === undefined) db?.close();
  }
}

/** One attempt for each process that opens the new journal at the same time; each waits for the busy timeout. */
const WAL_ATTEMPTS = 20;

/** SQLite does not wait for a process that makes the same switch, but a transaction does, so this waits with one. */
function switchToWal(db: DatabaseSync): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || attempt === WAL_ATTEMPTS) throw error;
      db.exec('BEGIN IMMEDIATE; ROLLBACK');
    }
  }
}

/** True without a file, and for one that was made a moment ago and has no schema yet. Throws if it is none. */
function isEmpty(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) throw trouble(found.isDirectory() ? 'is-folder' : 'is-device', path);
    return [path, `${path}-wal`].every((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0);
  } catch (error) {
    throw journalError(error, path);
  }
}

/** Device and inode of the file behind a path. */
function fileIdentity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.dev}:${found.ino}`;
}
