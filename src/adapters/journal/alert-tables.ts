// The alert book in SQLite. The book is read once and kept with each change of ours: only what another process has written
// (`data_version` tells) is read again, because the alerter looks at it several times a turn. A row that cannot be read is
// left out, reported, and removed at the next update: it must not silence the others.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type * as z from 'zod';
import {
  type AlertBook,
  type AlertMemo,
  type AlertUpdate,
  type ChannelState,
  EMPTY_MEMO,
  type Story,
} from '../../core/alerts/records.ts';
import { shown } from '../../core/shown.ts';
import { frozen, type OnDamage, rowsAfter } from './kept-rows.ts';
import { parsed, reading, storable, writing } from './stored.ts';

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

  constructor(db: DatabaseSync, name: string, key: string, schema: z.ZodType<T>, keyOf: (value: T) => string) {
    const table = `alert_${name}`;
    this.#schema = schema;
    this.#keyOf = keyOf;
    this.#sql = {
      all: db.prepare(`SELECT seq, ${key} AS key, document FROM ${table} ORDER BY seq`),
      put: db.prepare(
        `INSERT INTO ${table} (${key}, document) VALUES (?, ?) ON CONFLICT (${key}) DO UPDATE SET document = excluded.document`,
      ),
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

  /** Removes and puts; the rows as they are then, of which `before` are those before. */
  change(before: readonly T[], remove: readonly string[] = [], put: readonly T[] = []): readonly T[] {
    for (const key of remove) this.#sql.remove.run(key);
    for (const row of put) this.#sql.put.run(this.#keyOf(row), JSON.stringify(row));
    return rowsAfter(before, this.#keyOf, { remove, put });
  }
}

export class AlertTables {
  readonly #onDamage: OnDamage;
  readonly #version: StatementSync;
  readonly #stories;
  readonly #channels;
  readonly #memo;
  #known: Known | undefined;

  constructor(db: DatabaseSync, onDamage: OnDamage) {
    this.#onDamage = onDamage;
    this.#version = db.prepare('PRAGMA data_version');
    this.#stories = new Table<Story>(db, 'stories', 'id', reading.story, ({ id }) => id);
    this.#channels = new Table<ChannelState>(db, 'channels', 'name', reading.channel, ({ name }) => name);
    this.#memo = new Table<AlertMemo>(db, 'memo', 'seq', reading.memo, () => '1');
  }

  /** The whole book, frozen. For use inside a transaction, so that it is as of one instant. */
  book(): AlertBook {
    return this.#read().book;
  }

  /** The update as it was stored. For use inside a transaction that writes. */
  update(change: (book: AlertBook) => AlertUpdate): AlertUpdate {
    const { book, dropDamaged, version } = this.#read();
    const update: AlertUpdate = frozen(storable(writing.update, change(book), 'change of alerts'));
    for (const drop of dropDamaged) drop();
    const next = {
      stories: this.#stories.change(book.stories, update.removeStories, update.putStories),
      channels: this.#channels.change(book.channels, update.removeChannels, update.putChannels),
      memo: this.#memo.change([book.memo], [], update.memo && [update.memo])[0] ?? EMPTY_MEMO,
    };
    this.#known = { book: Object.freeze(next), version, dropDamaged: [] };
    return update;
  }

  /** The transaction of an update was rolled back: the book is read anew. */
  forget(): void {
    this.#known = undefined;
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
      stories: this.#stories.read(damaged('story')),
      channels: this.#channels.read(damaged('channel state')),
      memo: this.#memo.read(damaged('memo of alerts'))[0] ?? EMPTY_MEMO,
    });
    this.#known = { book, version, dropDamaged };
    return this.#known;
  }
}
