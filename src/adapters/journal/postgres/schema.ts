// The schema of the journal in PostgreSQL as an ordered list of steps, and what makes it so. Every replica has the same
// database, and during an update an older program works beside a newer one: a step expands, and only a later release
// contracts. A step that was released never changes.
import type { Query } from './query.ts';

export interface Step {
  readonly sql: (schema: string) => string;
  /** The lowest version of the schema whose programs may still read, and write, after this step. */
  readonly minReader: number;
  readonly minWriter: number;
}

/** Marks the schema as ours. */
export const APPLICATION = 'apple-secret-rotator';

const FIRST = (s: string) => `
  CREATE TABLE ${s}.journal (
    id            integer PRIMARY KEY CHECK (id = 1),
    application   text NOT NULL,
    version       integer NOT NULL,
    min_reader    integer NOT NULL,
    min_writer    integer NOT NULL,
    -- Grow with each change, so that what is known is not read again.
    fleet_version bigint NOT NULL DEFAULT 0,
    book_version  bigint NOT NULL DEFAULT 0
  );

  -- Documents are text: what PostgreSQL makes of JSON knows no zero character, which a name from outside may hold.
  CREATE TABLE ${s}.targets (
    key        text PRIMARY KEY,
    name       text NOT NULL,
    revision   bigint NOT NULL, -- grows with every write of any target, in the order of the commits
    expires_at double precision,
    document   text NOT NULL
  );
  CREATE INDEX targets_by_revision ON ${s}.targets (revision);
  CREATE INDEX targets_by_name ON ${s}.targets (name, revision);

  CREATE TABLE ${s}.rotations (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of recording, whatever the clock said
    id         text NOT NULL UNIQUE,
    target_key text NOT NULL,
    target     text NOT NULL,
    started_at bigint NOT NULL,
    outcome    text,
    document   text NOT NULL
  );
  CREATE INDEX rotations_open ON ${s}.rotations (target_key, seq) WHERE outcome IS NULL;
  CREATE INDEX rotations_by_target ON ${s}.rotations (target, seq);
  CREATE INDEX rotations_by_key ON ${s}.rotations (target_key, seq);

  CREATE FUNCTION ${s}.guard_rotation() RETURNS trigger LANGUAGE plpgsql AS $guard$
  BEGIN
    IF TG_OP = 'DELETE' THEN
      RAISE EXCEPTION 'a rotation is never deleted';
    END IF;
    IF OLD.outcome IS NOT NULL THEN
      RAISE EXCEPTION 'a finished rotation never changes again';
    END IF;
    IF NEW.seq <> OLD.seq OR NEW.id <> OLD.id OR NEW.target_key <> OLD.target_key OR NEW.started_at <> OLD.started_at THEN
      RAISE EXCEPTION 'a rotation keeps its identity';
    END IF;
    RETURN NEW;
  END
  $guard$;
  CREATE TRIGGER rotations_guard BEFORE UPDATE OR DELETE ON ${s}.rotations
    FOR EACH ROW EXECUTE FUNCTION ${s}.guard_rotation();

  CREATE TABLE ${s}.fleet (
    id       integer PRIMARY KEY CHECK (id = 1),
    document text NOT NULL
  );

  CREATE TABLE ${s}.leases (
    key   text PRIMARY KEY,
    token text NOT NULL,
    until bigint NOT NULL
  );

  CREATE TABLE ${s}.waiters (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of arrival
    lane      text NOT NULL,
    token     text NOT NULL,
    failed_at double precision,
    urgent    integer NOT NULL,
    requested integer NOT NULL,
    needed_by double precision NOT NULL, -- infinite where nobody knows
    until     bigint NOT NULL,
    UNIQUE (lane, token)
  );

  CREATE TABLE ${s}.processes (
    token   text PRIMARY KEY,
    since   bigint NOT NULL,
    left_at bigint
  );

  CREATE TABLE ${s}.paces (
    name    text PRIMARY KEY,
    free_at bigint NOT NULL
  );

  -- The replicas: by the database's clock, when each was first and last heard of, and whether it has said goodbye.
  CREATE TABLE ${s}.replicas (
    name     text PRIMARY KEY,
    first_at bigint NOT NULL,
    seen_at  bigint NOT NULL,
    has_left boolean NOT NULL,
    document text NOT NULL
  );

  -- What requests with an Idempotency-Key were answered.
  CREATE TABLE ${s}.answers (
    digest      text PRIMARY KEY,
    target_key  text NOT NULL,
    rotation_id text NOT NULL,
    at          bigint NOT NULL
  );

  -- The alert book: each table in the order of its first writing.
  CREATE TABLE ${s}.alert_stories (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text NOT NULL UNIQUE,
    document text NOT NULL
  );
  CREATE TABLE ${s}.alert_channels (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text NOT NULL UNIQUE,
    document text NOT NULL
  );
  CREATE TABLE ${s}.alert_memo (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text NOT NULL UNIQUE,
    document text NOT NULL
  );
`;

export const STEPS: readonly Step[] = [{ sql: FIRST, minReader: 1, minWriter: 1 }];

/** What the row of the journal says of its schema. */
export interface Versions {
  readonly version: number;
  readonly minReader: number;
  readonly minWriter: number;
}

/** Whether the schema is there, without reading it. */
export async function hasSchema(query: Query, name: string): Promise<{ schema: boolean; journal: boolean }> {
  const { rows } = await query(
    `SELECT (SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1) AS schemas,
            (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = $1 AND c.relname = 'journal') AS journals`,
    [name],
  );
  return { schema: rows[0]?.['schemas'] === 1, journal: rows[0]?.['journals'] === 1 };
}

/**
 * Brings the schema to the last of `steps`, in the transaction that has the journal's lock; what it was before. One that
 * is newer is left as it is: whether it may be written is decided by its row.
 */
export async function migrate(query: Query, name: string, quoted: string, steps: readonly Step[]): Promise<number> {
  const found = await hasSchema(query, name);
  if (!found.schema) await query(`CREATE SCHEMA ${quoted}`);
  const { rows } = found.journal ? await query(`SELECT version FROM ${quoted}.journal`) : { rows: [] };
  const version = Number(rows[0]?.['version'] ?? 0);
  for (const [index, { sql, minReader, minWriter }] of steps.entries()) {
    if (index < version) continue;
    await query(sql(quoted));
    await query(
      `INSERT INTO ${quoted}.journal (id, application, version, min_reader, min_writer) VALUES (1, $1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET version = excluded.version, min_reader = excluded.min_reader,
       min_writer = excluded.min_writer`,
      [APPLICATION, index + 1, minReader, minWriter],
    );
  }
  return version;
}
