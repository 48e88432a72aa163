// The alert book in SQLite. The book is read once and kept: while no other process has written (`data_version`) the
// next call reads nothing, so that an update costs its own rows and one sync, however long the outbox is.
// A row that cannot be read is left out, told, and removed at the next update: it must not silence the others.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type * as z from 'zod';
import { type AlertBook, type AlertMemo, type AlertUpdate, EMPTY_MEMO } from '../../core/alerts/records.ts';
import { shown } from '../../core/shown.ts';
import { frozen, updatedBook } from './alert-book.ts';
import { parsed, reading, storable, writing } from './stored.ts';

interface Row {
  readonly seq: number;
  /** The id or the name. */
  readonly key: string;
  readonly document: string;
}

/** Told of a row that could not be read: what it was, and where it does not fit. */
export type OnDamage = (what: string, why: string) => void;

/** What one reading gave: the book, and what has to be done to the rows that are not in it. */
interface Reading {
  readonly book: AlertBook;
  readonly dropDamaged: readonly (() => unknown)[];
}

/** The statements of one table whose rows have a key. */
interface Table {
  /** Rows in the order of their first writing. */
  readonly all: StatementSync;
  readonly put: StatementSync;
  readonly remove: StatementSync;
  readonly drop: StatementSync;
}

function tableOf(db: DatabaseSync, name: string, key: string, onConflict: 'NOTHING' | 'UPDATE'): Table {
  const change = onConflict === 'UPDATE' ? 'UPDATE SET document = excluded.document' : 'NOTHING';
  return {
    all: db.prepare(`SELECT seq, ${key} AS key, document FROM ${name} ORDER BY seq`),
    put: db.prepare(`INSERT INTO ${name} (${key}, document) VALUES (?, ?) ON CONFLICT (${key}) DO ${change}`),
    remove: db.prepare(`DELETE FROM ${name} WHERE ${key} = ?`),
    drop: db.prepare(`DELETE FROM ${name} WHERE seq = ?`),
  };
}

/** Statements over the tables of alerts, and the book as it was read last. */
export class AlertTables {
  readonly #db: DatabaseSync;
  readonly #onDamage: OnDamage;
  readonly #sql: Readonly<Record<'version' | 'putMemo' | 'memo' | 'dropMemo', StatementSync>>;
  readonly #conditions: Table;
  readonly #deliveries: Table;
  readonly #channels: Table;
  #known: (Reading & { readonly version: unknown }) | undefined;

  constructor(db: DatabaseSync, onDamage: OnDamage) {
    this.#db = db;
    this.#onDamage = onDamage;
    this.#conditions = tableOf(db, 'alert_conditions', 'id', 'UPDATE');
    this.#deliveries = tableOf(db, 'alert_deliveries', 'id', 'NOTHING');
    this.#channels = tableOf(db, 'alert_channels', 'name', 'UPDATE');
    this.#sql = {
      version: db.prepare('PRAGMA data_version'),
      memo: db.prepare("SELECT seq, '' AS key, document FROM alert_memo"),
      putMemo: db.prepare(
        'INSERT INTO alert_memo (seq, document) VALUES (1, ?) ON CONFLICT (seq) DO UPDATE SET document = excluded.document',
      ),
      dropMemo: db.prepare('DELETE FROM alert_memo'),
    };
  }

  /** The whole book, as of one instant. Frozen. */
  readBook(): AlertBook {
    this.#db.exec('BEGIN');
    try {
      return this.#read().book;
    } finally {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('COMMIT');
    }
  }

  /** For use inside a transaction that writes. The update as it was stored, and the book after it, to be kept once it holds. */
  update(change: (book: AlertBook) => AlertUpdate): { update: AlertUpdate; book: AlertBook } {
    const { book, dropDamaged } = this.#read();
    const update = frozen(storable(writing.update, change(book), 'change of alerts'));
    for (const drop of dropDamaged) drop();
    this.#write(update);
    return { update, book: updatedBook(book, update) };
  }

  /** Says that the transaction of an update was committed. */
  keep(book: AlertBook): void {
    if (this.#known) this.#known = { ...this.#known, book, dropDamaged: [] };
  }

  #read(): Reading {
    const version = this.#sql.version.get()?.['data_version'];
    if (this.#known !== undefined && this.#known.version === version) return this.#known;
    this.#known = { ...this.#readRows(), version };
    return this.#known;
  }

  #readRows(): Reading {
    const dropDamaged: (() => unknown)[] = [];
    const damaged = (what: string, why: string, drop: () => unknown): void => {
      dropDamaged.push(drop);
      this.#onDamage(what, why);
    };
    function read<T>(rows: Table, schema: z.ZodType<T>, keyOf: (value: T) => string, what: string): T[] {
      return rows.all.all().flatMap((each) => {
        const row = each as unknown as Row;
        const found = parsed(schema, row.document);
        const fits = 'value' in found && keyOf(found.value) === row.key;
        if (fits) return [found.value];
        const why = 'value' in found ? 'its key is another' : found.why;
        damaged(`${what} ${shown(row.key, 200)}`, why, () => rows.drop.run(row.seq));
        return [];
      });
    }
    const readMemo = (): AlertMemo => {
      const row = this.#sql.memo.get() as unknown as Row | undefined;
      if (row === undefined) return EMPTY_MEMO;
      const found = parsed(reading.memo, row.document);
      if ('value' in found) return found.value;
      damaged('memo of alerts', found.why, () => this.#sql.dropMemo.run());
      return EMPTY_MEMO;
    };
    const book = frozen({
      conditions: read(this.#conditions, reading.condition, ({ finding }) => finding.id, 'condition'),
      deliveries: read(this.#deliveries, reading.delivery, ({ id }) => id, 'delivery'),
      channels: read(this.#channels, reading.channel, ({ name }) => name, 'channel state'),
      memo: readMemo(),
    });
    return { book, dropDamaged };
  }

  #write({
    putConditions = [],
    removeConditions = [],
    addDeliveries = [],
    removeDeliveries = [],
    putChannels = [],
    removeChannels = [],
    memo,
  }: AlertUpdate): void {
    for (const id of removeConditions) this.#conditions.remove.run(id);
    for (const row of putConditions) this.#conditions.put.run(row.finding.id, JSON.stringify(row));
    for (const id of removeDeliveries) this.#deliveries.remove.run(id);
    for (const row of addDeliveries) this.#deliveries.put.run(row.id, JSON.stringify(row));
    for (const name of removeChannels) this.#channels.remove.run(name);
    for (const row of putChannels) this.#channels.put.run(row.name, JSON.stringify(row));
    if (memo) this.#sql.putMemo.run(JSON.stringify(memo));
  }
}
