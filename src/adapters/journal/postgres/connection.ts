// Transactions on the journal in PostgreSQL. Writers follow one another, by a lock that ends with their transaction: what
// a transaction reads is what it changes, and revisions come in the order of the commits. Nothing here needs a session
// (settings and lock belong to the transaction, no statement is prepared), so that a pooler may hand out connections by
// the transaction. Time is the database's: the clocks of the replicas decide nothing.
import pg from 'pg';
import { RotatorError } from '../../../core/errors.ts';
import { holdSecret } from '../../../core/held-secrets.ts';
import { SECOND } from '../../../core/time.ts';
import type { OnDamage } from '../kept-rows.ts';
import type { JournalClock } from '../leases.ts';
import type { Maybe, Source } from '../over.ts';
import type { PostgresPlace } from '../place.ts';
import { AlertRows } from './alert-rows.ts';
import type { Query, Result, Row } from './query.ts';
import { type Memory, PostgresRows } from './rows.ts';
import { APPLICATION, hasSchema, migrate, type Step } from './schema.ts';
import type { Transaction } from './transaction.ts';
import { clientOptions, databaseError, trouble, type Where } from './trouble.ts';

export interface PostgresOptions {
  /** Where it is, in words that hold no secret. */
  readonly path: string;
  readonly place: PostgresPlace;
  readonly mode: 'read' | 'write';
  /** How the waits of this process are measured. */
  readonly clock: JournalClock;
  readonly steps: readonly Step[];
  /** The database's clock, in ms, as an expression of SQL; another one is for tests. */
  readonly time: () => string;
  readonly waitMs: number;
  readonly onDamage: OnDamage;
  /** Thrown for a row that passes need and that cannot be read. */
  readonly damaged: Memory['damaged'];
}

export const DATABASE_TIME = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/**
 * How long a call may take, whatever the database does: connecting, waiting for other writers, and each statement. A
 * transaction takes milliseconds. With less, a busy database would count as away; with more, a lease could not be renewed
 * in time (see LEASE_MS).
 */
export const WAIT_MS = 5 * SECOND;
/**
 * How long the server keeps a transaction whose process says nothing any more: until then no other process writes, and so
 * it must be less than WAIT_MS. With less, a process that computes for long between two statements would lose its work.
 */
const SILENT_MS = 3 * SECOND;
/** A process does little at once: writers follow one another anyway. */
const CONNECTIONS = 4;
const IDLE_MS = 60 * SECOND;
/** Of our locks among all of the database: "ASR1". */
const LOCK_CLASS = 0x41535231;

export class PostgresConnection implements Source {
  readonly #options: PostgresOptions;
  readonly #pool: pg.Pool;
  readonly #memory: Memory;
  readonly #schema: string;
  readonly #lock: number;

