// Opening the journal's file: for writing it is made, migrated and proven writable; for reading nothing is changed,
// and it works beside a running daemon, after one, and (as far as SQLite can) in a folder that is not ours to write.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { RotatorError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { checkedVersion, MIGRATIONS, type Migration, migrate } from './migrations.ts';
import { isBusy, journalError, prepareFile } from './storage.ts';

export interface SqliteJournalOptions {
  readonly path: string;
  readonly clock: Pick<Clock, 'now'>;
  /** `write` makes and migrates the file; `read` changes nothing and also works beside a running daemon. */
  readonly mode: 'write' | 'read';
  /** How long a call may wait for another process, in ms. */
  readonly busyTimeoutMs?: number;
  /**
   * Told of a row of the alert book that could not be read: it is left out, and removed at the next change of the
   * book, because what waits beside it must be told all the same.
   */
  readonly onDamage?: (reason: RotatorError) => void;
  /** The schema's steps; another list is for tests of migrations. */
  readonly migrations?: readonly Migration[];
}

const BUSY_TIMEOUT_MS = 5000;

/** A connection to a journal of our schema. Throws ERR_JOURNAL_UNWRITABLE, ERR_JOURNAL_NEWER, ERR_JOURNAL_OLDER. */
export function openConnection(options: SqliteJournalOptions): DatabaseSync {
  if (options.mode === 'write') prepareFile(options.path);
  try {
    return options.mode === 'write' ? openForWriting(options) : openForReading(options);
  } catch (error) {
    throw journalError(error, options.path);
  }
}

function connect(location: string | URL, options: SqliteJournalOptions): DatabaseSync {
  return new DatabaseSync(location, {
    readOnly: options.mode === 'read',
    timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
  });
}

function openForWriting(options: SqliteJournalOptions): DatabaseSync {
  const { path, clock, migrations = MIGRATIONS } = options;
  return opened(connect(path, options), (db) => {
    checkedVersion(db, path, migrations.length);
    switchToWal(db);
    db.exec('PRAGMA synchronous = FULL');
    migrate(db, path, clock.now(), migrations);
    // A disk that is full or read-only is found here and not at the first rotation: this writes a page.
    db.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${migrations.length}; COMMIT`);
  });
}

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

/**
 * Without a `-shm` file and in a folder that is not ours to write, SQLite cannot read a database in WAL mode. If there
 * is no log beside it either, the main file is the whole journal and may be read as immutable.
 */
function openForReading(options: SqliteJournalOptions): DatabaseSync {
  const { path, migrations = MIGRATIONS } = options;
  const check = (db: DatabaseSync): void => checkSchemaToRead(db, path, migrations.length);
  try {
    return opened(connect(path, options), check);
  } catch (error) {
    const logSize = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (error instanceof RotatorError || logSize > 0 || !existsSync(path)) throw error;
    const location = pathToFileURL(resolve(path));
    location.search = 'immutable=1';
    return opened(connect(location, options), check);
  }
}

/** The connection, closed again if `check` throws. */
function opened(db: DatabaseSync, check: (db: DatabaseSync) => void): DatabaseSync {
  try {
    check(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkSchemaToRead(db: DatabaseSync, path: string, known: number): void {
  const version = checkedVersion(db, path, known);
  if (version < known)
    throw new RotatorError(
      'ERR_JOURNAL_OLDER',
      `journal ${path} is of schema ${version}, this program reads ${known}`,
      {
        hint: 'Start `run` (or `once`) of this version once: it migrates the journal after copying it.',
      },
    );
}
