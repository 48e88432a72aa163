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
function table<T>(db: DatabaseSync, name: string, key: string, schema: z.ZodType<T>, keyOf: (value: T) => string) {
  const all = db.prepare(`SELECT seq, ${key} AS key, document FROM alert_${name} ORDER BY seq`);
  const inserted = db.prepare(
    `INSERT INTO alert_${name} (${key}, document) VALUES (?, ?) ON CONFLICT (${key}) DO UPDATE SET document = excluded.document`,
  );
  const removed = db.prepare(`DELETE FROM alert_${name} WHERE ${key} = ?`);
  const dropped = db.prepare(`DELETE FROM alert_${name} WHERE seq = ?`);
  return {
    read: (damaged: (key: string, why: string, drop: () => unknown) => void): T[] =>
      all.all().flatMap(({ seq = null, key: found, document }) => {
        const row = parsed(schema, document);
        if ('value' in row && keyOf(row.value) === String(found)) return [row.value];
        damaged(shown(String(found), 200), 'why' in row ? row.why : 'its key is another', () => dropped.run(seq));
        return [];
      }),
    /** Removes and puts; the rows as they are then, of which `before` are those before. */
    change(before: readonly T[], remove: readonly string[] = [], put: readonly T[] = []): readonly T[] {
      for (const each of remove) removed.run(each);
      for (const row of put) inserted.run(keyOf(row), JSON.stringify(row));
      return rowsAfter(before, keyOf, { remove, put });
    },
  };
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
    this.#stories = table<Story>(db, 'stories', 'id', reading.story, ({ id }) => id);
    this.#channels = table<ChannelState>(db, 'channels', 'name', reading.channel, ({ name }) => name);
    this.#memo = table<AlertMemo>(db, 'memo', 'seq', reading.memo, () => '1');
  }

  /** The whole book, frozen. For use inside a transaction, so that it is as of one instant. */
  book(): AlertBook {
    return this.#read().book;
  }

  /** The whole book, if nobody has written it since it was read. */
  known(): AlertBook | undefined {
    return this.#known?.version === this.#version.get()?.['data_version'] ? this.#known?.book : undefined;
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
