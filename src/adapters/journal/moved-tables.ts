// A journal in SQLite as one that everything is moved from, or to.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { MOVED_TABLES, type MovedFrom, type MovedRow, type MovedTable, type MovedTo } from './moving.ts';

/** Its order, and its columns beside the document, as they are called where they are moved. */
const TABLES: Readonly<
  Record<MovedTable, { readonly order: string; readonly columns: Readonly<Record<string, string>> }>
> = {
  targets: { order: 'revision', columns: { key: 'key', name: 'name' } },
  rotations: {
    order: 'seq',
    columns: { id: 'id', target_key: 'target_key', target: 'target', started_at: 'started_at', outcome: 'outcome' },
  },
  fleet: { order: 'id', columns: {} },
  alert_stories: { order: 'seq', columns: { id: 'id' } },
  alert_channels: { order: 'seq', columns: { id: 'name' } },
  alert_memo: { order: 'seq', columns: { id: 'seq' } },
};

/** Reads `db`, in which a transaction is open. */
export function movedFrom(db: DatabaseSync): MovedFrom {
  return {
    page(table, after, limit) {
      const { order, columns } = TABLES[table];
      const named = Object.entries(columns).map(([name, own]) => `, CAST(${own} AS TEXT) AS ${name}`);
      const sql = `SELECT ${order} AS place, document${named.join('')} FROM ${table} WHERE ${order} > ? ORDER BY ${order} LIMIT ?`;
      return db.prepare(sql).all(after, limit) as unknown as MovedRow[];
    },
  };
}

/** Fills `db`, in which a transaction is open. */
export function movedTo(db: DatabaseSync): MovedTo {
  let revision = 0;
  return {
    isEmpty: () => MOVED_TABLES.every((table) => db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined),
    put(table, rows) {
      const { columns } = TABLES[table];
      const own = Object.entries(columns);
      const fixed = table === 'targets' ? ['revision'] : table === 'fleet' ? ['id'] : [];
      const into = ['document', ...own.map(([, column]) => column), ...fixed];
      const put = db.prepare(`INSERT INTO ${table} (${into.join(', ')}) VALUES (${into.map(() => '?').join(', ')})`);
      for (const row of rows) {
        if (table === 'targets') revision += 1;
        const extra = table === 'targets' ? [revision] : table === 'fleet' ? [1] : [];
        put.run(row.document, ...own.map(([name]) => row[name] as SQLInputValue), ...extra);
      }
    },
  };
}
