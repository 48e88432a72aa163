// What the writes of a lane (one credential, region and endpoint) do to each other: which of them goes first, and
// when a write that ended badly pauses the rest. The state of a lane is kept in the journal's FleetState, so that it
// survives a restart and holds for `once` and `run` alike; a lane without an entry is open.
import type { ErrorCode, StoredError } from './errors.ts';
import type { Outcome } from './reasons.ts';
import type { FleetState, LaneState } from './records.ts';
import { notBeyond } from './schedule.ts';
import { HOUR, MINUTE } from './time.ts';

/**
 * How long a bad write closes its lane to what is not urgent. With less, a broken endpoint would get a write of every
 * target of a fleet within a day; with more, one bad answer would hold up renewals for longer than it may last.
 */
export const LANE_CLOSED_MS = HOUR;
/**
 * How much later than the others a target comes back whose own write closed the lane. Sooner, and it could be the first
 * again, hour after hour; much later, and it waits for nothing.
 */
export const FAILED_TARGET_LATER_MS = MINUTE;
/** Bad writes in a row that raise an alert. One may be an accident or one target's own trouble; three are not. */
export const ALERT_AFTER_BAD_WRITES = 3;

export type LaneStates = FleetState['lanes'];

/** Until when a lane takes urgent and requested writes alone; undefined: it is open. */
export function closedUntil(lane: LaneState | undefined, now: number): number | undefined {
  if (lane === undefined) return undefined;
  const until = notBeyond(lane.closedUntil, now, LANE_CLOSED_MS);
  return until > now ? until : undefined;
}

/** How far a pass got with its write: `refused` wrote nothing for certain, `sent` may have. */
export type WriteAttempt = 'none' | 'refused' | 'sent';

/** Refusals that would meet every other write of the lane too: they speak of credential, permission or endpoint. */
const OF_THE_LANE: ReadonlySet<ErrorCode> = new Set([
  'ERR_CREDENTIALS_MISSING',
  'ERR_CREDENTIALS_REJECTED',
  'ERR_CREDENTIALS_UNAVAILABLE',
  'ERR_CLOUDBASE_DENIED',
  'ERR_CLOUDBASE_NETWORK',
  'ERR_CLOUDBASE_TIMEOUT',
  'ERR_REDIRECTED',
  'ERR_CERTIFICATE',
]);

/** What the end of a pass says about its lane; undefined: nothing. */
export function judgeWrite(
  write: WriteAttempt,
  outcome: Outcome | null,
  code: ErrorCode | undefined,
): 'good' | 'bad' | undefined {
  if (write === 'none') return undefined;
  if (write === 'refused') return code !== undefined && OF_THE_LANE.has(code) ? 'bad' : undefined;
  return outcome === 'succeeded' || outcome === 'unverified' ? 'good' : 'bad';
}

/** The lanes after a good write, which opens its lane again. */
export function afterGoodWrite(lanes: LaneStates, lane: string): LaneStates {
  const { [lane]: _, ...others } = lanes;
  return others;
}

/** The lanes after a bad write. */
export function afterBadWrite(lanes: LaneStates, lane: string, error: StoredError, now: number): LaneStates {
  const before = lanes[lane];
  const since = before === undefined || before.since > now ? now : before.since;
  const badWrites = (before?.badWrites ?? 0) + 1;
  return { ...lanes, [lane]: { badWrites, since, closedUntil: now + LANE_CLOSED_MS, error } };
}

/** What decides which of the waiting writes of a lane goes next. */
export interface WriteRank {
  /**
   * When the target's last write ended badly; null if it did not. Such a target goes last, the longest ago first: one
   * that fails for reasons of its own must not close the lane to the others again and again.
   */
  readonly failedAt: number | null;
  readonly urgent: boolean;
  readonly requested: boolean;
  /** When logins stop without this write: 0 if they may have stopped already, infinite where nobody knows. */
  readonly neededBy: number;
}

/** Negative if `a` goes before `b`, 0 if they go in the order in which they came. */
export function compareRanks(a: WriteRank, b: WriteRank): number {
  return (
    ascending(a.failedAt ?? 0, b.failedAt ?? 0) ||
    ascending(Number(b.urgent), Number(a.urgent)) ||
    ascending(Number(b.requested), Number(a.requested)) ||
    ascending(a.neededBy, b.neededBy)
  );
}

function ascending(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
