// A journal in PostgreSQL as one that everything is moved from, or to.
import { MOVED_TABLES, type MovedFrom, type MovedRow, type MovedTable, type MovedTo } from '../moving.ts';
import { plain, type Transaction } from './transaction.ts';

/** Its order, and its columns beside the document with their types. */
const TABLES: Readonly<
  Record<MovedTable, { readonly order: string; readonly columns: Readonly<Record<string, string>> }>
> = {
  targets: { order: 'revision', columns: { key: 'text', name: 'text' } },
  rotations: {
    order: 'seq',
    columns: { id: 'text', target_key: 'text', target: 'text', started_at: 'bigint', outcome: 'text' },
  },
  fleet: { order: 'id', columns: {} },
  alert_stories: { order: 'seq', columns: { id: 'text' } },
  alert_channels: { order: 'seq', columns: { id: 'text' } },
  alert_memo: { order: 'seq', columns: { id: 'text' } },
};

export function movedFrom({ query, schema }: Transaction): MovedFrom {
  return {
    async page(table, after, limit) {
      const { order, columns } = TABLES[table];
      const named = ['document', ...Object.keys(columns)].join(', ');
      const sql = `SELECT ${order} AS place, ${named} FROM ${schema}.${table} WHERE ${order} > $1 ORDER BY ${order} LIMIT $2`;
      return (await query(sql, [after, limit])).rows as unknown as MovedRow[];
    },
  };
}

/** Nobody else writes meanwhile: the transaction has the lock of the journal. */
export function movedTo({ query, schema, versions }: Transaction): MovedTo {
  let revision = 0;
  return {
    async isEmpty() {
      for (const table of MOVED_TABLES)
        if ((await query(`SELECT 1 FROM ${schema}.${table} LIMIT 1`)).rows.length > 0) return false;
      return true;
    },
    async put(table, rows) {
      const columns = Object.entries({ document: 'text', ...TABLES[table].columns, ...OWN[table] });
      const values = columns.map(([column]) => rows.map((row) => columnOf(row, column, () => (revision += 1))));
      const names = columns.map(([column]) => column).join(', ');
      const arrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');
      await query(
        `INSERT INTO ${schema}.${table} (${names})
         SELECT ${names} FROM unnest(${arrays}) WITH ORDINALITY AS moved (${names}, place) ORDER BY place`,
        values,
      );
      // What other processes know of it is not so any more.
      await query(`UPDATE ${schema}.journal SET fleet_version = $1, book_version = $2`, [
        versions.fleet + 1,
        versions.book + 1,
      ]);
    },
  };
}

/** Columns that no row brings along. */
const OWN: Partial<Record<MovedTable, Readonly<Record<string, string>>>> = {
  targets: { revision: 'bigint', expires_at: 'double precision' },
  fleet: { id: 'integer' },
};

function columnOf(row: MovedRow, column: string, nextRevision: () => number): unknown {
  if (column === 'revision') return nextRevision();
  if (column === 'expires_at') return expiryOf(row.document);
  const value = row[column];
  if (value === undefined) return 1;
  return typeof value === 'string' && column !== 'document' ? plain(value) : value;
}

function expiryOf(document: string): number | null {
  const { deployed } = JSON.parse(document) as { readonly deployed?: { readonly expiresAt?: number | null } | null };
  return deployed?.expiresAt ?? null;
}
