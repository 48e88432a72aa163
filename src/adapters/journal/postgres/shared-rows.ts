// What the processes of one journal share, in PostgreSQL: see sharing.ts. No process is ever known to be gone: its
// machine may be another one.

import type { Company, LeaseName } from '../../../core/journal-ports.ts';
import type { WriteRank } from '../../../core/lanes.ts';
import { LEASE_MS, RENEW_LEASE_MS } from '../../../core/schedule.ts';
import type { SharedRows } from '../over.ts';
import {
  companyOf,
  keepsAway,
  LEFT_MS,
  laneLease,
  nextInLine,
  PROCESS_MS,
  type Process,
  placeAfter,
  type StoredLease,
  WAITER_MS,
  type Waiter,
} from '../sharing.ts';
import { storedLabel } from '../stored.ts';
import { plain, type Transaction } from './transaction.ts';

const NOBODY_IS_GONE = () => false;

export class PostgresShared implements SharedRows {
  readonly #in: Transaction;

  constructor(transaction: Transaction) {
    this.#in = transaction;
  }

  async acquireLease({ key, token }: LeaseName): Promise<boolean> {
    if (await this.isHeld(key, token)) return false;
    await this.#in.query(
      `INSERT INTO ${this.#in.schema}.leases (key, token, until) VALUES ($1, $2, $3)
       ON CONFLICT (key) DO UPDATE SET token = excluded.token, until = excluded.until`,
      [plain(key), plain(token), this.#in.now + LEASE_MS],
    );
    return true;
  }

  async isFresh({ key, token }: LeaseName): Promise<boolean> {
    const lease = await this.#lease(key);
    if (lease?.token !== plain(token)) return false;
    const left = lease.until - this.#in.now;
    return left >= LEASE_MS - RENEW_LEASE_MS && left <= LEASE_MS;
  }

  async renewLeases(leases: readonly LeaseName[]): Promise<readonly LeaseName[]> {
    const { rows } = await this.#in.query(
      `UPDATE ${this.#in.schema}.leases AS held SET until = $3
       FROM unnest($1::text[], $2::text[]) AS ours (key, token)
       WHERE held.key = ours.key AND held.token = ours.token RETURNING held.key, held.token`,
      [leases.map(({ key }) => plain(key)), leases.map(({ token }) => plain(token)), this.#in.now + LEASE_MS],
    );
    const renewed = new Set(rows.map(({ key, token }) => `${token} ${key}`));
    return leases.filter(({ key, token }) => !renewed.has(`${plain(token)} ${plain(key)}`));
  }

  async releaseLease({ key, token }: LeaseName): Promise<boolean> {
    const sql = `DELETE FROM ${this.#in.schema}.leases WHERE key = $1 AND token = $2`;
    return (await this.#in.query(sql, [plain(key), plain(token)])).rowCount === 1;
  }

  async isHeld(key: string, token?: string): Promise<boolean> {
    return keepsAway(await this.#lease(key), this.#in.now, NOBODY_IS_GONE, token === undefined ? token : plain(token));
  }

  async #lease(key: string): Promise<StoredLease | undefined> {
    const sql = `SELECT token, until FROM ${this.#in.schema}.leases WHERE key = $1`;
    return (await this.#in.query(sql, [plain(key)])).rows[0] as StoredLease | undefined;
  }

  async takeTurn(lane: string, token: string, rank: WriteRank): Promise<boolean> {
    const { schema, now } = this.#in;
    const [line, ours] = [plain(storedLabel(lane)), plain(token)];
    await this.#in.query(
      `INSERT INTO ${schema}.waiters (lane, token, failed_at, urgent, requested, needed_by, until)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (lane, token) DO UPDATE SET failed_at = excluded.failed_at, urgent = excluded.urgent,
       requested = excluded.requested, needed_by = excluded.needed_by, until = excluded.until`,
      [line, ours, rank.failedAt, Number(rank.urgent), Number(rank.requested), rank.neededBy, now + WAITER_MS],
    );
    const { rows } = await this.#in.query(`SELECT * FROM ${schema}.waiters WHERE lane = $1`, [line]);
    const isFirst = nextInLine(rows as unknown as Waiter[], ours, now, NOBODY_IS_GONE) === ours;
    const lease = laneLease(lane, token);
    if (!isFirst) await this.releaseLease(lease);
    if (!isFirst || !(await this.acquireLease(lease))) return false;
    await this.#leaveLine(line, ours);
    return true;
  }

  async endTurn(lane: string, token: string): Promise<void> {
    await this.#leaveLine(plain(storedLabel(lane)), plain(token));
    await this.releaseLease(laneLease(lane, token));
  }

  async #leaveLine(line: string, token: string): Promise<void> {
    await this.#in.query(`DELETE FROM ${this.#in.schema}.waiters WHERE lane = $1 AND token = $2`, [line, token]);
  }

  async register(process: string): Promise<void> {
    const { schema, now } = this.#in;
    const forget = `DELETE FROM ${schema}.processes WHERE left_at < $1 OR since < $2`;
    await this.#in.query(forget, [now - LEFT_MS, now - PROCESS_MS]);
    await this.#in.query(
      `INSERT INTO ${schema}.processes (token, since) VALUES ($1, $2)
       ON CONFLICT (token) DO UPDATE SET since = excluded.since`,
      [plain(process), now],
    );
  }

  async unregister(process: string): Promise<void> {
    const sql = `UPDATE ${this.#in.schema}.processes SET left_at = $1 WHERE token = $2`;
    await this.#in.query(sql, [this.#in.now, plain(process)]);
  }

  async company(process: string): Promise<Company> {
    const sql = `SELECT token, since, left_at FROM ${this.#in.schema}.processes WHERE token <> $1`;
    const { rows } = await this.#in.query(sql, [plain(process)]);
    return companyOf(rows as unknown as Process[], this.#in.now);
  }

  async takePlace(_process: string, pace: string, gapMs: number): Promise<number> {
    const { schema, now } = this.#in;
    const name = plain(storedLabel(pace));
    const { rows } = await this.#in.query(`SELECT free_at FROM ${schema}.paces WHERE name = $1`, [name]);
    const at = placeAfter(Number(rows[0]?.['free_at'] ?? 0), now, gapMs);
    await this.#in.query(
      `INSERT INTO ${schema}.paces (name, free_at) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at`,
      [name, Math.ceil(at + gapMs)],
    );
    return at - now;
  }
}
