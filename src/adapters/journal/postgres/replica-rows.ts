// The rows that replicas have beside the journal: what each says of itself, and what requests were answered. How long ago
// something was is by the database's clock.
import type { AnsweredRequest, SeenReplica } from '../../../core/journal-ports.ts';
import type { ReplicaReport } from '../../../core/records.ts';
import { DAY } from '../../../core/time.ts';
import { keepsAway, type StoredLease } from '../sharing.ts';
import { parsed, reading, storable, writing } from '../stored.ts';
import { plain, type Transaction } from './transaction.ts';

/** How long a replica is known that says nothing any more, and an answer is kept. */
const KEPT_MS = DAY;

export class ReplicaRows {
  readonly #in: Transaction;

  constructor(transaction: Transaction) {
    this.#in = transaction;
  }

  async report(report: ReplicaReport): Promise<void> {
    const { query, schema, now } = this.#in;
    const document = JSON.stringify(storable(writing.replica, report, 'replica'));
    await query(`DELETE FROM ${schema}.replicas WHERE seen_at < $1`, [now - KEPT_MS]);
    await query(
      `INSERT INTO ${schema}.replicas AS known (name, first_at, seen_at, has_left, document)
       VALUES ($1, $2, $2, false, $3)
       ON CONFLICT (name) DO UPDATE SET seen_at = $2, has_left = false, document = $3,
       first_at = CASE WHEN known.has_left THEN $2 ELSE known.first_at END`,
      [plain(report.name), now, document],
    );
  }

  async leave(name: string): Promise<void> {
    await this.#in.query(`UPDATE ${this.#in.schema}.replicas SET has_left = true WHERE name = $1`, [plain(name)]);
  }

  async all(): Promise<readonly SeenReplica[]> {
    const { query, schema, now } = this.#in;
    const sql = `SELECT document, first_at, seen_at, has_left FROM ${schema}.replicas WHERE seen_at >= $1 ORDER BY name`;
    const { rows } = await query(sql, [now - KEPT_MS]);
    return rows.flatMap(({ document, first_at: firstAt, seen_at: seenAt, has_left: left }) => {
      // One of a newer program may say something else; it is not known here.
      const found = parsed(reading.replica, document);
      if ('why' in found) return [];
      const [first, seen] = [Number(firstAt), Number(seenAt)];
      return [{ ...found.value, seenAt: seen, silentMs: now - seen, knownMs: now - first, left: left === true }];
    });
  }

  async abandoned(): Promise<readonly string[]> {
    const { query, schema, now } = this.#in;
    const { rows } = await query(`SELECT DISTINCT target_key FROM ${schema}.rotations WHERE outcome IS NULL`);
    const keys = rows.map((row) => String(row['target_key']));
    if (keys.length === 0) return [];
    const leases = await query(`SELECT key, token, until FROM ${schema}.leases WHERE key = ANY($1)`, [keys]);
    const held = new Map(leases.rows.map((row) => [row['key'], row as unknown as StoredLease]));
    return keys.filter((key) => !keepsAway(held.get(key), now, () => false));
  }

  async answered(digest: string): Promise<AnsweredRequest | undefined> {
    const { query, schema, now } = this.#in;
    const sql = `SELECT target_key, rotation_id FROM ${schema}.answers WHERE digest = $1 AND at >= $2`;
    const row = (await query(sql, [digest, now - KEPT_MS])).rows[0];
    return row && { targetKey: String(row['target_key']), id: String(row['rotation_id']) };
  }

  async keepAnswer(digest: string, { targetKey, id }: AnsweredRequest): Promise<void> {
    const { query, schema, now } = this.#in;
    await query(`DELETE FROM ${schema}.answers WHERE at < $1`, [now - KEPT_MS]);
    await query(
      `INSERT INTO ${schema}.answers (digest, target_key, rotation_id, at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (digest) DO UPDATE SET target_key = $2, rotation_id = $3, at = $4`,
      [digest, plain(targetKey), id, now],
    );
  }
}
