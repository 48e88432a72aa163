// The journal on SQLite (node:sqlite): write-ahead log, full sync, strict tables, one transaction per call. What a
// resolved call wrote is on the disk. Calls block the thread while another process writes, for the busy timeout at
// most. Every transaction first makes sure that the file is still the one that was opened, and of our schema.
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type * as z from 'zod';
import type { Journal } from '../../core/ports.ts';
import type { FleetState, Rotation } from '../../core/records.ts';
import { EMPTY_FLEET } from '../../core/records.ts';
import { openConnection, type SqliteJournalOptions } from './connection.ts';
import { newerSchema, schemaVersion } from './migrations.ts';
import { AlertTables } from './sqlite-alerts.ts';
import { damagedRow, droppedRow, journalError, movedAway } from './storage.ts';
import { parsed, reading, rotationChange, storable, writing } from './stored.ts';

export type { SqliteJournalOptions } from './connection.ts';

/**
 * How much further than now + ttl a lease may end before it counts as written by a clock that was wrong. Two callers
 * never ask at one instant: one may have read the clock and then waited for the other's transaction.
 */
export const LEASE_TOLERANCE_MS = 60_000;

/**
 * Opens the journal. Throws ERR_JOURNAL_UNWRITABLE (not there to read, not writable, full, damaged, held for longer
 * than the busy timeout), ERR_JOURNAL_NEWER (of a newer program; names the copy to restore) and, for reading alone,
 * ERR_JOURNAL_OLDER (not migrated yet).
 */
export async function openSqliteJournal(options: SqliteJournalOptions): Promise<Journal> {
  const db = openConnection(options);
  try {
    return journalOver(db, options);
  } catch (error) {
    db.close();
    throw journalError(error, options.path);
  }
}

interface Row {
  readonly document: string;
}

