// Lets time go by for a journal that no process has open: every instant that it keeps is moved back, so that the next
// run finds what was recorded "so long ago". Nothing has to wait.
import { DatabaseSync } from 'node:sqlite';

/** What a client secret says of itself, and what follows from that: no time that goes by changes it. */
const CLAIMS = new Set(['issuedAt', 'expiresAt', 'previousExpiresAt', 'renewalAt', 'loginsUntil', 'until']);
/** Instants are ms since the epoch, and nothing else in a journal is as large. */
const LEAST_INSTANT = Date.UTC(2020, 0);

const TABLES = ['targets', 'rotations', 'fleet', 'alert_stories', 'alert_channels', 'alert_memo'];

export interface Passage {
  /** Also what secrets say of themselves, as if the clock of the machine had been moved ahead. */
  readonly claims?: boolean;
}

/** Moves every instant of a journal back by `ms`. */
export function shiftJournal(path: string, ms: number, { claims = false }: Passage = {}): void {
  const earlier = (name: string, value: unknown) =>
    typeof value === 'number' && value > LEAST_INSTANT && (claims || !CLAIMS.has(name)) ? value - ms : value;
  const db = new DatabaseSync(path);
  try {
    db.exec('BEGIN IMMEDIATE');
    const guards = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of guards) db.exec(`DROP TRIGGER ${name}`);
    for (const table of TABLES) {
      const put = db.prepare(`UPDATE ${table} SET document = ? WHERE document = ?`);
      for (const { document = null } of db.prepare(`SELECT document FROM ${table}`).all())
        put.run(JSON.stringify(JSON.parse(String(document), earlier)), document);
    }
    db.prepare('UPDATE rotations SET started_at = started_at - ?').run(ms);
    db.prepare('UPDATE leases SET until = until - ?').run(ms);
    db.prepare('UPDATE waiters SET until = until - ?').run(ms);
    db.prepare('UPDATE processes SET since = since - ?, left_at = left_at - ?').run(ms, ms);
    db.prepare('UPDATE paces SET free_at = free_at - ?').run(ms);
    for (const { sql } of guards) db.exec(String(sql));
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
