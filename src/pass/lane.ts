// What the lane means for one pass: what holds its rotation back, which rank its write has among those that wait, and
// what its write says about the lane to the writes that follow.
import { RotatorError } from '../core/errors.ts';
import { afterBadWrite, afterGoodWrite, closedUntil, judgeWrite, type WriteRank } from '../core/lanes.ts';
import type { Rotation } from '../core/records.ts';
import type { Course } from './course.ts';
import type { Rotate, Seen } from './seen.ts';
import type { PassResult } from './tools.ts';

/**
 * How many rows of a target are searched for its last write. Between two writes lie only a few rows that wrote nothing;
 * with fewer a bad write could be missed, more would only cost time.
 */
const ROWS_BACK = 5;

/** What holds back a rotation that is wanted, and until when; null: nobody knows. */
export interface Obstacle {
  readonly error: RotatorError;
  readonly until: number | null;
}

/** What holds back a rotation that is not urgent. A rotation that was asked for does not wait for a closed lane. */
export async function obstacleTo(course: Course, { urgent }: Rotate): Promise<Obstacle | undefined> {
  const { request, tools } = course;
  if (urgent) return undefined;
  if (tools.isDegraded())
    return { error: new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' }), until: null };
  if (request.force) return undefined;
  const lane = (await tools.journal.fleet()).lanes[tools.provider.lane];
  const until = closedUntil(lane, course.now);
  if (lane === undefined || until === undefined) return undefined;
  return { error: new RotatorError('ERR_LANE_CLOSED', { until, because: lane.error }), until };
}

export async function rankOf(course: Course, { snapshot, decision }: Seen): Promise<WriteRank> {
  const { deployed } = snapshot;
  return {
    failedAt: (await lastBadWrite(course))?.finishedAt ?? null,
    urgent: decision.urgent,
    requested: course.request.force,
    neededBy: course.logins.state === 'fails' ? 0 : (deployed.expiresAt ?? Number.POSITIVE_INFINITY),
  };
}

/** The target's last write, if it ended badly and no pass has ended well since. */
export async function lastBadWrite({ state, target, tools }: Course): Promise<Rotation | undefined> {
  if (state.retry.failures === 0) return undefined;
  const rows = await tools.journal.rotations({ target: target.key, limit: ROWS_BACK });
  const last = rows.find(({ outcome, intent }) => outcome !== null && intent !== null);
  return last?.outcome === 'failed' || last?.outcome === 'rolled-back' ? last : undefined;
}

/** Notes in the journal how the write of this pass ended, before the next write of the lane has its turn. */
export async function noteLane(
  { write, tools, now }: Course,
  { outcome, state: { error } }: PassResult,
): Promise<void> {
  const verdict = judgeWrite(write, outcome, error?.code);
  if (verdict === undefined) return;
  const { lane } = tools.provider;
  if (verdict === 'good' && (await tools.journal.fleet()).lanes[lane] === undefined) return;
  await tools.journal.updateFleet((fleet) => {
    const bad = verdict === 'bad' && error !== null;
    return { ...fleet, lanes: bad ? afterBadWrite(fleet.lanes, lane, error, now) : afterGoodWrite(fleet.lanes, lane) };
  });
}