function journalOver(db: DatabaseSync, { path, mode, onDamage }: SqliteJournalOptions): Journal {
  const version = schemaVersion(db);
  const identity = fileIdentity(path);
  const sql = {
    target: db.prepare('SELECT document FROM targets WHERE key = ?'),
    targets: db.prepare('SELECT document FROM targets ORDER BY name, key'),
    putTarget: db.prepare(
      'INSERT INTO targets (key, name, document) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name, document = excluded.document',
    ),
    rotation: db.prepare('SELECT document FROM rotations WHERE id = ?'),
    addRotation: db.prepare(
      'INSERT INTO rotations (id, target_key, target, started_at, emergency, outcome, document) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    updateRotation: db.prepare('UPDATE rotations SET emergency = ?, outcome = ?, document = ? WHERE id = ?'),
    openRotations: db.prepare('SELECT document FROM rotations WHERE target_key = ? AND outcome IS NULL ORDER BY seq'),
    rotations: db.prepare('SELECT document FROM rotations ORDER BY seq DESC LIMIT ?'),
    rotationsOf: db.prepare(
      'SELECT document FROM rotations WHERE target = ? OR target_key = ? ORDER BY seq DESC LIMIT ?',
    ),
    fleet: db.prepare('SELECT document FROM fleet WHERE id = 1'),
    putFleet: db.prepare(
      'INSERT INTO fleet (id, document) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document',
    ),
    takeLease: db.prepare(
      `INSERT INTO leases (key, token, until) VALUES (:key, :token, :until) ON CONFLICT (key) DO UPDATE
       SET token = excluded.token, until = excluded.until
       WHERE token = excluded.token OR until <= :now OR until > :void`,
    ),
    renewLease: db.prepare('UPDATE leases SET until = ? WHERE key = ? AND token = ?'),
    endLease: db.prepare('DELETE FROM leases WHERE key = ? AND token = ?'),
    endLeases: db.prepare('DELETE FROM leases WHERE substr(token, 1, length(?)) = ?'),
  };

  const alerts = new AlertTables(db, (what, why) => onDamage?.(droppedRow(path, what, why)));

  /** Runs `work` on the file that was opened; failures of the storage leave as ERR_JOURNAL_*, others as they are. */
  function use<T>(work: () => T): T {
    try {
      if (mode === 'write' && fileIdentity(path) !== identity) throw movedAway(path);
      return work();
    } catch (error) {
      throw journalError(error, path);
    }
  }

  /** One transaction that writes; nothing of it stays if `work` throws. */
  function write<T>(work: () => T): T {
    return use(() => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const found = schemaVersion(db);
        if (found !== version) throw newerSchema(path, found, version);
        const result = work();
        db.exec('COMMIT');
        return result;
      } finally {
        if (db.isOpen && db.isTransaction) db.exec('ROLLBACK');
      }
    });
  }

  function read<T>(schema: z.ZodType<T>, row: unknown, what: string): T {
    const found = parsed(schema, (row as Row).document);
    if ('why' in found) throw damagedRow(path, what, found.why);
    return found.value;
  }

  const readRotations = (rows: unknown[]): Rotation[] => rows.map((row) => read(reading.rotation, row, 'rotation'));

  function readFleet(): FleetState {
    const row = sql.fleet.get();
    return row === undefined ? EMPTY_FLEET : read(reading.fleet, row, 'fleet');
  }

  function putRotation(next: Rotation): void {
    const row = sql.rotation.get(next.id);
    const stored = row && read(reading.rotation, row, 'rotation');
    if (rotationChange(stored, next) === 'keep') return;
    const { id, targetKey, target, startedAt, outcome } = next;
    const emergency = next.emergency ? 1 : 0;
    const document = JSON.stringify(next);
    if (stored === undefined) sql.addRotation.run(id, targetKey, target, startedAt, emergency, outcome, document);
    else sql.updateRotation.run(emergency, outcome, document, id);
  }

  return {
    async target(key) {
      return use(() => {
        const row = sql.target.get(key);
        return row && read(reading.target, row, 'target');
      });
    },
    async targets() {
      return use(() => sql.targets.all().map((row) => read(reading.target, row, 'target')));
    },
    async commit(change) {
      const target = change.target && storable(writing.target, change.target, 'target');
      const rotation = change.rotation && storable(writing.rotation, change.rotation, 'rotation');
      write(() => {
        if (target) sql.putTarget.run(target.key, target.name, JSON.stringify(target));
        if (rotation) putRotation(rotation);
      });
    },
    async openRotations(key) {
      return use(() => readRotations(sql.openRotations.all(key)));
    },
    async rotations({ target, limit }) {
      return use(() =>
        readRotations(target === undefined ? sql.rotations.all(limit) : sql.rotationsOf.all(target, target, limit)),
      );
    },
    async fleet() {
      return use(readFleet);
    },
    async updateFleet(change) {
      return write(() => {
        const next = storable(writing.fleet, change(readFleet()), 'fleet');
        sql.putFleet.run(JSON.stringify(next));
        return next;
      });
    },
    async acquireLease(key, token, nowMs, ttlMs) {
      const until = nowMs + ttlMs;
      return write(
        () => sql.takeLease.run({ key, token, until, now: nowMs, void: until + LEASE_TOLERANCE_MS }).changes === 1,
      );
    },
    async renewLease(key, token, nowMs, ttlMs) {
      return write(() => sql.renewLease.run(nowMs + ttlMs, key, token).changes === 1);
    },
    async releaseLease(key, token) {
      write(() => sql.endLease.run(key, token));
    },
    async endLeases(prefix) {
      write(() => sql.endLeases.run(prefix, prefix));
    },
    async alertBook() {
      return use(() => alerts.readBook());
    },
    async updateAlerts(change) {
      const { update, book } = write(() => alerts.update(change));
      alerts.keep(book);
      return update;
    },
    async close() {
      if (db.isOpen) db.close();
    },
  };
}

/** Device and inode of the file behind a path, to notice that somebody put another in its place. */
function fileIdentity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'none' : `${found.dev}:${found.ino}`;
}
