// The journal in memory: for tests, for reading where nothing was recorded yet, and as the mirror that a degradable
// journal goes on with. It keeps the same rows, in the same order and under the same rules as SQLite does.
import { type AlertBook, EMPTY_BOOK } from '../../core/alerts/records.ts';
import type { Journal } from '../../core/ports.ts';
import { EMPTY_FLEET, type FleetState, type Rotation, type TargetState } from '../../core/records.ts';
import { frozen, updatedBook } from './alert-book.ts';
import { LEASE_TOLERANCE_MS } from './sqlite.ts';
import { rotationChange, storable, writing } from './stored.ts';

export interface Lease {
  readonly key: string;
  readonly token: string;
  /** Wall clock, ms. */
  readonly until: number;
}

export interface MemoryJournal extends Journal {
  /** Every lease that was taken and not released, whether it still runs or not. */
  leases(): Lease[];
  /** Notes a lease that was taken elsewhere, whatever was known of it. */
  setLease(lease: Lease): void;
  /** Takes over a book that another journal handed out. */
  setAlertBook(book: AlertBook): void;
}

export interface MemoryJournalOptions {
  /** Above this many, the oldest finished rotations are forgotten. Without it none is. */
  readonly maxFinished?: number;
}

export function createMemoryJournal({ maxFinished = Infinity }: MemoryJournalOptions = {}): MemoryJournal {
  const targets = new Map<string, TargetState>();
  /** In the order of recording. */
  const rotations = new Map<string, Rotation>();
  const leases = new Map<string, Lease>();
  let fleet: FleetState = EMPTY_FLEET;
  let alerts: AlertBook = EMPTY_BOOK;

  function forgetOldest(): void {
    if (rotations.size <= maxFinished) return;
    for (const { id, outcome } of rotations.values()) {
      if (rotations.size <= maxFinished) return;
      if (outcome !== null) rotations.delete(id);
    }
  }

  const copies = <T>(values: Iterable<T>): T[] => [...values].map((value) => structuredClone(value));

  return {
    async target(key) {
      return structuredClone(targets.get(key));
    },
    async targets() {
      return copies(targets.values()).sort((a, b) => compareText(a.name, b.name) || compareText(a.key, b.key));
    },
    async commit(change) {
      const target = change.target && storable(writing.target, change.target, 'target');
      const rotation = change.rotation && storable(writing.rotation, change.rotation, 'rotation');
      const isNews = rotation !== undefined && rotationChange(rotations.get(rotation.id), rotation) === 'write';
      if (target) targets.set(target.key, target);
      if (isNews) rotations.set(rotation.id, rotation);
      forgetOldest();
    },
    async openRotations(key) {
      return copies([...rotations.values()].filter(({ targetKey, outcome }) => targetKey === key && outcome === null));
    },
    async rotations({ target, limit }) {
      const newestFirst = [...rotations.values()].reverse();
      const wanted = newestFirst.filter(
        (row) => target === undefined || row.target === target || row.targetKey === target,
      );
      return copies(wanted.slice(0, limit));
    },
    async fleet() {
      return structuredClone(fleet);
    },
    async updateFleet(change) {
      fleet = storable(writing.fleet, change(structuredClone(fleet)), 'fleet');
      return structuredClone(fleet);
    },
    async acquireLease(key, token, nowMs, ttlMs) {
      const held = leases.get(key);
      const until = nowMs + ttlMs;
      const isFree =
        held === undefined || held.token === token || held.until <= nowMs || held.until > until + LEASE_TOLERANCE_MS;
      if (isFree) leases.set(key, { key, token, until });
      return isFree;
    },
    async renewLease(key, token, nowMs, ttlMs) {
      if (leases.get(key)?.token !== token) return false;
      leases.set(key, { key, token, until: nowMs + ttlMs });
      return true;
    },
    async releaseLease(key, token) {
      if (leases.get(key)?.token === token) leases.delete(key);
    },
    async endLeases(prefix) {
      for (const [key, { token }] of leases) if (token.startsWith(prefix)) leases.delete(key);
    },
    async alertBook() {
      return alerts;
    },
    async updateAlerts(change) {
      const update = frozen(storable(writing.update, change(alerts), 'change of alerts'));
      alerts = updatedBook(alerts, update);
      return update;
    },
    async close() {},
    leases() {
      return [...leases.values()];
    },
    setLease(lease) {
      leases.set(lease.key, lease);
    },
    setAlertBook(book) {
      alerts = frozen(book);
    },
  };
}

/** The order of SQLite's BINARY collation: UTF-8 bytes, not UTF-16 units. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
