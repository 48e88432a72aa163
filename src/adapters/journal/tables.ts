// The rows of one open database: what each method of the journal reads and writes. connection.ts adds the transactions.
// Every row is a JSON document; columns beside it hold what queries need.
import type { DatabaseSync } from 'node:sqlite';
import type * as z from 'zod';
import type { AlertBook, AlertUpdate } from '../../core/alerts/records.ts';
import { RotatorError } from '../../core/errors.ts';
import type {
  ChangedTargets,
  JournalChange,
  Recorded,
  Revision,
  RotationFilter,
  SeenTarget,
  TargetRecord,
} from '../../core/journal-ports.ts';
import { EMPTY_FLEET, type FleetState, type Rotation, type TargetState } from '../../core/records.ts';
import { AlertTables } from './alert-tables.ts';
import { type Damaged, growth, type KeptTarget, type OnDamage } from './kept-rows.ts';
import { SharedTables } from './shared-tables.ts';
import { parsed, reading, storable, writing } from './stored.ts';

export class Tables {
  readonly alerts: AlertTables;
  readonly shared: SharedTables;
  readonly #db: DatabaseSync;
  readonly #damaged: Damaged;
  readonly #sql: ReturnType<typeof statements>;
  #fleet: { readonly version: unknown; readonly state: FleetState } | undefined;
  /** Of its revisions; the connection itself would be kept open by whoever keeps one. */
  readonly #source = {};

  /** `now`: the journal's clock, in ms by the wall clock. */
  constructor(db: DatabaseSync, now: () => number, damaged: Damaged, onDroppedAlert: OnDamage) {
    this.#db = db;
    this.#damaged = damaged;
    this.#sql = statements(db);
    this.alerts = new AlertTables(db, onDroppedAlert);
    this.shared = new SharedTables(db, now);
  }

  target(key: string): TargetState | undefined {
    return this.#one(reading.target, this.#sql.target.get(key), 'target');
  }

  targets(): TargetState[] {
    return this.#all(reading.target, this.#sql.targets.all(), 'target');
  }

  named(name: string): TargetState | undefined {
    return this.#one(reading.target, this.#sql.named.get(name), 'target');
  }

  expiries(): Map<string, number> {
    const rows = this.#sql.expiries.all() as { key: string; expiresAt: number }[];
    return new Map(rows.map(({ key, expiresAt }) => [key, expiresAt]));
  }

