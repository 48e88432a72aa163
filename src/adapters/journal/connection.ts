// One open database with the journal's tables: a file that is written or only read, or a copy in memory. For writing the
// file is made, migrated and proven writable; for reading nothing is changed, and it works beside a running daemon,
// after one, and (as far as SQLite can) in a folder that is not ours to write.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { RotatorError } from '../../core/errors.ts';
import { copyDatabase } from './copy.ts';
import { checkedVersion, type Migration, migrate, newerSchema, schemaVersion, stamp } from './migrations.ts';
import { Tables } from './tables.ts';
import { isBusy, journalError, prepareFile, trouble, unfitRow } from './trouble.ts';

export interface ConnectionOptions {
  readonly path: string;
  /** The schema's steps; another list is for tests of migrations. */
  readonly migrations: readonly Migration[];
  /** How long a call may wait for another process, in ms. */
  readonly busyTimeoutMs: number;
  /** Told of a row of the alert book that could not be read and is left out. */
  readonly onDamage: (reason: RotatorError) => void;
}

/** An open database. Failures of the storage are thrown as ERR_JOURNAL_*, everything else as it is. */
export class Connection {
  readonly tables: Tables;
  readonly db: DatabaseSync;
  readonly #path: string;
  readonly #version: number;
  /** Of the file that was opened for writing; undefined for one that is read and for a copy in memory. */
  readonly #identity: string | undefined;

  constructor(db: DatabaseSync, { path, onDamage }: ConnectionOptions, isWritten: boolean) {
    this.db = db;
    this.#path = path;
    this.#version = schemaVersion(db);
    this.#identity = isWritten ? fileIdentity(path) : undefined;
    this.tables = new Tables(
      db,
      (what, why) => unfitRow('damaged-row', path, what, why),
      (what, why) => onDamage(unfitRow('dropped-row', path, what, why)),
    );
  }

  /** Reads as of one instant. */
  read<T>(work: (tables: Tables) => T): T {
    return this.#transaction('BEGIN', work);
  }

  /** One transaction that writes; nothing of it stays if `work` throws. */
  write<T>(work: (tables: Tables) => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  #transaction<T>(begin: string, work: (tables: Tables) => T): T {
    const db = this.db;
    try {
      if (this.#identity !== undefined && fileIdentity(this.#path) !== this.#identity)
        throw trouble('moved', this.#path);
      db.exec(begin);
      const found = schemaVersion(db);
      if (found !== this.#version) throw newerSchema(this.#path, found, this.#version);
      const result = work(this.tables);
      db.exec('COMMIT');
      return result;
    } catch (error) {
      throw journalError(error, this.#path);
    } finally {
      if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
    }
  }
}

/** Opens the file for writing; `nowMs` goes into the name of a copy. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
export function openFile(options: ConnectionOptions, nowMs: number): Connection {
  const { path, migrations } = options;
  prepareFile(path);
  return told(path, () =>
    opened(connect(path, options, false), (db) => {
      checkedVersion(db, path, migrations.length);
      switchToWal(db);
      db.exec('PRAGMA synchronous = FULL');
      migrate(db, path, migrations, (version) => copyDatabase(db, `${path}.v${version}-${stamp(nowMs)}.bak`));
      // A disk that is full or read-only is found here and not at the first rotation: this writes a page.
      db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${migrations.length}; COMMIT`);
      return new Connection(db, options, true);
    }),
  );
}

/**
 * Opens the journal for reading: the file itself, or a copy in memory where there is none yet or it is of an older
 * schema. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER.
 */
export function openToRead(options: ConnectionOptions): Connection {
  const { path, migrations } = options;
  if (isEmpty(path)) return openInMemory(options);
  const db = openReadOnly(options);
  if (schemaVersion(db) === migrations.length) return new Connection(db, options, false);
  const copy = copyIntoMemory(db, options);
  db.close();
  copy.exec('PRAGMA query_only = ON');
  return new Connection(copy, options, false);
}

/** The file for reading, of whatever schema up to ours. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
export function openReadOnly(options: ConnectionOptions): DatabaseSync {
  const { path, migrations } = options;
  const check = (db: DatabaseSync): DatabaseSync => {
    checkedVersion(db, path, migrations.length);
    return db;
  };
  return told(path, () => {
    try {
      return opened(connect(path, options, true), check);
    } catch (error) {
      // Without a `-shm` file and in a folder that is not ours to write, SQLite cannot read a database in WAL mode. If
      // there is no log beside it either, the main file is the whole journal and may be read as immutable.
      const logSize = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (error instanceof RotatorError || logSize > 0 || !existsSync(path)) throw error;
      const location = pathToFileURL(resolve(path));
      location.search = 'immutable=1';
      return opened(connect(location, options, true), check);
    }
  });
}

/**
 * A journal that lasts as long as its process: empty, or a copy of everything that can be read of `from`. Throws
 * ERR_JOURNAL_UNWRITABLE where that is damaged, and ERR_JOURNAL_NEWER.
 */
export function openInMemory(options: ConnectionOptions, from?: DatabaseSync): Connection {
  const db = from === undefined ? new DatabaseSync(':memory:') : copyIntoMemory(from, options);
  migrate(db, options.path, options.migrations);
  const connection = new Connection(db, options, false);
  connection.tables.dropUnreadable();
  return connection;
}

/** A copy in memory, of our schema. Throws ERR_JOURNAL_UNWRITABLE where the database is damaged, and ERR_JOURNAL_NEWER. */
function copyIntoMemory(from: DatabaseSync, { path, migrations }: ConnectionOptions): DatabaseSync {
  return told(path, () => {
    const { db, name } = emptySharedMemory();
    return opened(db, () => {
      from.prepare('VACUUM INTO ?').run(name);
      migrate(db, path, migrations);
      return db;
    });
  });
}

/** `VACUUM INTO` reaches a database in memory only by a name that the whole process shares. */
function emptySharedMemory(): { readonly db: DatabaseSync; readonly name: string } {
  for (let n = 1; ; n += 1) {
    const name = `file:///journal-copy-${n}?mode=memory&cache=shared`;
    const db = new DatabaseSync(new URL(name));
    if (db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return { db, name };
    db.close();
  }
}

function connect(location: string | URL, { busyTimeoutMs }: ConnectionOptions, readOnly: boolean): DatabaseSync {
  return new DatabaseSync(location, { readOnly, timeout: busyTimeoutMs });
}

/** Enough for every process that may open a new journal at once; each waits for the busy timeout. */
const WAL_ATTEMPTS = 20;

/**
 * SQLite does not wait for its busy timeout when the switch of a new file meets another process at the same point, so
 * the wait is had from a transaction, which does.
 */
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

/** What `use` makes of the database, which is closed again if that throws. */
function opened<T>(db: DatabaseSync, use: (db: DatabaseSync) => T): T {
  try {
    return use(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function told<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw journalError(error, path);
  }
}

/** True without a file, and for one that was made a moment ago and has no schema yet. */
function isEmpty(path: string): boolean {
  return told(path, () =>
    [path, `${path}-wal`].every((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0),
  );
}

/** Device and inode of the file behind a path, to notice that somebody put another in its place. */
function fileIdentity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.dev}:${found.ino}`;
}
