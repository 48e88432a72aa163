// The alert book as a value that never changes: an update gives another book. What is handed out of a journal is
// frozen, so one book can be read by everybody, kept by the storage for its next call and by its mirror, uncopied.
import type { AlertBook, AlertUpdate } from '../../core/alerts/records.ts';

/**
 * The book after an update: what is removed goes first, then what is put takes the place of its predecessor or comes
 * last. A delivery whose id is there already is left as it is.
 */
export function updatedBook(book: AlertBook, update: AlertUpdate): AlertBook {
  const { putConditions, removeConditions, addDeliveries, removeDeliveries, putChannels, removeChannels } = update;
  return frozen({
    conditions: put(book.conditions, ({ finding }) => finding.id, removeConditions, putConditions),
    deliveries: put(book.deliveries, ({ id }) => id, removeDeliveries, undefined, addDeliveries),
    channels: put(book.channels, ({ name }) => name, removeChannels, putChannels),
    memo: update.memo ?? book.memo,
  });
}

function put<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  remove: readonly string[] = [],
  replace: readonly T[] = [],
  add: readonly T[] = [],
): readonly T[] {
  if (remove.length + replace.length + add.length === 0) return rows;
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  for (const key of remove) byKey.delete(key);
  for (const row of replace) byKey.set(keyOf(row), row);
  for (const row of add) if (!byKey.has(keyOf(row))) byKey.set(keyOf(row), row);
  return [...byKey.values()];
}

/** The same value with everything in it frozen. What is frozen already is taken to be so throughout. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) frozen(item);
  return value;
}
