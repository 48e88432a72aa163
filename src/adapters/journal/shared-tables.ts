// What the processes of one journal share beside what they record: leases, the line of waiting writes in each lane, who
// uses the journal, and the pace of calls to the outside. All instants are ms by the journal's clock.
import type { DatabaseSync } from 'node:sqlite';
import { compareRanks, type WriteRank } from '../../core/lanes.ts';
import type { Company, LeaseName } from '../../core/ports.ts';
import { LEASE_MS } from '../../core/schedule.ts';
import { DAY, HOUR, SECOND } from '../../core/time.ts';
import { isGone } from './process-name.ts';
import { storedLabel } from './stored.ts';

/**
 * How much further ahead than a lease lasts it may end before it counts as written by a clock that was wrong. With less,
 * a small step of the clock would end leases of passes that run; with more, a wrong clock would hold up a target for
 * longer.
 */
const LEASE_TOLERANCE_MS = 5 * SECOND;
/**
 * How long a process stays in the line of a lane after it has asked for its turn. It asks often: with less, a slow
 * disk would cost it its place; with more, one that was killed would hold up the others.
 */
const WAITER_MS = 10 * SECOND;
/**
 * How long a process counts that has not written its name again, as each does every hour. With less, a machine that
 * slept would overlook a process that lives; with more, what is left of a killed one would cost a transaction for each
 * call for longer.
 */
const PROCESS_MS = DAY;
/** How long it is known that a process left: its last calls count for a pace of one in so long. */
const LEFT_MS = HOUR;
/**
 * How many places of a pace may be taken ahead. Each process takes one at a time, so they are as many as there are
 * processes; a place that lies further ahead was written by a wrong clock.
 */
const MOST_PLACES = 100;

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

  renewLease({ key, token }: LeaseName): boolean {
    return this.#sql.renewLease.run(this.#now() + LEASE_MS, key, token).changes === 1;
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
    const row = this.#sql.lease.get(key) as { readonly token: string; readonly until: number } | undefined;
    if (row === undefined || row.token === token) return false;
    const now = this.#now();
    return row.until > now && row.until <= now + LEASE_MS + LEASE_TOLERANCE_MS && !isGone(row.token);
  }

  // ---- the line of a lane

  /** True: the lane's lease is taken; false: the process waits in the line. */
  takeTurn(lane: string, token: string, rank: WriteRank): boolean {
    const [line, now] = [storedLabel(lane), this.#now()];
    const { failedAt, urgent, requested, neededBy } = rank;
    this.#sql.putWaiter.run(line, token, failedAt, Number(urgent), Number(requested), neededBy, now + WAITER_MS);
    const waiters = this.#sql.waiters.all(line) as unknown as Waiter[];
    const inLine = waiters.filter(
      ({ token: other, until }) => other === token || (until > now && until <= now + WAITER_MS && !isGone(other)),
    );
    const [first] = inLine.sort((a, b) => compareRanks(rankOf(a), rankOf(b)) || a.seq - b.seq);
    if (first?.token !== token || !this.acquireLease(laneLease(lane, token))) return false;
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
    const [others, now] = [this.#known?.others ?? [], this.#now()];
    const left = others.map(({ left_at }) => left_at ?? Number.NEGATIVE_INFINITY).filter((at) => at <= now);
    const leftMsAgo = now - Math.max(...left);
    return {
      // One that was killed counts until somebody finds out: it may have called the outside a moment ago.
      others: others.some(({ since, left_at }) => left_at === null && since > now - PROCESS_MS),
      leftMsAgo: leftMsAgo < LEFT_MS ? leftMsAgo : undefined,
    };
  }

  /** In how many ms the next free place of a pace is; it is taken. */
  takePlace(token: string, pace: string, gapMs: number): number {
    for (const other of this.#others(token))
      if (other.left_at === null && isGone(other.token)) this.unregister(other.token);
    this.#known = undefined;
    const [name, now] = [storedLabel(pace), this.#now()];
    const free = Number(this.#sql.pace.get(name)?.['free_at'] ?? 0);
    const at = free > now && free <= now + MOST_PLACES * gapMs ? free : now;
    this.#sql.putPace.run(name, Math.ceil(at + gapMs));
    return at - now;
  }

  #others(token: string): Process[] {
    return this.#sql.processes.all(token) as unknown as Process[];
  }
}

interface Process {
  readonly token: string;
  /** When it wrote its name last. */
  readonly since: number;
  readonly left_at: number | null;
}

export function laneLease(lane: string, token: string): LeaseName {
  return { key: `lane:${storedLabel(lane)}`, token };
}

/** The most urgent write of a process that waits for a turn in a lane. */
interface Waiter {
  readonly seq: number;
  readonly token: string;
  readonly failed_at: number | null;
  readonly urgent: number;
  readonly requested: number;
  readonly needed_by: number;
  readonly until: number;
}

function rankOf({ failed_at, urgent, requested, needed_by }: Waiter): WriteRank {
  return { failedAt: failed_at, urgent: urgent === 1, requested: requested === 1, neededBy: needed_by };
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
