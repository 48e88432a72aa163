// One replica of several over a journal in PostgreSQL: its name, the digest of its configuration, and what it works with.
// Loaded only there, and with it pg-boss.
import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import type { PostgresPlace } from '../adapters/journal/place.ts';
import { createPassQueue } from '../adapters/queue/pg-boss.ts';
import type { Config } from '../config/resolve.ts';
import { asRotatorError } from '../core/errors.ts';
import type { DaemonJournal, Degradable, ReplicaRegister, SharedPace } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import { MINUTE } from '../core/time.ts';
import { Replica, type ReplicaTools, type Share } from '../daemon/replica.ts';
import type { ServiceTools } from './tools.ts';

export interface ReplicaOptions {
  readonly place: PostgresPlace;
  readonly journal: DaemonJournal;
  readonly register: ReplicaRegister;
  readonly report: ReplicaTools['report'];
  readonly pid: number;
  /** Begins the tokens of this replica. */
  readonly holder: string;
  /** Called when it begins or ceases to lead, and when passes have ended. */
  readonly onNews: () => void;
}

/** How much of a digest tells configurations apart. */
const DIGEST_LENGTH = 16;

/** The replica that this process is. */
export function createReplica(
  { place, journal, register, report, pid, holder, onNews }: ReplicaOptions,
  { clock, emit, env, newId }: ServiceTools,
): Replica {
  const name = env['ROTATOR_REPLICA'] || replicaName(hostname(), pid);
  const onTrouble = (thrown: unknown) => {
    // The journal tells that the database is away.
    if (journal.degraded === undefined) emit({ event: 'warning', during: 'replicas', error: asRotatorError(thrown) });
  };
  return new Replica({
    clock,
    journal,
    register,
    report,
    name,
    queue: createPassQueue({ place, replica: name, onTrouble }),
    token: `${holder}${newId()}`,
    onNews,
    onTrouble,
  });
}

/**
 * The pace of calls to the outside over all replicas. Its places are in the journal; while that is away each replica has
 * every n-th place of the journal's clock as it was known, so that together they keep the pace of one.
 */
export function replicaPace(journal: SharedPace & Degradable, clock: Clock, share: () => Share): SharedPace {
  const last = new Map<string, number>();
  return {
    async company() {
      if (journal.degraded === undefined) return journal.company();
      return { others: share().of > 1, leftMsAgo: undefined };
    },
    async takePlace(pace, gapMs) {
      if (journal.degraded === undefined) return journal.takePlace(pace, gapMs);
      const { rank, of, aheadMs } = share();
      const now = clock.now() - aheadMs;
      const before = last.get(pace) ?? Number.NEGATIVE_INFINITY;
      // One that is far ahead was taken before the clock was set back.
      const from = Math.max(Math.ceil(now / gapMs), before * gapMs > now + FARTHEST_MS ? 0 : before + 1);
      const place = from + ((rank - (from % of) + of) % of);
      last.set(pace, place);
      return place * gapMs - now;
    },
  };
}

/** How far ahead a place can be that was taken rightly: calls are made one after the other, each after it has had its place. */
const FARTHEST_MS = MINUTE;

/** A container is known by its host name alone, so that it is the same replica after it was started again. */
export function replicaName(host: string, pid: number): string {
  return pid === 1 ? host : `${host}:${pid}`;
}

/** What passes and alerts depend on; replicas may differ in where they listen and how they log. */
export function configurationDigest({ schedule, apple, allowHosts, alerts, heartbeat, targets }: Config): string {
  const settings = JSON.stringify({ schedule, apple, allowHosts, alerts, heartbeat, targets });
  return hash('sha256', settings, 'hex').slice(0, DIGEST_LENGTH);
}
