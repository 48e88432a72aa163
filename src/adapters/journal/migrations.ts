// The schema of the journal as an ordered list of steps: the schema version is the number of steps applied, kept in
// `user_version`. A step that was released never changes; a change of the schema is a new step at the end.
// An existing journal is copied before it is migrated; each step is one transaction with its version.
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RotatorError } from '../../core/errors.ts';
import { storiesFromConditions } from './old-conditions.ts';
import { trouble } from './trouble.ts';

/** Marks the file as ours (`PRAGMA application_id`): "ASR1". */
const APPLICATION_ID = 0x41535231;

export type Migration = (db: DatabaseSync) => void;

/** Version 0.1.0. */
const SECOND_SCHEMA = `
  CREATE TABLE targets (
    key      TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rotations (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of recording, whatever the clock said
    id         TEXT NOT NULL UNIQUE,
    target_key TEXT NOT NULL,
    target     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    emergency  INTEGER NOT NULL CHECK (emergency IN (0, 1)),
    outcome    TEXT,
    document   TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;
  CREATE INDEX rotations_open ON rotations (target_key, seq) WHERE outcome IS NULL;
  CREATE INDEX rotations_by_target ON rotations (target, seq);
  CREATE INDEX rotations_by_key ON rotations (target_key, seq);
  CREATE INDEX rotations_counted ON rotations (started_at) WHERE emergency = 0;

  CREATE TRIGGER rotations_finished BEFORE UPDATE ON rotations WHEN OLD.outcome IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a finished rotation never changes again'); END;
  CREATE TRIGGER rotations_identity BEFORE UPDATE ON rotations
  WHEN NEW.seq <> OLD.seq OR NEW.id <> OLD.id OR NEW.target_key <> OLD.target_key OR NEW.started_at <> OLD.started_at
  BEGIN SELECT RAISE(ABORT, 'a rotation keeps its identity'); END;
  CREATE TRIGGER rotations_replaced BEFORE INSERT ON rotations
  WHEN EXISTS (SELECT 1 FROM rotations WHERE id = NEW.id OR seq = NEW.seq)
  BEGIN SELECT RAISE(ABORT, 'a rotation is never replaced'); END;
  CREATE TRIGGER rotations_deleted BEFORE DELETE ON rotations
  BEGIN SELECT RAISE(ABORT, 'a rotation is never deleted'); END;

  CREATE TABLE fleet (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;

  CREATE TABLE leases (
    key   TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The alert book: each table in the order of its first writing.
  CREATE TABLE alert_conditions (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;

  CREATE TABLE alert_deliveries (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL CHECK (json_valid(document)),
    channel  TEXT AS (document ->> '$.channel')
  ) STRICT;

  CREATE TABLE alert_channels (
    seq      INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;

  CREATE TABLE alert_memo (
    seq      INTEGER PRIMARY KEY CHECK (seq = 1),
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;
`;

/** Conditions that no longer exist. Their alerts are deleted: nothing would end them. */
const REMOVED = `('JournalEphemeral', 'TargetRemoved', 'FleetHalted', 'AdoptionPending', 'SecretExpired',
    'AppleRejectsSecret', 'AppleCheckBlind', 'SecretReplaced')`;

const THIRD_SCHEMA = `
  -- Nothing counts rotations by whether they were emergencies any more.
  DROP INDEX rotations_counted;
  ALTER TABLE rotations DROP COLUMN emergency;

  -- Grows with every write of any target, so that what changed since a look is found without reading the others. It is
  -- where a row stands in the file: a row that is written anew goes to the end. A table without such numbers keeps the
  -- half of a row of over 1,000 bytes, as most are, in a page of its own.
  CREATE TABLE numbered (
    revision INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;
  INSERT INTO numbered (key, name, document) SELECT key, name, document FROM targets ORDER BY key;
  DROP TABLE targets;
  ALTER TABLE numbered RENAME TO targets;

  -- A row for each cause, in place of one for each condition.
  CREATE TABLE alert_stories (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL CHECK (json_valid(document))
  ) STRICT;
  -- The processes that use the journal, and what they share while there are several.
  CREATE TABLE processes (
    token    TEXT PRIMARY KEY,
    since    INTEGER NOT NULL,
    left_at  INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE paces (
    name     TEXT PRIMARY KEY,
    free_at  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE waiters (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
    lane      TEXT NOT NULL,
    token     TEXT NOT NULL,
    failed_at INTEGER,
    urgent    INTEGER NOT NULL,
    requested INTEGER NOT NULL,
    needed_by REAL NOT NULL, -- infinite where nobody knows
    until     INTEGER NOT NULL,
    UNIQUE (lane, token)
  ) STRICT;

  DELETE FROM alert_conditions WHERE document ->> '$.finding.condition' IN ${REMOVED};
`;

const AFTER_THIRD = `
  DROP TABLE alert_conditions;
  DROP TABLE alert_deliveries;
`;

/** Every step from an empty file to the schema of this program. */
export const MIGRATIONS: readonly Migration[] = [
  // The first schema was never released.
  (db) => db.exec(`PRAGMA application_id = ${APPLICATION_ID}`),
  (db) => db.exec(SECOND_SCHEMA),
  (db) => {
    db.exec(THIRD_SCHEMA);
    storiesFromConditions(db);
    db.exec(AFTER_THIRD);
  },
];

/**
 * Brings an open database to the schema of `migrations`. `before` is called first if it already has one of an older
 * version: a copy is made there. Safe against another process that does the same. Throws ERR_JOURNAL_NEWER, or what
 * SQLite throws; then the database is of the version whose step was the last to be committed.
 */
export function migrate(
  db: DatabaseSync,
  path: string,
  migrations: readonly Migration[],
  before: (version: number) => void = () => undefined,
): void {
  const version = checkedVersion(db, path, migrations.length);
  if (version === migrations.length) return;
  if (version > 0) before(version);
  for (const [index, step] of migrations.entries()) {
    db.exec('BEGIN IMMEDIATE');
    try {
      if (schemaVersion(db) === index) {
        step(db);
        db.exec(`PRAGMA user_version = ${index + 1}`);
      }
      db.exec('COMMIT');
    } finally {
      if (db.isTransaction) db.exec('ROLLBACK');
    }
  }
}

/** The schema version of a journal; throws ERR_JOURNAL_NEWER above `known`, ERR_JOURNAL_UNWRITABLE if it is no journal. */
export function checkedVersion(db: DatabaseSync, path: string, known: number): number {
  const version = schemaVersion(db);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  const { application_id: application } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  if (application !== APPLICATION_ID && (tables > 0 || version > 0)) throw trouble('foreign', path);
  if (version > known) throw newerSchema(path, version, known);
  return version;
}

/** What `user_version` says at this moment; inside a transaction, what it says to that transaction. */
export function schemaVersion(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** ERR_JOURNAL_NEWER, naming the copy that this program could go on with. */
export function newerSchema(path: string, version: number, known: number): RotatorError {
  return new RotatorError('ERR_JOURNAL_NEWER', { path, version, known, copy: newestCopy(path, known) });
}

/** The copy of the highest schema that is not above `known`, and of those the latest. */
function newestCopy(path: string, known: number): string | null {
  const folder = dirname(resolve(path));
  const prefix = `${basename(path)}.v`;
  const versions = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((rest) => /^\d+-\d{8}T\d{9}Z\.bak$/.test(rest) && Number.parseInt(rest, 10) <= known)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const best = versions.at(-1);
  return best === undefined ? null : join(folder, `${prefix}${best}`);
}

/** `20261122T101112345Z`, as it stands in the name of a copy. */
export function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:.]/g, '');
}