  private constructor(options: PostgresOptions) {
    const { place, waitMs } = options;
    this.#options = options;
    if (place.password !== undefined) holdSecret(place.password);
    this.#schema = `"${place.schema}"`;
    this.#lock = hash(place.schema);
    this.#memory = {
      alerts: new AlertRows(options.onDamage),
      damaged: options.damaged,
      source: {},
      fleet: undefined,
    };
    this.#pool = new pg.Pool({
      ...clientOptions(place),
      application_name: APPLICATION,
      max: CONNECTIONS,
      connectionTimeoutMillis: waitMs,
      // The server ends a statement first; this is for one that does not answer.
      query_timeout: waitMs + SECOND,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      // A command ends without waiting for idle connections.
      allowExitOnIdle: true,
      types: { getTypeParser: parserOf },
    });
    // Without a listener a connection that is lost would end the process. The pool opens another when it needs one.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  static #made(options: PostgresOptions): PostgresConnection {
    try {
      return new PostgresConnection(options);
    } catch (error) {
      throw databaseError(error, options);
    }
  }

  /** Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
  static async open(options: PostgresOptions): Promise<PostgresConnection> {
    const connection = PostgresConnection.#made(options);
    try {
      if (options.mode === 'write') await connection.#migrate();
      else if (await connection.isThere()) await connection.read(() => undefined);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  read<T>(work: (rows: PostgresRows) => Maybe<T>): Promise<T> {
    return this.#transaction(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${this.#limits()}; ${this.#look()}`,
      'minReader',
      work,
    );
  }

  /** Nothing of it stays if `work` throws. */
  write<T>(work: (rows: PostgresRows) => Maybe<T>): Promise<T> {
    return this.#transaction(`BEGIN; ${this.#limits()}; ${this.#takeLock()}; ${this.#look()}`, 'minWriter', work);
  }

  /** Durably: the machine of the database may fail, and the processes go on. */
  share<T>(work: (rows: PostgresRows) => Maybe<T>): Promise<T> {
    return this.write(work);
  }

  glance<T>(work: (rows: PostgresRows) => Maybe<T>): Promise<T> {
    return this.read(work);
  }

  async close(process?: string): Promise<void> {
    if (this.#pool.ending) return;
    try {
      if (process !== undefined) await this.write(({ shared }) => shared.unregister(process));
    } catch {
      // It counts for a day at most.
    }
    await this.#pool.end();
  }

  /** Of the transaction alone, so that a pooler may give the session to somebody else. */
  #limits(): string {
    const { waitMs } = this.#options;
    return `SET LOCAL statement_timeout = ${waitMs}; SET LOCAL lock_timeout = ${waitMs};
            SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS}`;
  }

  #takeLock(): string {
    return `SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${this.#lock})`;
  }

  #look(): string {
    return `SELECT version, min_reader, min_writer, fleet_version, book_version, ${this.#options.time()} AS now
            FROM ${this.#schema}.journal`;
  }

  async #transaction<T>(
    begin: string,
    least: 'minReader' | 'minWriter',
    work: (rows: PostgresRows) => Maybe<T>,
  ): Promise<T> {
    return this.#withSession(async (session) => {
      const row = (await session.several(begin)).at(-1)?.rows[0];
      if (row === undefined) throw trouble('foreign', this.#options);
      const transaction = this.#begun(session, row);
      const { version } = transaction.versions;
      if (this.#options.steps.length < transaction.versions[least]) throw this.#newer(version);
      // A command that reads does not migrate; whoever writes did as it opened.
      if (version < this.#options.steps.length) throw trouble('older', this.#options);
      const result = await work(new PostgresRows(transaction, this.#memory));
      await session.query('COMMIT');
      this.#memory.alerts.settle(transaction);
      return result;
    });
  }

  #begun({ query }: Session, row: Row): Transaction {
    const number = (name: string) => Number(row[name]);
    return {
      query,
      schema: this.#schema,
      now: number('now'),
      versions: {
        version: number('version'),
        minReader: number('min_reader'),
        minWriter: number('min_writer'),
        fleet: number('fleet_version'),
        book: number('book_version'),
      },
    };
  }

  /** A connection for `use`; it is given back whole, or not at all. */
  async #withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#session();
    let isWhole = true;
    try {
      return await use(session);
    } catch (thrown) {
      isWhole = await session.rollBack();
      throw thrown;
    } finally {
      session.end(isWhole);
    }
  }

  async #session(): Promise<Session> {
    try {
      return new Session(await this.#pool.connect(), this.#options);
    } catch (error) {
      throw databaseError(error, this.#options);
    }
  }

  async #migrate(): Promise<void> {
    const { place, steps } = this.#options;
    await this.#withSession(async (session) => {
      const { query } = session;
      // Most often nothing is to be done, which a role without any right to change the schema can see.
      const { journal } = await hasSchema(query, place.schema);
      const known = journal ? await query(`SELECT version FROM ${this.#schema}.journal`) : undefined;
      if (Number(known?.rows[0]?.['version'] ?? 0) >= steps.length) return;
      await session.several(`BEGIN; ${this.#limits()}; ${this.#takeLock()}`);
      await migrate(query, place.schema, this.#schema, steps);
      await query('COMMIT');
    });
    // Proves that it can be written, by this version.
    await this.write(({ transaction }) => transaction.query(this.#proof()));
  }

  /** Whether there is a journal: another process may make it meanwhile. */
  async isThere(): Promise<boolean> {
    return this.#withSession(async ({ query }) => (await hasSchema(query, this.#options.place.schema)).journal);
  }

  /** Whether there is a journal. Throws where it could not be written, or not be made; nothing is changed. */
  async inspect(): Promise<boolean> {
    return this.#withSession(async (session) => {
      const { schema, journal } = await hasSchema(session.query, this.#options.place.schema);
      await session.several(`BEGIN; ${this.#limits()}`);
      if (!schema) await session.query(`CREATE SCHEMA ${this.#schema}`);
      await session.query(journal ? this.#proof() : `CREATE TABLE ${this.#schema}.journal (id integer)`);
      await session.query('ROLLBACK');
      return journal;
    });
  }

  #proof(): string {
    return `UPDATE ${this.#schema}.journal SET version = version`;
  }

  #newer(version: number): RotatorError {
    const { path, steps } = this.#options;
    return new RotatorError('ERR_JOURNAL_NEWER', { path, version, known: steps.length, copy: null });
  }
}

/** A connection of the pool while it is used. Failures of the database are thrown as RotatorErrors. */
class Session {
  readonly #client: pg.PoolClient;
  readonly #where: Where;
  /** It said something else than an answer of the server: nobody knows what comes next. */
  #isBroken = false;

  constructor(client: pg.PoolClient, where: Where) {
    this.#client = client;
    this.#where = where;
  }

  readonly query: Query = async (sql, values) => {
    try {
      return await this.#client.query(sql, values === undefined ? undefined : [...values]);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.#isBroken = true;
      throw databaseError(error, this.#where);
    }
  };

  /** Several statements in one message: a result for each. */
  async several(sql: string): Promise<readonly Result[]> {
    return (await this.query(sql)) as unknown as readonly Result[];
  }

  /** False: the connection cannot be used any more. */
  async rollBack(): Promise<boolean> {
    if (this.#isBroken) return false;
    try {
      await this.query('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  end(isWhole: boolean): void {
    this.#client.release(!isWhole);
  }
}

/** 64-bit integers as numbers: instants and revisions are far below 2^53. */
const BIGINT = 20;
function parserOf(...args: Parameters<typeof pg.types.getTypeParser>): unknown {
  return args[0] === BIGINT ? Number : pg.types.getTypeParser(...args);
}

/** FNV-1a, as a signed 32-bit integer. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value | 0;
}
