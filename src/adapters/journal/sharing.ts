// The rules by which processes share a journal, whatever keeps it: when a lease keeps others away, who has the next turn
// in a lane, who counts as being there, and where the next place of a pace is. All instants are ms by the journal's clock.

import type { Company, LeaseName } from '../../core/journal-ports.ts';
import { compareRanks, type WriteRank } from '../../core/lanes.ts';
import { LEASE_MS } from '../../core/schedule.ts';
import { DAY, HOUR, SECOND } from '../../core/time.ts';
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
export const WAITER_MS = 10 * SECOND;
/**
 * How long a process counts that has not written its name again, as each does every hour. With less, a machine that
 * slept would overlook a process that lives; with more, what is left of a killed one would cost a transaction for each
 * call for longer.
 */
export const PROCESS_MS = DAY;
/** How long it is known that a process left: its last calls count for a pace of one in so long. */
export const LEFT_MS = HOUR;
/**
 * How many places of a pace may be taken ahead. Each process takes one at a time, so they are as many as there are
 * processes; a place that lies further ahead was written by a wrong clock.
 */
const MOST_PLACES = 100;

export interface StoredLease {
  readonly token: string;
  readonly until: number;
}

/** Whether a process is certainly gone, by its token. */
export type IsGone = (token: string) => boolean;

/** True if a lease keeps others away; with a token: others than whoever has it. */
export function keepsAway(lease: StoredLease | undefined, now: number, isGone: IsGone, token?: string): boolean {
  if (lease === undefined || lease.token === token) return false;
  return lease.until > now && lease.until <= now + LEASE_MS + LEASE_TOLERANCE_MS && !isGone(lease.token);
}

/** The most urgent write of a process that waits for a turn in a lane. */
export interface Waiter {
  /** The order of arrival. */
  readonly seq: number;
  readonly token: string;
  readonly failed_at: number | null;
  readonly urgent: number;
  readonly requested: number;
  /** Infinite where nobody knows. */
  readonly needed_by: number;
  readonly until: number;
}

/** Who has the next turn; `token` has just asked. */
export function nextInLine(waiters: readonly Waiter[], token: string, now: number, isGone: IsGone): string | undefined {
  const inLine = waiters.filter(
    ({ token: other, until }) => other === token || (until > now && until <= now + WAITER_MS && !isGone(other)),
  );
  return inLine.sort((a, b) => compareRanks(rankOf(a), rankOf(b)) || a.seq - b.seq)[0]?.token;
}

function rankOf({ failed_at, urgent, requested, needed_by }: Waiter): WriteRank {
  return { failedAt: failed_at, urgent: urgent === 1, requested: requested === 1, neededBy: needed_by };
}

export function laneLease(lane: string, token: string): LeaseName {
  return { key: `lane:${storedLabel(lane)}`, token };
}

/** A process that uses the journal, or did. */
export interface Process {
  readonly token: string;
  /** When it wrote its name last. */
  readonly since: number;
  readonly left_at: number | null;
}

export function companyOf(others: readonly Process[], now: number): Company {
  const left = others.map(({ left_at }) => left_at ?? Number.NEGATIVE_INFINITY).filter((at) => at <= now);
  const leftMsAgo = now - Math.max(...left);
  return {
    // One that was killed counts until somebody finds out: it may have called the outside a moment ago.
    others: others.some(({ since, left_at }) => left_at === null && since > now - PROCESS_MS),
    leftMsAgo: leftMsAgo < LEFT_MS ? leftMsAgo : undefined,
  };
}

/** When the next place of a pace is, of which the last that was taken leaves it free at `free`. */
export function placeAfter(free: number, now: number, gapMs: number): number {
  return free > now && free <= now + MOST_PLACES * gapMs ? free : now;
}
