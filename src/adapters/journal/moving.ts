// Moving a journal from one kind of storage to the other: everything that it records, row by row and in order. What
// processes share while they run (leases, lines, paces, who is there, answers of a day) is not moved: it ends by itself.
import { RotatorError } from '../../core/errors.ts';
import type { Maybe } from './over.ts';

/** In the order in which they are moved. `alert_…`: the key is `id`. */
export const MOVED_TABLES = ['targets', 'rotations', 'fleet', 'alert_stories', 'alert_channels', 'alert_memo'] as const;
export type MovedTable = (typeof MOVED_TABLES)[number];

/** A row as it is kept. Which columns it has beside `document` depends on the table. */
export interface MovedRow {
  /** Grows in the order of the rows. */
  readonly place: number;
  readonly document: string;
  readonly [column: string]: unknown;
}

/** Everything, as of one instant. */
export interface MovedFrom {
  page(table: MovedTable, after: number, limit: number): Maybe<readonly MovedRow[]>;
}

/** A journal inside the one transaction that fills it. */
export interface MovedTo {
  isEmpty(): Maybe<boolean>;
  put(table: MovedTable, rows: readonly MovedRow[]): Maybe<void>;
}

/** How many rows of each kind were moved. */
export interface Moved {
  readonly targets: number;
  readonly rotations: number;
  readonly stories: number;
}

/** Some megabytes at a time. */
const PAGE = 500;

/** `path`: of the journal that is filled. Throws ERR_USAGE if that has rows. */
export async function moveJournal(from: MovedFrom, to: MovedTo, path: string): Promise<Moved> {
  if (!(await to.isEmpty())) throw new RotatorError('ERR_USAGE', { problem: 'journal-not-empty', path });
  const counts: Partial<Record<MovedTable, number>> = {};
  for (const table of MOVED_TABLES) {
    let after = -1;
    for (;;) {
      const rows = await from.page(table, after, PAGE);
      if (rows.length > 0) await to.put(table, rows);
      counts[table] = (counts[table] ?? 0) + rows.length;
      if (rows.length < PAGE) break;
      after = rows.at(-1)?.place ?? after;
    }
  }
  return { targets: counts.targets ?? 0, rotations: counts.rotations ?? 0, stories: counts.alert_stories ?? 0 };
}
