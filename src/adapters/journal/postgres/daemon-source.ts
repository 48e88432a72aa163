// What a daemon's journal on PostgreSQL is kept in: the database, and a journal in memory while the database is away,
// because renewals must go on. The one in memory follows the database all the time: when that is away nothing can be
// copied. Once the database answers again it gets the new rotations, states and alerts; nothing else is merged, because
// reading the provider outranks the journal.
import { type AlertBook, EMPTY_BOOK } from '../../../core/alerts/records.ts';
import { asRotatorError, RotatorError } from '../../../core/errors.ts';
import type { Degraded } from '../../../core/journal-ports.ts';
import type { Clock } from '../../../core/ports.ts';
import { EMPTY_FLEET, type FleetState, type Rotation, type TargetState } from '../../../core/records.ts';
import { SECOND } from '../../../core/time.ts';
import { SLICE } from '../../../net/event-loop.ts';
import { type Connection, openInMemory } from '../connection.ts';
import type { HeldLeases, JournalClock } from '../leases.ts';
import { MIGRATIONS } from '../migrations.ts';
import type { Maybe, Rows, Source } from '../over.ts';
import { newAlerts, newRow } from '../returned.ts';
import { parsed, reading } from '../stored.ts';
import type { Tables } from '../tables.ts';
import { PostgresConnection, type PostgresOptions } from './connection.ts';
import type { PostgresRows } from './rows.ts';

/**
 * How often the journal in memory follows the database, and a database that is away is tried again. What happened since
 * is not known while it is away; a look costs four statements.
 */
const FOLLOW_MS = 10 * SECOND;

export interface DaemonSourceOptions extends Omit<PostgresOptions, 'mode'> {
  readonly clock: JournalClock & Pick<Clock, 'sleep'>;
  readonly process: string;
  readonly held: HeldLeases;
  /** Called with the reason when the database is given up, and with `undefined` when it is written again. */
  readonly onChange: (reason: RotatorError | undefined) => void;
}

/** What the journal in memory began with, apart from the states of targets. */
interface Followed {
  readonly fleet: FleetState;
  readonly book: AlertBook;
  readonly open: readonly Rotation[];
}

const NOTHING: Followed = { fleet: EMPTY_FLEET, book: EMPTY_BOOK, open: [] };

/** What memory had when the database was given up. */
interface Start {
  readonly book: AlertBook;
  /** Of the last state of a target that came from the database. */
  readonly revision: number;
}

export class PostgresDaemonSource implements Source {
  degraded: Degraded | undefined;
  readonly #options: DaemonSourceOptions;
  readonly #memory: Connection;
  readonly #closing = new AbortController();
  #database: PostgresConnection | undefined;
  /** Undefined: nothing is known of the database. */
  #followed: Followed | undefined;
  /** The last state of a target that memory has from the database. */
  #revision = 0;
  /** Undefined while the database is used, and where memory began empty. */
  #start: Start | undefined;
  #following: Promise<void> | undefined;
  /** Calls wait for it. */
  #returning: Promise<void> | undefined;
  #stop: (() => void) | undefined;

  private constructor(options: DaemonSourceOptions) {
    const { path, clock } = options;
    this.#options = options;
    const onDamage = () => undefined;
    this.#memory = openInMemory({ path, clock, migrations: MIGRATIONS, busyTimeoutMs: 0, onDamage });
  }

  /** Opens the database, or goes on in memory. Throws ERR_JOURNAL_NEWER. */
  static async open(options: DaemonSourceOptions): Promise<PostgresDaemonSource> {
    const source = new PostgresDaemonSource(options);
    try {
      source.#database = await source.#opened();
    } catch (thrown) {
      const error = asRotatorError(thrown);
      if (error.code !== 'ERR_JOURNAL_UNWRITABLE') {
        source.#memory.close();
        throw error;
      }
      source.#goOnInMemory(error);
    }
    source.#stop = options.clock.every(FOLLOW_MS, () => source.#follow());
    void source.#follow();
    return source;
  }

