// The rows of one open database: what each method of the journal reads and writes. connection.ts adds the transactions.
// Every row is a JSON document; columns beside it hold what queries need.
import type { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { ChangedTargets, JournalChange, Revision, RotationFilter } from '../../core/ports.ts';
import { EMPTY_FLEET, type FleetState, type Rotation, type TargetState } from '../../core/records.ts';
import { AlertTables, type OnDamage } from './alert-tables.ts';
import { isGone } from './process-name.ts';
import { parsed, reading, storable, writing } from './stored.ts';

/**
 * How much further than now + ttl a lease may end before it counts as written by a clock that was wrong. A caller may
 * read its clock and then wait for the transaction of another, at most 5 s: with less tolerance its lease could be
 * taken from it, with more a wrong clock would hold up a target for longer.
 */
const LEASE_TOLERANCE_MS = 60_000;

/** A lease as it is stored. `until` is ms by the wall clock. */
export interface Lease {
  readonly key: string;
  readonly token: string;
  readonly until: number;
}

/** Thrown for a row that does not fit its schema. */
export type Damaged = (what: string, why: string) => Error;

export class Tables {
  readonly alerts: AlertTables;
  readonly #db: DatabaseSync;
  readonly #damaged: Damaged;
  readonly #sql: ReturnType<typeof statements>;
  /** Of its revisions; the connection itself would be kept open by whoever keeps one. */
  readonly #source = {};

  constructor(db: DatabaseSync, damaged: Damaged, onDroppedAlert: OnDamage) {
    this.#db = db;
    this.#damaged = damaged;
    this.#sql = statements(db);
    this.alerts = new AlertTables(db, onDroppedAlert);
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

  /** In one transaction. Throws a TypeError, a mistake of the caller, for a change of a finished rotation. */
  commit({ target, rotation }: JournalChange): void {
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
  rotations({ target, limit }: RotationFilter): Rotation[] {
    const rows =
      target === undefined ? this.#sql.rotations.all(limit) : this.#sql.rotationsOf.all(target, target, limit);
    return this.#all(reading.rotation, rows, 'rotation');
  }

  openRotations(key: string): Rotation[] {
    return this.#all(reading.rotation, this.#sql.openRotations.all(key), 'rotation');
  }

  fleet(): FleetState {
    return this.#one(reading.fleet, this.#sql.fleet.get(), 'fleet') ?? EMPTY_FLEET;
  }

  updateFleet(change: (state: FleetState) => FleetState): FleetState {
    const next = storable(writing.fleet, change(this.fleet()), 'fleet');
    this.#sql.putFleet.run(JSON.stringify(next));
    return next;
  }

  acquireLease({ key, token, until }: Lease, now: number): boolean {
    const tooFar = until + LEASE_TOLERANCE_MS;
    const held = this.#sql.lease.get(key)?.['token'];
    if (typeof held === 'string' && isGone(held)) this.releaseLease(key, held);
    return this.#sql.takeLease.run({ key, token, until, now, void: tooFar }).changes === 1;
  }

  renewLease({ key, token, until }: Lease): boolean {
    return this.#sql.renewLease.run(until, key, token).changes === 1;
  }

  releaseLease(key: string, token: string): void {
    this.#sql.endLease.run(key, token);
  }

  /** Ends every lease whose token begins with `prefix`: those of a process that is known to be dead. */
  endLeases(prefix: string): void {
    this.#sql.endLeases.run(prefix, prefix);
  }

  leases(): Lease[] {
    return this.#sql.leases.all() as unknown as Lease[];
  }

  /** Throws if a row that passes need cannot be read. */
  verify(): void {
    this.targets();
    this.fleet();
    this.#all(reading.rotation, this.#sql.unfinished.all(), 'rotation');
  }

  /** Removes the rows that cannot be read, so that the others are of use. Only for a copy in memory. */
  dropUnreadable(): void {
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

  #putRotation(next: Rotation): void {
    const { id, targetKey, target, startedAt, outcome } = next;
    const stored = this.rotation(id);
    if (stored !== undefined && isDeepStrictEqual(stored, next)) return;
    if ((stored?.outcome ?? null) !== null) throw new TypeError(`rotation ${id} is finished and never changes again`);
    if (stored !== undefined && (stored.targetKey !== targetKey || stored.startedAt !== startedAt))
      throw new TypeError(`rotation ${id} began at ${stored.startedAt} for another target or at another time`);
    const document = JSON.stringify(next);
    if (stored !== undefined) this.#sql.updateRotation.run(outcome, document, id);
    else this.#sql.addRotation.run(id, targetKey, target, startedAt, outcome, document);
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

function statements(db: DatabaseSync) {
  return {
    target: db.prepare('SELECT document FROM targets WHERE key = ?'),
    targets: db.prepare('SELECT document FROM targets ORDER BY name, key'),
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
    addRotation: db.prepare(
      'INSERT INTO rotations (id, target_key, target, started_at, outcome, document) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    updateRotation: db.prepare('UPDATE rotations SET outcome = ?, document = ? WHERE id = ?'),
    openRotations: db.prepare('SELECT document FROM rotations WHERE target_key = ? AND outcome IS NULL ORDER BY seq'),
    unfinished: db.prepare('SELECT document FROM rotations WHERE outcome IS NULL'),
    rotations: db.prepare('SELECT document FROM rotations ORDER BY seq DESC LIMIT ?'),
    rotationsOf: db.prepare(
      'SELECT document FROM rotations WHERE target = ? OR target_key = ? ORDER BY seq DESC LIMIT ?',
    ),
    fleet: db.prepare('SELECT document FROM fleet WHERE id = 1'),
    putFleet: db.prepare(
      'INSERT INTO fleet (id, document) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document',
    ),
    leases: db.prepare('SELECT key, token, until FROM leases'),
    takeLease: db.prepare(
      `INSERT INTO leases (key, token, until) VALUES (:key, :token, :until) ON CONFLICT (key) DO UPDATE
       SET token = excluded.token, until = excluded.until
       WHERE token = excluded.token OR until <= :now OR until > :void`,
    ),
    lease: db.prepare('SELECT token FROM leases WHERE key = ?'),
    renewLease: db.prepare('UPDATE leases SET until = ? WHERE key = ? AND token = ?'),
    endLease: db.prepare('DELETE FROM leases WHERE key = ? AND token = ?'),
    endLeases: db.prepare('DELETE FROM leases WHERE substr(token, 1, length(?)) = ?'),
  };
}
