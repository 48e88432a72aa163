// What the rows of the journal in PostgreSQL need of a transaction, and texts as its columns take them.
import type { Query } from './query.ts';
import type { Versions } from './schema.ts';

/** What a transaction began with, and how to go on. */
export interface Transaction {
  readonly query: Query;
  /** The schema's name as SQL wants it. */
  readonly schema: string;
  /** In ms by the database's clock, when the transaction began. */
  readonly now: number;
  readonly versions: Versions & { readonly fleet: number; readonly book: number };
}

/** PostgreSQL's text has no zero character. Only what is looked up goes through this; documents escape it. */
export function plain(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}