  read<T>(work: (rows: Rows) => Maybe<T>): Promise<T> {
    return this.#use(
      (database) => database.read(work),
      () => this.#memory.read(work),
    );
  }

  write<T>(work: (rows: Rows) => Maybe<T>): Promise<T> {
    return this.#use(
      (database) => database.write(work),
      () => this.#memory.write(work),
    );
  }

  /** Durably: the machine of the database may fail, and the processes go on. */
  share<T>(work: (rows: Rows) => Maybe<T>): Promise<T> {
    return this.write(work);
  }

  /** What `work` gives of the database; undefined while it is away. */
  inDatabase<T>(how: 'read' | 'write', work: (rows: PostgresRows) => Promise<T>): Promise<T | undefined> {
    return this.#use<T | undefined>(
      (database) => database[how](work),
      () => undefined,
    );
  }

  glance<T>(work: (rows: Rows) => Maybe<T>): Promise<T> {
    return this.#use(
      (database) => database.glance(work),
      () => this.#memory.glance(work),
    );
  }

  /** Ends with one more attempt to give the database what it missed. */
  async close(): Promise<void> {
    this.#stop?.();
    this.#closing.abort();
    await this.#following;
    if (this.degraded !== undefined) await this.#return();
    await this.#database?.close(this.#options.process);
    this.#memory.close();
  }

  async #use<T>(ofDatabase: (database: PostgresConnection) => Promise<T>, ofMemory: () => Maybe<T>): Promise<T> {
    await this.#returning;
    const database = this.#database;
    if (this.degraded !== undefined || database === undefined) return ofMemory();
    try {
      return await ofDatabase(database);
    } catch (error) {
      if (!isTrouble(error)) throw error;
      this.#goOnInMemory(error);
      return ofMemory();
    }
  }

  async #opened(): Promise<PostgresConnection> {
    const database = await PostgresConnection.open({ ...this.#options, mode: 'write' });
    try {
      await database.read((rows) => rows.verify());
      await database.write(({ shared }) => shared.register(this.#options.process));
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  #goOnInMemory(error: RotatorError): void {
    if (this.degraded !== undefined) return;
    const { clock, held, onChange } = this.#options;
    const { fleet, book, open } = this.#followed ?? NOTHING;
    this.degraded = { error: error.stored, since: clock.now() };
    this.#memory.write((tables) => {
      tables.updateFleet(() => fleet);
      for (const rotation of open) tables.commit({ rotation });
      tables.alerts.update((before) => replaced(before, book));
      // Passes that are under way go on.
      for (const lease of held.list) tables.shared.acquireLease(lease);
    });
    const revision = this.#memory.read((tables) => tables.latest());
    this.#start = this.#followed && { book, revision };
    onChange(error);
    // Ends with an abort when the journal is closed.
    this.#retry().catch(() => undefined);
  }

  /** Memory takes in what the database has. Never throws. */
  async #follow(): Promise<void> {
    this.#following ??= this.#take().finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  async #take(): Promise<void> {
    await this.#returning;
    const database = this.#database;
    if (this.degraded !== undefined || database === undefined) return;
    try {
      for (let isBehind = true; isBehind && this.degraded === undefined; ) {
        const since = this.#revision;
        const rows = await database.read((each) => each.writtenSince(since, SLICE));
        if (this.degraded !== undefined) return;
        this.#memory.write((tables) => {
          // One that cannot be read would be no help.
          for (const row of rows) if ('value' in parsed(reading.target, row.document)) tables.keep(row);
        });
        this.#revision = rows.at(-1)?.revision ?? since;
        isBehind = rows.length === SLICE;
      }
      this.#followed = await database.read(async (rows) => ({
        fleet: await rows.fleet(),
        book: await rows.book(),
        open: await rows.everyOpenRotation(),
      }));
    } catch (thrown) {
      if (isTrouble(thrown)) this.#goOnInMemory(thrown);
    }
  }

  async #retry(): Promise<void> {
    while (this.degraded !== undefined) {
      await this.#options.clock.sleep(FOLLOW_MS, this.#closing.signal);
      await this.#return();
    }
  }

  async #return(): Promise<void> {
    if (this.#returning !== undefined) return this.#returning;
    try {
      if (this.#database === undefined) this.#database = await this.#opened();
      // Before calls have to wait.
      else await this.#database.read((rows) => rows.verify());
    } catch (thrown) {
      this.#staysAway(thrown);
      return;
    }
    this.#returning = this.#giveBack(this.#database);
    await this.#returning;
    this.#returning = undefined;
    if (this.degraded === undefined) this.#options.onChange(undefined);
  }

  #staysAway(thrown: unknown): void {
    if (this.degraded !== undefined) this.degraded = { ...this.degraded, error: asRotatorError(thrown).stored };
  }

  async #giveBack(database: PostgresConnection): Promise<void> {
    const start = this.#start;
    const news = this.#memory.read((tables) => newsOf(tables, start));
    try {
      await database.write((rows) => append(news, rows, start !== undefined));
    } catch (thrown) {
      this.#staysAway(thrown);
      return;
    }
    this.degraded = undefined;
    this.#start = undefined;
    this.#memory.write((tables) => tables.empty());
    // Its states are as they were written there: all of them come anew.
    this.#revision = 0;
    void this.#follow();
  }
}

function isTrouble(error: unknown): error is RotatorError {
  return error instanceof RotatorError && error.code.startsWith('ERR_JOURNAL_');
}

/** The update that makes `book` of `before`. */
function replaced(before: AlertBook, { stories, channels, memo }: AlertBook) {
  return {
    removeStories: before.stories.map(({ id }) => id),
    putStories: stories,
    removeChannels: before.channels.map(({ name }) => name),
    putChannels: channels,
    memo,
  };
}

/** What happened while the database was away. */
interface News {
  readonly rotations: readonly Rotation[];
  readonly targets: readonly TargetState[];
  readonly leases: ReturnType<Tables['shared']['leases']>;
  readonly alerts: ReturnType<typeof newAlerts>;
}

function newsOf(memory: Tables, start: Start | undefined): News {
  return {
    rotations: memory.rotations({ limit: -1 }).reverse(),
    targets: memory.writtenAfter(start?.revision ?? 0),
    leases: memory.shared.leases(),
    alerts: newAlerts(start?.book, memory.alerts.book()),
  };
}

/** `isInformed`: memory did not begin empty. */
async function append(
  { rotations, targets, leases, alerts }: News,
  rows: PostgresRows,
  isInformed: boolean,
): Promise<void> {
  const rotated = new Set<string>();
  for (const rotation of rotations) {
    const row = newRow(await rows.rotation(rotation.id), rotation);
    if (row === undefined) continue;
    await rows.commit({ rotation: row });
    rotated.add(rotation.targetKey);
  }
  for (const target of targets) {
    const stored = await rows.target(target.key);
    // The state of its target goes with a rotation: it may be all that is known of a hidden secret.
    const isNews = isInformed && rotated.has(target.key) && (stored?.lastPassAt ?? 0) <= (target.lastPassAt ?? 0);
    if (stored === undefined || isNews) await rows.commit({ target });
  }
  for (const lease of leases) await rows.shared.acquireLease(lease);
  await rows.updateBook(() => alerts);
}
