// What both kinds of journal do with rows beside their SQL: how a rotation may change, which rows of the alert book are
// left after an update, and how a row is frozen.
import { isDeepStrictEqual } from 'node:util';
import type { Rotation } from '../../core/records.ts';

/** Called for a row that cannot be read: what it was, and where it does not fit. */
export type OnDamage = (what: string, why: string) => void;

/** Thrown for a row that does not fit its schema. */
export type Damaged = (what: string, why: string) => Error;

/** A row of a target as it is kept. */
export interface KeptTarget {
  readonly key: string;
  readonly name: string;
  readonly document: string;
}

/**
 * What writing a rotation means; of one that is open, what never changes is enough. Throws a TypeError, a mistake of the
 * caller, for a change of that.
 */
export function growth(
  stored: Pick<Rotation, 'outcome' | 'targetKey' | 'startedAt'> | undefined,
  next: Rotation,
): 'none' | 'new' | 'grown' {
  const { id, targetKey, startedAt } = next;
  if (stored === undefined) return 'new';
  if (isDeepStrictEqual(stored, next)) return 'none';
  if (stored.outcome !== null) throw new TypeError(`rotation ${id} is finished and never changes again`);
  if (stored.targetKey !== targetKey || stored.startedAt !== startedAt)
    throw new TypeError(`rotation ${id} began at ${stored.startedAt} for another target or at another time`);
  return 'grown';
}

/** A change of a table of the alert book. */
export interface RowChange<T> {
  readonly remove: readonly string[];
  readonly put: readonly T[];
}

/** The rows as they are after a change: removals go first. */
export function rowsAfter<T>(
  before: readonly T[],
  keyOf: (row: T) => string,
  { remove, put }: RowChange<T>,
): readonly T[] {
  if (remove.length + put.length === 0) return before;
  const rows = new Map(before.map((row) => [keyOf(row), row]));
  for (const key of remove) rows.delete(key);
  for (const row of put) rows.set(keyOf(row), row);
  return Object.freeze([...rows.values()]);
}

/** The same value with everything in it frozen. What is frozen already is taken to be so throughout. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) frozen(item);
  return value;
}
