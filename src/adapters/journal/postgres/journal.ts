// The journal on PostgreSQL, for any number of processes on any number of machines. Loaded when a journal is named by a
// URL of a database, and not before.
import { RotatorError } from '../../../core/errors.ts';
import type { DaemonJournal, Journal, SeenReplica } from '../../../core/journal-ports.ts';
import type { Clock } from '../../../core/ports.ts';
import { openInMemory } from '../connection.ts';
import { HeldLeases, type JournalClock } from '../leases.ts';
import { MIGRATIONS } from '../migrations.ts';
import { type Moved, type MovedFrom, moveJournal } from '../moving.ts';
import { journalOver } from '../over.ts';
import type { PostgresPlace, Warn } from '../place.ts';
import { unfitRow } from '../trouble.ts';
import { DATABASE_TIME, PostgresConnection, type PostgresOptions, WAIT_MS } from './connection.ts';
import { type DaemonSourceOptions, PostgresDaemonSource } from './daemon-source.ts';
import { movedFrom, movedTo } from './moved-rows.ts';
import { STEPS } from './schema.ts';

export interface PostgresJournalOptions extends Partial<Pick<PostgresOptions, 'steps' | 'time' | 'waitMs'>> {
  readonly mode: 'read' | 'write';
  readonly clock: JournalClock;
  readonly process?: string | undefined;
  readonly warn?: Warn;
}

export interface PostgresAt {
  readonly path: string;
  readonly postgres: PostgresPlace;
}

/** Opens the journal; to a reader, one that does not exist yet is empty. Throws ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER. */
export async function openPostgresJournal(at: PostgresAt, options: PostgresJournalOptions): Promise<Journal> {
  const { clock, process } = options;
  const own = connectionOptions(at, options);
  const connection = await PostgresConnection.open(own);
  if (own.mode === 'read' && !(await connection.isThere())) {
    await connection.close();
    const nothing = { path: at.path, clock, migrations: MIGRATIONS, busyTimeoutMs: 0, onDamage: () => undefined };
    return journalOver(openInMemory(nothing), new HeldLeases(clock), { clock, process: undefined });
  }
  if (process !== undefined) await connection.write(({ shared }) => shared.register(process));
  return journalOver(connection, new HeldLeases(clock), { clock, process });
}

export interface PostgresDaemonOptions extends Omit<PostgresJournalOptions, 'mode'> {
  readonly clock: JournalClock & Pick<Clock, 'sleep'>;
  readonly process: string;
  readonly onChange: DaemonSourceOptions['onChange'];
}

/**
 * Opens the journal of a daemon, of which there may be any number. It goes on in memory while the database is away: then
 * no call throws ERR_JOURNAL_*. Throws ERR_JOURNAL_NEWER.
 */
export async function openPostgresDaemonJournal(
  at: PostgresAt,
  options: PostgresDaemonOptions,
): Promise<DaemonJournal> {
  const { clock, process, onChange } = options;
  const held = new HeldLeases(clock);
  const own = connectionOptions(at, { ...options, mode: 'write' });
  const source = await PostgresDaemonSource.open({ ...own, clock, process, held, onChange });
  return {
    ...journalOver(source, held, { clock, process }),
    get degraded() {
      return source.degraded;
    },
    replicas: replicasOf(source),
  };
}

/** While the database is away, a report and an answer are lost, and replicas are as they were. */
function replicasOf(source: PostgresDaemonSource): NonNullable<DaemonJournal['replicas']> {
  let known: readonly SeenReplica[] = [];
  return {
    report: (report) => source.inDatabase('write', ({ replicas }) => replicas.report(report)),
    leave: (name) => source.inDatabase('write', ({ replicas }) => replicas.leave(name)),
    async replicas() {
      known = (await source.inDatabase('read', ({ replicas }) => replicas.all())) ?? known;
      return known;
    },
    abandoned: async () => (await source.inDatabase('read', ({ replicas }) => replicas.abandoned())) ?? [],
    answered: (digest) => source.inDatabase('read', ({ replicas }) => replicas.answered(digest)),
    keepAnswer: (digest, answer) => source.inDatabase('write', ({ replicas }) => replicas.keepAnswer(digest, answer)),
  };
}

/** Whether there is a journal. Throws ERR_JOURNAL_UNWRITABLE where it could not be written, or not be made. */
export async function inspectDatabase(at: PostgresAt, clock: JournalClock): Promise<boolean> {
  return withConnection(at, { mode: 'read', clock }, (connection) => connection.inspect());
}

/** Reads everything, as of one instant. */
export async function withDatabase<T>(
  at: PostgresAt,
  clock: JournalClock,
  use: (from: MovedFrom) => Promise<T>,
): Promise<T> {
  return withConnection(at, { mode: 'read', clock }, async (connection) => {
    if (!(await connection.isThere())) throw new RotatorError('ERR_USAGE', { problem: 'no-journal', path: at.path });
    return connection.read((rows) => use(movedFrom(rows.transaction)));
  });
}

/** Fills the journal in one transaction. Throws ERR_USAGE if it has rows. */
export async function fillDatabase(at: PostgresAt, clock: JournalClock, from: MovedFrom): Promise<Moved> {
  return withConnection(at, { mode: 'write', clock }, (connection) =>
    connection.write((rows) => moveJournal(from, movedTo(rows.transaction), at.path)),
  );
}

async function withConnection<T>(
  at: PostgresAt,
  options: PostgresJournalOptions,
  use: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  const connection = await PostgresConnection.open(connectionOptions(at, options));
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

function connectionOptions(
  { path, postgres: place }: PostgresAt,
  {
    mode,
    clock,
    steps = STEPS,
    time = () => DATABASE_TIME,
    waitMs = WAIT_MS,
    warn = () => undefined,
  }: PostgresJournalOptions,
): PostgresOptions {
  return {
    ...{ path, place, mode, clock, steps, time, waitMs },
    damaged: (row, said) => unfitRow('damaged-row', path, row, said),
    onDamage: (row, said) => warn(unfitRow('dropped-row', path, row, said)),
  };
}
