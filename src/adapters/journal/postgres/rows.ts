// The rows of the journal in PostgreSQL: what each method reads and writes inside a transaction. Every row is a document
// of JSON; columns beside it hold what queries need. Writers follow one another (connection.ts), so that revisions and
// the order of rotations are those of the commits.
import type * as z from 'zod';
import type { AlertBook, AlertUpdate } from '../../../core/alerts/records.ts';
import { RotatorError } from '../../../core/errors.ts';
import type {
  ChangedTargets,
  JournalChange,
  Recorded,
  Revision,
  RotationFilter,
  SeenTarget,
  TargetRecord,
} from '../../../core/journal-ports.ts';
import { EMPTY_FLEET, type FleetState, type Rotation, type TargetState } from '../../../core/records.ts';
import { type Damaged, growth, type KeptTarget } from '../kept-rows.ts';
import type { Rows } from '../over.ts';
import { parsed, reading, storable, writing } from '../stored.ts';
import type { AlertRows } from './alert-rows.ts';
import { withRecorded } from './recorded.ts';
import { ReplicaRows } from './replica-rows.ts';
import { PostgresShared } from './shared-rows.ts';
import { plain, type Transaction } from './transaction.ts';

/** What is kept from one transaction to the next. */
export interface Memory {
  readonly alerts: AlertRows;
  readonly damaged: Damaged;
  /** Of the revisions that this connection gives out. */
  readonly source: object;
  /** Every pass looks at it, and it grows with the fleet. */
  fleet: { readonly version: number; readonly state: FleetState } | undefined;
}

/** The server ends a transaction that is silent for long, as one is while many rows are read into memory. */
const PAGE = 500;

type Row = Readonly<Record<string, unknown>>;

export class PostgresRows implements Rows {
  readonly shared: PostgresShared;
  readonly replicas: ReplicaRows;
  readonly #memory: Memory;
  readonly #in: Transaction;

  /** For what is done to rows as they are. */
  get transaction(): Transaction {
    return this.#in;
  }

  constructor(transaction: Transaction, memory: Memory) {
    this.#in = transaction;
    this.#memory = memory;
    this.shared = new PostgresShared(transaction);
    this.replicas = new ReplicaRows(transaction);
  }

  async target(key: string): Promise<TargetState | undefined> {
    return this.#one(reading.target, await this.#target(key), 'target');
  }

  /** The target that was last recorded under a name. */
  async named(name: string): Promise<TargetState | undefined> {
    const sql = `SELECT document FROM ${this.#in.schema}.targets WHERE name = $1 ORDER BY revision DESC LIMIT 1`;
    return this.#one(reading.target, (await this.#in.query(sql, [plain(name)])).rows[0], 'target');
  }

  async expiries(): Promise<ReadonlyMap<string, number>> {
    const sql = `SELECT key, expires_at FROM ${this.#in.schema}.targets WHERE expires_at IS NOT NULL`;
    const { rows } = await this.#in.query(sql);
    return new Map(rows.map(({ key, expires_at: at }) => [key as string, at as number]));
  }

