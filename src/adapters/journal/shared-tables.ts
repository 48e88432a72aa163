// What the processes of one journal share beside what they record: leases, the line of waiting writes in each lane, who
// uses the journal, and the pace of calls to the outside. All instants are ms by the journal's clock.
import type { DatabaseSync } from 'node:sqlite';
import type { Company, LeaseName } from '../../core/journal-ports.ts';
import type { WriteRank } from '../../core/lanes.ts';
import { LEASE_MS, RENEW_LEASE_MS } from '../../core/schedule.ts';
import { isGone } from './process-name.ts';
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
} from './sharing.ts';
import { storedLabel } from './stored.ts';

export class SharedTables {
  readonly #now: () => number;
  readonly #sql: ReturnType<typeof statements>;
  /** The other processes, as of a `data_version`. */
  #known: { readonly version: unknown; readonly others: readonly Process[] } | undefined;

  constructor(db: DatabaseSync, now: () => number) {
    this.#now = now;
    this.#sql = statements(db);
  }

  // ---- leases

  acquireLease({ key, token }: LeaseName): boolean {
    if (this.isHeld(key, token)) return false;
    this.#sql.putLease.run(key, token, this.#now() + LEASE_MS);
    return true;
  }

  /** True if it is ours, and was renewed within RENEW_LEASE_MS. */
  isFresh({ key, token }: LeaseName): boolean {
    const lease = this.#lease(key);
    if (lease?.token !== token) return false;
    const left = lease.until - this.#now();
    return left >= LEASE_MS - RENEW_LEASE_MS && left <= LEASE_MS;
  }

  renewLease({ key, token }: LeaseName): boolean {
    return this.#sql.renewLease.run(this.#now() + LEASE_MS, key, token).changes === 1;
  }

  /** Renews them, and gives those that are lost. */
  renewLeases(leases: readonly LeaseName[]): readonly LeaseName[] {
    return leases.filter((lease) => !this.renewLease(lease));
  }

  /** False if it was not ours any more. */
  releaseLease({ key, token }: LeaseName): boolean {
    return this.#sql.endLease.run(key, token).changes === 1;
  }

  /** The leases that keep others away now. */
  leases(): LeaseName[] {
    const all = this.#sql.leases.all() as unknown as LeaseName[];
    return all.filter(({ key }) => this.isHeld(key));
  }

  /** True if somebody holds the lease; with a token: somebody else. */
  isHeld(key: string, token?: string): boolean {
    return keepsAway(this.#lease(key), this.#now(), isGone, token);
  }

  #lease(key: string): StoredLease | undefined {
    return this.#sql.lease.get(key) as StoredLease | undefined;
  }

  // ---- the line of a lane

  /** True: the lane's lease is ours; false: it is not any more, and the process waits in the line. */
  takeTurn(lane: string, token: string, rank: WriteRank): boolean {
    const [line, lease, now] = [storedLabel(lane), laneLease(lane, token), this.#now()];
    // Most often nobody waits.
    if (this.#sql.waiters.get(line) === undefined && this.acquireLease(lease)) return true;
    const { failedAt, urgent, requested, neededBy } = rank;
    this.#sql.putWaiter.run(line, token, failedAt, Number(urgent), Number(requested), neededBy, now + WAITER_MS);
    const waiters = this.#sql.waiters.all(line) as unknown as Waiter[];
    const isFirst = nextInLine(waiters, token, now, isGone) === token;
    if (!isFirst) this.releaseLease(lease);
    if (!isFirst || !this.acquireLease(lease)) return false;
    this.#sql.endWaiter.run(line, token);
    return true;
  }

  endTurn(lane: string, token: string): void {
    this.#sql.endWaiter.run(storedLabel(lane), token);
    this.releaseLease(laneLease(lane, token));
  }

  // ---- the processes

  register(token: string): void {
    const now = this.#now();
    this.#sql.forgetOld.run(now - LEFT_MS, now - PROCESS_MS);
    this.#sql.putProcess.run(token, now);
    this.#known = undefined;
  }

  unregister(token: string): void {
    this.#sql.endProcess.run(this.#now(), token);
  }

  /** Takes out everything of the processes whose tokens begin with `prefix`: they are known to be dead. */
  endProcesses(prefix: string): void {
    for (const end of this.#sql.endAll) end.run(prefix, prefix);
    this.#known = undefined;
  }

  /** For a journal that nobody else can see. */
  forgetProcesses(): void {
    this.#sql.forgetProcesses.run();
  }

  /** Reads only where another process has written since the last time. */
  company(token: string): Company {
    const version = this.#sql.version.get()?.['data_version'];
    if (this.#known?.version !== version) this.#known = { version, others: this.#others(token) };
    return companyOf(this.#known?.others ?? [], this.#now());
  }

  /** In how many ms the next free place of a pace is; it is taken. */
  takePlace(token: string, pace: string, gapMs: number): number {
    for (const other of this.#others(token))
      if (other.left_at === null && isGone(other.token)) this.unregister(other.token);
    this.#known = undefined;
    const [name, now] = [storedLabel(pace), this.#now()];
    const at = placeAfter(Number(this.#sql.pace.get(name)?.['free_at'] ?? 0), now, gapMs);
    this.#sql.putPace.run(name, Math.ceil(at + gapMs));
    return at - now;
  }

  #others(token: string): Process[] {
    return this.#sql.processes.all(token) as unknown as Process[];
  }
}

function statements(db: DatabaseSync) {
  const beginsWith = 'substr(token, 1, length(?)) = ?';
  return {
    leases: db.prepare('SELECT key, token FROM leases'),
    lease: db.prepare('SELECT token, until FROM leases WHERE key = ?'),
    putLease: db.prepare(
      `INSERT INTO leases (key, token, until) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET token = excluded.token, until = excluded.until`,
    ),
    renewLease: db.prepare('UPDATE leases SET until = ? WHERE key = ? AND token = ?'),
    endLease: db.prepare('DELETE FROM leases WHERE key = ? AND token = ?'),
    waiters: db.prepare('SELECT * FROM waiters WHERE lane = ?'),
    putWaiter: db.prepare(
      `INSERT INTO waiters (lane, token, failed_at, urgent, requested, needed_by, until) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (lane, token) DO UPDATE SET failed_at = excluded.failed_at, urgent = excluded.urgent,
       requested = excluded.requested, needed_by = excluded.needed_by, until = excluded.until`,
    ),
    endWaiter: db.prepare('DELETE FROM waiters WHERE lane = ? AND token = ?'),
    processes: db.prepare('SELECT token, since, left_at FROM processes WHERE token <> ?'),
    putProcess: db.prepare(
      'INSERT INTO processes (token, since) VALUES (?, ?) ON CONFLICT (token) DO UPDATE SET since = excluded.since',
    ),
    endProcess: db.prepare('UPDATE processes SET left_at = ? WHERE token = ?'),
    forgetOld: db.prepare('DELETE FROM processes WHERE left_at < ? OR since < ?'),
    forgetProcesses: db.prepare('DELETE FROM processes'),
    endAll: ['leases', 'waiters', 'processes'].map((table) => db.prepare(`DELETE FROM ${table} WHERE ${beginsWith}`)),
    version: db.prepare('PRAGMA data_version'),
    pace: db.prepare('SELECT free_at FROM paces WHERE name = ?'),
    putPace: db.prepare(
      'INSERT INTO paces (name, free_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at',
    ),
  };
}
