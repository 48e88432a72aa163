// The alert book in PostgreSQL. It is read once and kept with each change of ours: its version, which each transaction
// reads as it begins, tells whether another process has written it. A row that cannot be read is left out, reported, and
// removed at the next update.
import type * as z from 'zod';
import {
  type AlertBook,
  type AlertMemo,
  type AlertUpdate,
  type ChannelState,
  EMPTY_MEMO,
  type Story,
} from '../../../core/alerts/records.ts';
import { shown } from '../../../core/shown.ts';
import { frozen, type OnDamage, type RowChange, rowsAfter } from '../kept-rows.ts';
import { parsed, reading, storable, writing } from '../stored.ts';
import { plain, type Transaction } from './transaction.ts';

interface Table<T> {
  readonly name: string;
  /** What it is called where a row of it is damaged. */
  readonly called: string;
  readonly schema: z.ZodType<T>;
  readonly keyOf: (row: T) => string;
}

const STORIES = table<Story>('alert_stories', 'story', reading.story, ({ id }) => id);
const CHANNELS = table<ChannelState>('alert_channels', 'channel state', reading.channel, ({ name }) => name);
const MEMO = table<AlertMemo>('alert_memo', 'memo of alerts', reading.memo, () => '1');

function table<T>(name: string, called: string, schema: z.ZodType<T>, keyOf: (row: T) => string): Table<T> {
  return { name, called, schema, keyOf };
}

interface Known {
  readonly book: AlertBook;
  readonly version: number;
  /** Table → the keys of the rows that are left out. */
  readonly damaged: ReadonlyMap<string, readonly string[]>;
}

/** Outlives transactions. What a transaction has changed counts from its commit on. */
export class AlertRows {
  readonly #onDamage: OnDamage;
  #known: Known | undefined;
  /** By the transaction that has not ended yet. Another one may begin before we hear of the end of this one. */
  readonly #next = new WeakMap<Transaction, Known>();

  constructor(onDamage: OnDamage) {
    this.#onDamage = onDamage;
  }

  /** The whole book, frozen. */
  async book(transaction: Transaction): Promise<AlertBook> {
    return (await this.#read(transaction)).book;
  }

  /** The update as it was stored. */
  async update(transaction: Transaction, change: (book: AlertBook) => Promise<AlertUpdate>): Promise<AlertUpdate> {
    const { book, damaged } = await this.#read(transaction);
    const update: AlertUpdate = frozen(storable(writing.update, await change(book), 'change of alerts'));
    const version = transaction.versions.book + 1;
    const { removeStories, putStories, removeChannels, putChannels, memo } = update;
    const apply = <T>(of: Table<T>, before: readonly T[], remove: readonly string[] = [], put: readonly T[] = []) =>
      changed(transaction, of, before, { remove, put }, damaged.get(of.name) ?? []);
    const next = {
      stories: await apply(STORIES, book.stories, removeStories, putStories),
      channels: await apply(CHANNELS, book.channels, removeChannels, putChannels),
      memo: (await apply(MEMO, [book.memo], [], memo && [memo]))[0] ?? EMPTY_MEMO,
    };
    await transaction.query(`UPDATE ${transaction.schema}.journal SET book_version = $1`, [version]);
    this.#next.set(transaction, { book: Object.freeze(next), version, damaged: new Map() });
    return update;
  }

  /** A transaction was committed. */
  settle(transaction: Transaction): void {
    const next = this.#next.get(transaction);
    if (next !== undefined) this.#known = next;
  }

  async #read(transaction: Transaction): Promise<Known> {
    const version = transaction.versions.book;
    if (this.#known?.version === version) return this.#known;
    const damaged = new Map<string, string[]>();
    const rowsOf = async <T>(of: Table<T>): Promise<T[]> => {
      const { rows } = await transaction.query(
        `SELECT id, document FROM ${transaction.schema}.${of.name} ORDER BY seq`,
      );
      return rows.flatMap(({ id, document }) => {
        const found = parsed(of.schema, document);
        if ('value' in found && plain(of.keyOf(found.value)) === id) return [found.value];
        damaged.set(of.name, [...(damaged.get(of.name) ?? []), String(id)]);
        const why = 'why' in found ? found.why : 'its key is another';
        this.#onDamage(of.name === MEMO.name ? of.called : `${of.called} ${shown(String(id), 200)}`, why);
        return [];
      });
    };
    const book = frozen({
      stories: await rowsOf(STORIES),
      channels: await rowsOf(CHANNELS),
      memo: (await rowsOf(MEMO))[0] ?? EMPTY_MEMO,
    });
    this.#known = { book, version, damaged };
    return this.#known;
  }
}

/** Changes a table, without its damaged rows; the rows as they are then. */
async function changed<T>(
  { query, schema }: Transaction,
  { name, keyOf }: Table<T>,
  before: readonly T[],
  change: RowChange<T>,
  damaged: readonly string[],
): Promise<readonly T[]> {
  const gone = [...change.remove.map(plain), ...damaged];
  if (gone.length > 0) await query(`DELETE FROM ${schema}.${name} WHERE id = ANY ($1::text[])`, [gone]);
  // One statement may not write a row twice.
  const rows = new Map(change.put.map((row) => [plain(keyOf(row)), JSON.stringify(row)]));
  if (rows.size > 0)
    await query(
      `INSERT INTO ${schema}.${name} (id, document)
       SELECT id, document FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS put (id, document, place) ORDER BY place
       ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
      [[...rows.keys()], [...rows.values()]],
    );
  return rowsAfter(before, keyOf, change);
}