  changedSince(revision: Revision | undefined, limit: number): ChangedTargets {
    const since = revision?.source === this.#source ? revision.number : 0;
    const rows = this.#sql.changedTargets.all(since, limit);
    const number = (rows.at(-1)?.['revision'] as number | undefined) ?? since;
    return { revision: { source: this.#source, number }, states: this.#all(reading.target, rows, 'target') };
  }

  record(key: string): TargetRecord {
    const [row, open] = [this.#sql.target.get(key), this.openRotations(key)];
    return {
      state: this.#one(reading.target, row, 'target'),
      seen: { revision: revisionOf(row), open: open.length },
      open,
      isHeld: this.shared.isHeld(key),
    };
  }

  /**
   * In one transaction. Throws ERR_LEASE_LOST and ERR_LEASE_HELD, and a TypeError, a mistake of the caller, for a change
   * of a finished rotation.
   */
  commit({ target, rotation, lease, seen }: JournalChange): void {
    const key = target?.key ?? rotation?.targetKey;
    if (key !== undefined && seen !== undefined && this.#isOvertaken(key, seen)) throw leaseError('ERR_LEASE_HELD');
    if (lease !== undefined && 'begins' in lease) {
      if (!this.shared.acquireLease(lease)) throw leaseError('ERR_LEASE_HELD');
    } else if (lease !== undefined) {
      const isOurs = lease.ends ? this.shared.releaseLease(lease) : this.shared.renewLease(lease);
      if (!isOurs) throw leaseError('ERR_LEASE_LOST');
    }
    if (target !== undefined) {
      const state = storable(writing.target, target, 'target');
      this.#sql.putTarget.run(state.key, state.name, JSON.stringify(state));
    }
    if (rotation !== undefined) this.#putRotation(storable(writing.rotation, rotation, 'rotation'));
  }

  rotation(id: string): Rotation | undefined {
    return this.#one(reading.rotation, this.#sql.rotation.get(id), 'rotation');
  }

  /** Newest first. */
  rotations({ target, before, limit, fingerprint }: RotationFilter): Rotation[] {
    const end = before === undefined ? null : (this.#sql.seq.get(before)?.['seq'] ?? 0);
    const { rotations, rotationsOf } = this.#sql;
    const rest = [end, end, limit, fingerprint ?? null, fingerprint ?? null];
    const rows = target === undefined ? rotations.all(...rest) : rotationsOf.all(target, target, ...rest);
    return this.#all(reading.rotation, rows, 'rotation');
  }

  openRotations(key: string): Rotation[] {
    return this.#all(reading.rotation, this.#sql.openRotations.all(key), 'rotation');
  }

  /** Read once, and kept while nobody writes: every pass looks at it, and it grows with the fleet. */
  fleet(): FleetState {
    const version = this.#sql.version.get()?.['data_version'];
    if (this.#fleet?.version !== version) {
      const state = this.#one(reading.fleet, this.#sql.fleet.get(), 'fleet') ?? EMPTY_FLEET;
      this.#fleet = { version, state };
    }
    return this.#fleet?.state ?? EMPTY_FLEET;
  }

  updateFleet(change: (state: FleetState) => FleetState): FleetState {
    const next = storable(writing.fleet, change(this.fleet()), 'fleet');
    this.#fleet = undefined;
    this.#sql.putFleet.run(JSON.stringify(next));
    return next;
  }

  book(): AlertBook {
    return this.alerts.book();
  }

  knownBook(): AlertBook | undefined {
    return this.alerts.known();
  }

  updateBook(change: (book: AlertBook, recorded: Recorded) => AlertUpdate): AlertUpdate {
    return this.alerts.update((book) => change(book, this));
  }

  /** Throws if a row that passes need cannot be read. */
  verify(): void {
    this.targets();
    this.fleet();
    this.#all(reading.rotation, this.#sql.unfinished.all(), 'rotation');
  }

  /** The revision of the target that was written last. */
  latest(): number {
    return (this.#sql.latest.get()?.['revision'] as number | null) ?? 0;
  }

  /** What was written after that. */
  writtenAfter(revision: number): TargetState[] {
    return this.#all(reading.target, this.#sql.changedTargets.all(revision, -1), 'target');
  }

  /** Takes over a row of another journal as it is. */
  keep({ key, name, document }: KeptTarget): void {
    this.#sql.putTarget.run(key, name, document);
  }

  /** Removes everything. For a journal in memory. */
  empty(): void {
    this.#db.exec('DROP TRIGGER IF EXISTS rotations_deleted');
    for (const table of ['targets', 'rotations', 'fleet', 'leases', 'waiters', 'paces'])
      this.#db.exec(`DELETE FROM ${table}`);
    this.#fleet = undefined;
  }

  /** Removes the rows that cannot be read, so that the others are of use, and other processes. For a copy in memory. */
  makeOwn(): void {
    this.shared.forgetProcesses();
    this.#db.exec('DROP TRIGGER rotations_deleted');
    const tables = { targets: reading.target, rotations: reading.rotation, fleet: reading.fleet };
    for (const [table, schema] of Object.entries(tables)) {
      const id = table === 'targets' ? 'key' : 'id';
      const drop = this.#db.prepare(`DELETE FROM ${table} WHERE ${id} = ?`);
      for (const row of this.#db.prepare(`SELECT ${id} AS id, document FROM ${table}`).all()) {
        if ('why' in parsed<unknown>(schema, row['document'])) drop.run(row['id'] ?? null);
      }
    }
  }

  /** Another process works on the target, or has worked on it since it was seen. */
  #isOvertaken(key: string, { revision, open }: SeenTarget): boolean {
    if (this.shared.isHeld(key) || revisionOf(this.#sql.target.get(key)) !== revision) return true;
    return this.#sql.openRotations.all(key).length !== open;
  }

  #putRotation(next: Rotation): void {
    const { id, targetKey, target, startedAt, outcome } = next;
    // An open row, as all but a few are, need not be read whole.
    const open = this.#sql.openRotation.get(id) as Pick<Rotation, 'outcome' | 'targetKey' | 'startedAt'> | undefined;
    const what = growth(open ?? this.rotation(id), next);
    const document = JSON.stringify(next);
    if (what === 'grown') this.#sql.updateRotation.run(outcome, document, id);
    if (what === 'new') this.#sql.addRotation.run(id, targetKey, target, startedAt, outcome, document);
  }

  #one<T>(schema: z.ZodType<T>, row: unknown, what: string): T | undefined {
    return row === undefined ? undefined : this.#all(schema, [row], what)[0];
  }

  #all<T>(schema: z.ZodType<T>, rows: unknown[], what: string): T[] {
    return rows.map((row) => {
      const found = parsed(schema, (row as { document: string }).document);
      if ('why' in found) throw this.#damaged(what, found.why);
      return found.value;
    });
  }
}

function revisionOf(row: Readonly<Record<string, unknown>> | undefined): number {
  return (row?.['revision'] as number | undefined) ?? 0;
}

function leaseError(code: 'ERR_LEASE_HELD' | 'ERR_LEASE_LOST'): RotatorError {
  return new RotatorError(code, null);
}

function ofSecret(rows: string): string {
  return `SELECT document FROM (${rows} ORDER BY seq DESC LIMIT ?)
          WHERE ? IS NULL OR document ->> '$.fingerprint' = ? ORDER BY seq DESC`;
}

function statements(db: DatabaseSync) {
  return {
    target: db.prepare('SELECT document, revision FROM targets WHERE key = ?'),
    targets: db.prepare('SELECT document FROM targets ORDER BY name, key'),
    latest: db.prepare('SELECT max(revision) AS revision FROM targets'),
    named: db.prepare('SELECT document FROM targets WHERE name = ? ORDER BY revision DESC LIMIT 1'),
    expiries: db.prepare(
      `SELECT key, document ->> '$.deployed.expiresAt' AS expiresAt FROM targets WHERE expiresAt IS NOT NULL`,
    ),
    changedTargets: db.prepare('SELECT document, revision FROM targets WHERE revision > ? ORDER BY revision LIMIT ?'),
    putTarget: db.prepare(
      `INSERT INTO targets (key, name, document, revision)
       VALUES (?, ?, ?, (SELECT coalesce(max(revision), 0) + 1 FROM targets)) ON CONFLICT (key) DO UPDATE
       SET name = excluded.name, document = excluded.document, revision = excluded.revision`,
    ),
    rotation: db.prepare('SELECT document FROM rotations WHERE id = ?'),
    openRotation: db.prepare(
      'SELECT outcome, target_key AS targetKey, started_at AS startedAt FROM rotations WHERE id = ? AND outcome IS NULL',
    ),
    addRotation: db.prepare(
      'INSERT INTO rotations (id, target_key, target, started_at, outcome, document) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    updateRotation: db.prepare('UPDATE rotations SET outcome = ?, document = ? WHERE id = ?'),
    openRotations: db.prepare('SELECT document FROM rotations WHERE target_key = ? AND outcome IS NULL ORDER BY seq'),
    unfinished: db.prepare('SELECT document FROM rotations WHERE outcome IS NULL'),
    seq: db.prepare('SELECT seq FROM rotations WHERE id = ?'),
    rotations: db.prepare(ofSecret('SELECT seq, document FROM rotations WHERE (? IS NULL OR seq < ?)')),
    rotationsOf: db.prepare(
      ofSecret('SELECT seq, document FROM rotations WHERE (target = ? OR target_key = ?) AND (? IS NULL OR seq < ?)'),
    ),
    version: db.prepare('PRAGMA data_version'),
    fleet: db.prepare('SELECT document FROM fleet WHERE id = 1'),
    putFleet: db.prepare(
      'INSERT INTO fleet (id, document) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document',
    ),
  };
}
