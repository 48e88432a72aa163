// The alert book in SQLite. The book is read once and kept: while nobody has written (`data_version` tells of other
// processes) the next call reads nothing, because the alerter looks at it several times a turn. A row that cannot be read
// is left out, reported, and removed at the next update: it must not silence the others.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type * as z from 'zod';
import {
  type AlertBook,
  type AlertMemo,
  type AlertUpdate,
  type ChannelState,
  type ConditionRecord,
  type Delivery,
  EMPTY_MEMO,
} from '../../core/alerts/records.ts';
import { shown } from '../../core/shown.ts';
import { parsed, reading, storable, writing } from './stored.ts';

/** Called for a row that cannot be read: what it was, and where it does not fit. */
export type OnDamage = (what: string, why: string) => void;

/** The book as it was read, and what removes the rows that are not in it. */
interface Known {
  readonly book: AlertBook;
  readonly version: unknown;
  readonly dropDamaged: readonly (() => unknown)[];
}

/** One table: rows with a document and a key, in the order of their first writing. */
class Table<T> {
  readonly #schema: z.ZodType<T>;
  readonly #keyOf: (value: T) => string;
  readonly #sql: Readonly<Record<'all' | 'put' | 'remove' | 'drop', StatementSync>>;

  constructor(
    db: DatabaseSync,
    name: string,
    key: string,
    schema: z.ZodType<T>,
    keyOf: (value: T) => string,
    onConflict = 'UPDATE SET document = excluded.document',
  ) {
    const table = `alert_${name}`;
    this.#schema = schema;
    this.#keyOf = keyOf;
    this.#sql = {
      all: db.prepare(`SELECT seq, ${key} AS key, document FROM ${table} ORDER BY seq`),
      put: db.prepare(`INSERT INTO ${table} (${key}, document) VALUES (?, ?) ON CONFLICT (${key}) DO ${onConflict}`),
      remove: db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`),
      drop: db.prepare(`DELETE FROM ${table} WHERE seq = ?`),
    };
  }

  read(damaged: (key: string, why: string, drop: () => unknown) => void): T[] {
    return this.#sql.all.all().flatMap(({ seq = null, key, document }) => {
      const found = parsed(this.#schema, document);
      if ('value' in found && this.#keyOf(found.value) === String(key)) return [found.value];
      const why = 'why' in found ? found.why : 'its key is another';
      damaged(shown(String(key), 200), why, () => this.#sql.drop.run(seq));
      return [];
    });
  }

  change(remove: readonly string[] = [], put: readonly T[] = []): void {
    for (const key of remove) this.#sql.remove.run(key);
    for (const row of put) this.#sql.put.run(this.#keyOf(row), JSON.stringify(row));
  }
}

export class AlertTables {
  readonly #onDamage: OnDamage;
  readonly #version: StatementSync;
  readonly #conditions;
  readonly #deliveries;
  readonly #channels;
  readonly #memo;
  #known: Known | undefined;

  constructor(db: DatabaseSync, onDamage: OnDamage) {
    this.#onDamage = onDamage;
    this.#version = db.prepare('PRAGMA data_version');
    this.#conditions = new Table<ConditionRecord>(db, 'conditions', 'id', reading.condition, (row) => row.finding.id);
    this.#deliveries = new Table<Delivery>(db, 'deliveries', 'id', reading.delivery, ({ id }) => id, 'NOTHING');
    this.#channels = new Table<ChannelState>(db, 'channels', 'name', reading.channel, ({ name }) => name);
    this.#memo = new Table<AlertMemo>(db, 'memo', 'seq', reading.memo, () => '1');
  }

  /** The whole book, frozen. For use inside a transaction, so that it is as of one instant. */
  book(): AlertBook {
    return this.#read().book;
  }

  /** The update as it was stored. For use inside a transaction that writes. */
  update(change: (book: AlertBook) => AlertUpdate): AlertUpdate {
    const { book, dropDamaged } = this.#read();
    const update: AlertUpdate = frozen(storable(writing.update, change(book), 'change of alerts'));
    if (Object.keys(update).length + dropDamaged.length > 0) this.#known = undefined;
    for (const drop of dropDamaged) drop();
    this.#conditions.change(update.removeConditions, update.putConditions);
    this.#deliveries.change(update.removeDeliveries, update.addDeliveries);
    this.#channels.change(update.removeChannels, update.putChannels);
    this.#memo.change([], update.memo && [update.memo]);
    return update;
  }

  #read(): Known {
    const version = this.#version.get()?.['data_version'];
    if (this.#known?.version === version) return this.#known as Known;
    const dropDamaged: (() => unknown)[] = [];
    const damaged = (what: string) => (key: string, why: string, drop: () => unknown) => {
      dropDamaged.push(drop);
      this.#onDamage(what === 'memo of alerts' ? what : `${what} ${key}`, why);
    };
    const book = frozen({
      conditions: this.#conditions.read(damaged('condition')),
      deliveries: this.#deliveries.read(damaged('delivery')),
      channels: this.#channels.read(damaged('channel state')),
      memo: this.#memo.read(damaged('memo of alerts'))[0] ?? EMPTY_MEMO,
    });
    this.#known = { book, version, dropDamaged };
    return this.#known;
  }
}

/** The same value with everything in it frozen. What is frozen already is taken to be so throughout. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) frozen(item);
  return value;
}