  async changedSince(revision: Revision | undefined, limit: number): Promise<ChangedTargets> {
    const { source } = this.#memory;
    const since = revision?.source === source ? revision.number : 0;
    const sql = `SELECT document, revision FROM ${this.#in.schema}.targets WHERE revision > $1 ORDER BY revision LIMIT $2`;
    const { rows } = await this.#in.query(sql, [since, limit]);
    const number = (rows.at(-1)?.['revision'] as number | undefined) ?? since;
    return { revision: { source, number }, states: this.#all(reading.target, rows, 'target') };
  }

  /** The rows that were written since, unread. */
  async writtenSince(since: number, limit: number): Promise<readonly (KeptTarget & { readonly revision: number })[]> {
    const sql = `SELECT key, name, document, revision FROM ${this.#in.schema}.targets
                 WHERE revision > $1 ORDER BY revision LIMIT $2`;
    return (await this.#in.query(sql, [since, limit])).rows as unknown as (KeptTarget & { revision: number })[];
  }

  async record(key: string): Promise<TargetRecord> {
    const [row, open] = [await this.#target(key), await this.openRotations(key)];
    return {
      state: this.#one(reading.target, row, 'target'),
      seen: { revision: (row?.['revision'] as number | undefined) ?? 0, open: open.length },
      open,
      isHeld: await this.shared.isHeld(key),
    };
  }

  /** Throws ERR_LEASE_LOST and ERR_LEASE_HELD, and a TypeError for a change of a finished rotation. */
  async commit({ target, rotation, lease, seen }: JournalChange): Promise<void> {
    const key = target?.key ?? rotation?.targetKey;
    if (key !== undefined && seen !== undefined && (await this.#isOvertaken(key, seen)))
      throw new RotatorError('ERR_LEASE_HELD', null);
    if (lease !== undefined && 'begins' in lease) {
      if (!(await this.shared.acquireLease(lease))) throw new RotatorError('ERR_LEASE_HELD', null);
    } else if (lease !== undefined) {
      const isOurs = lease.ends
        ? await this.shared.releaseLease(lease)
        : (await this.shared.renewLeases([lease])).length === 0;
      if (!isOurs) throw new RotatorError('ERR_LEASE_LOST', null);
    }
    if (target !== undefined) await this.#putTarget(storable(writing.target, target, 'target'));
    if (rotation !== undefined) await this.#putRotation(storable(writing.rotation, rotation, 'rotation'));
  }

  async rotation(id: string): Promise<Rotation | undefined> {
    const { rows } = await this.#in.query(`SELECT document FROM ${this.#in.schema}.rotations WHERE id = $1`, [id]);
    return this.#one(reading.rotation, rows[0], 'rotation');
  }

  async openRotations(key: string): Promise<Rotation[]> {
    const sql = `SELECT document FROM ${this.#in.schema}.rotations
                 WHERE target_key = $1 AND outcome IS NULL ORDER BY seq`;
    return this.#all(reading.rotation, (await this.#in.query(sql, [plain(key)])).rows, 'rotation');
  }

  /** Those of every target, oldest first. */
  async everyOpenRotation(): Promise<Rotation[]> {
    const sql = `SELECT document FROM ${this.#in.schema}.rotations WHERE outcome IS NULL ORDER BY seq`;
    return this.#all(reading.rotation, (await this.#in.query(sql)).rows, 'rotation');
  }

  /** Throws if a row that passes need cannot be read. */
  async verify(): Promise<void> {
    for (let page: ChangedTargets | undefined; page === undefined || page.states.length > 0; )
      page = await this.changedSince(page?.revision, PAGE);
    await this.fleet();
    await this.everyOpenRotation();
  }

  /** Newest first. */
  async rotations({ target, before, limit, fingerprint }: RotationFilter): Promise<Rotation[]> {
    const { schema } = this.#in;
    const [conditions, values]: [string[], unknown[]] = [[], []];
    if (before !== undefined) {
      values.push(before);
      conditions.push(`seq < coalesce((SELECT seq FROM ${schema}.rotations WHERE id = $${values.length}), 0)`);
    }
    if (target !== undefined) {
      values.push(plain(target));
      conditions.push(`(target = $${values.length} OR target_key = $${values.length})`);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    values.push(limit);
    const last = `SELECT seq, document FROM ${schema}.rotations ${where} ORDER BY seq DESC LIMIT $${values.length}`;
    if (fingerprint !== undefined) values.push(fingerprint);
    const ofSecret = fingerprint === undefined ? '' : `WHERE document::json ->> 'fingerprint' = $${values.length}`;
    const sql = `SELECT document FROM (${last}) AS last ${ofSecret} ORDER BY seq DESC`;
    return this.#all(reading.rotation, (await this.#in.query(sql, values)).rows, 'rotation');
  }

  async fleet(): Promise<FleetState> {
    const version = this.#in.versions.fleet;
    const known = this.#memory.fleet;
    if (known?.version === version) return known.state;
    const { rows } = await this.#in.query(`SELECT document FROM ${this.#in.schema}.fleet WHERE id = 1`);
    const state = this.#one(reading.fleet, rows[0], 'fleet') ?? EMPTY_FLEET;
    this.#memory.fleet = { version, state };
    return state;
  }

  async updateFleet(change: (state: FleetState) => FleetState): Promise<FleetState> {
    const { schema, versions } = this.#in;
    const next = storable(writing.fleet, change(await this.fleet()), 'fleet');
    await this.#in.query(
      `INSERT INTO ${schema}.fleet (id, document) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
      [JSON.stringify(next)],
    );
    await this.#in.query(`UPDATE ${schema}.journal SET fleet_version = $1`, [versions.fleet + 1]);
    return next;
  }

  book(): Promise<AlertBook> {
    return this.#memory.alerts.book(this.#in);
  }

  knownBook(): Promise<AlertBook> {
    return this.book();
  }

  async updateBook(change: (book: AlertBook, recorded: Recorded) => AlertUpdate): Promise<AlertUpdate> {
    return this.#memory.alerts.update(this.#in, (book) => withRecorded(this, (recorded) => change(book, recorded)));
  }

  async #target(key: string): Promise<Row | undefined> {
    const sql = `SELECT document, revision FROM ${this.#in.schema}.targets WHERE key = $1`;
    return (await this.#in.query(sql, [plain(key)])).rows[0];
  }

  /** Another process works on the target, or has worked on it since it was seen. */
  async #isOvertaken(key: string, { revision, open }: SeenTarget): Promise<boolean> {
    const now = await this.record(key);
    return now.isHeld || now.seen.revision !== revision || now.seen.open !== open;
  }

  async #putTarget(state: TargetState): Promise<void> {
    const { schema } = this.#in;
    await this.#in.query(
      `INSERT INTO ${schema}.targets (key, name, document, expires_at, revision)
       VALUES ($1, $2, $3, $4, (SELECT coalesce(max(revision), 0) + 1 FROM ${schema}.targets))
       ON CONFLICT (key) DO UPDATE SET name = excluded.name, document = excluded.document,
       expires_at = excluded.expires_at, revision = excluded.revision`,
      [plain(state.key), plain(state.name), JSON.stringify(state), state.deployed?.expiresAt ?? null],
    );
  }

  async #putRotation(next: Rotation): Promise<void> {
    const { schema } = this.#in;
    const { id, targetKey, target, startedAt, outcome } = next;
    const what = growth(await this.rotation(id), next);
    const document = JSON.stringify(next);
    if (what === 'grown')
      await this.#in.query(`UPDATE ${schema}.rotations SET outcome = $1, document = $2 WHERE id = $3`, [
        outcome,
        document,
        id,
      ]);
    if (what === 'new')
      await this.#in.query(
        `INSERT INTO ${schema}.rotations (id, target_key, target, started_at, outcome, document)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, plain(targetKey), plain(target), startedAt, outcome, document],
      );
  }

  #one<T>(schema: z.ZodType<T>, row: Row | undefined, what: string): T | undefined {
    return row === undefined ? undefined : this.#all(schema, [row], what)[0];
  }

  #all<T>(schema: z.ZodType<T>, rows: readonly Row[], what: string): T[] {
    return rows.map(({ document }) => {
      const found = parsed(schema, document);
      if ('why' in found) throw this.#memory.damaged(what, found.why);
      return found.value;
    });
  }
}
