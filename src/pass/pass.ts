// One pass on one target: gather, decide, act. A pass never throws for trouble with its target: whatever happens is
// journalled, told and answered as a PassResult. Only a journal that cannot be written makes it throw.
import { type Decision, decide } from '../core/decide.ts';
import { mayBeWorking } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import {
  afterBadWrite,
  afterGoodWrite,
  closedUntil,
  FAILED_TARGET_LATER_MS,
  judgeWrite,
  type WriteRank,
} from '../core/lanes.ts';
import type { Target } from '../core/ports.ts';
import { emptyTargetState, type Rotation, type TargetState } from '../core/records.ts';
import { askDaily } from './ask-daily.ts';
import { Course, type PassRequest, type PassResult, type PassTools } from './course.ts';
import { gather } from './gather.ts';
import type { Gathered } from './learnt.ts';
import { viewOf } from './report.ts';
import { resolveOpenRows } from './resolve.ts';
import { endUnrotated, type Rotate, rotate } from './rotate.ts';

export type { LaneTurns, PassRequest, PassResult, PassTools } from './course.ts';

const LEASE_POLL_MS = 1_000;
/** A snapshot that is older when the lane's turn comes is gathered again: key and window may have changed meanwhile. */
const STALE_MS = 10_000;
/** How many rows of a target are looked through for its last write: between two writes lie few that wrote nothing. */
const ROWS_BACK = 5;

/** Checks one target, and rotates its client secret if that is due and permitted. */
export async function runPass(target: Target, request: PassRequest, tools: PassTools): Promise<PassResult> {
  const { journal, lane } = tools;
  const token = `${tools.leaseHolder}${tools.newId()}`;
  const known = (await journal.target(target.key)) ?? emptyTargetState(target, target.name);
  const course = new Course(target, request, tools, token, known);
  try {
    return await orEnd(course, async () => {
      const { result } = await lane.look(request.drop, async () => {
        const seen = await look(course);
        // The write gets into line before the look is over. An object, so that the look does not wait for it.
        return {
          result:
            'state' in seen
              ? seen
              : lane.write(await rankOf(course, seen), request.drop, () => writeInTurn(course, seen)),
        };
      });
      return await result;
    });
  } finally {
    await journal.releaseLease(target.key, token);
  }
}

/** What a pass would do now, and why; reads, and writes nothing. */
export interface Preview {
  readonly state: TargetState;
  readonly action: Decision['action'] | 'fail';
  readonly why: string;
}

/** Gathers and decides without a lease, a row or any trace; Apple is not asked. */
export async function previewPass(target: Target, request: PassRequest, tools: PassTools): Promise<Preview> {
  const known = (await tools.journal.target(target.key)) ?? emptyTargetState(target, target.name);
  const course = new Course(target, request, tools, '', known);
  try {
    const gathered = await gather(course);
    course.noteGathered(gathered);
    const decision = decide(gathered.snapshot);
    const planned = preview(course.state, decision);
    if (decision.action !== 'rotate') return planned;
    const obstacle = await obstacleTo(course, decision);
    if (obstacle === undefined) return planned;
    const { error } = obstacle;
    return {
      state: { ...planned.state, error: viewOf(error) },
      action: 'defer',
      why: `${planned.why}; ${error.message}`,
    };
  } catch (thrown) {
    const error = asRotatorError(thrown);
    return { state: { ...course.state, state: 'failed', error: viewOf(error) }, action: 'fail', why: error.message };
  }
}

function preview(state: TargetState, decision: Decision): Preview {
  const { action } = decision;
  switch (action) {
    case 'none':
      return { state: { ...state, state: 'healthy', reason: null, error: null }, action, why: 'nothing to do' };
    case 'rotate':
    case 'defer':
      return { state: { ...state, state: 'due', reason: decision.reason, error: null }, action, why: decision.why };
    case 'pend':
    case 'refuse': {
      const { reason, error } = decision;
      const name = action === 'pend' ? 'pending' : 'failed';
      return { state: { ...state, state: name, reason, error: viewOf(error) }, action, why: error.message };
    }
  }
}

/** A pass that has decided to rotate. */
interface Seen {
  readonly gathered: Gathered;
  readonly decision: Rotate;
}

/** Takes the lease, gathers and decides; ends the pass unless it rotates. */
async function look(course: Course): Promise<PassResult | Seen> {
  const { request, tools, target } = course;
  const leased = await waitForLease(course);
  course.learn({ ...(await tools.journal.target(target.key)), name: target.name });
  if (!leased) return course.endLeaseHeld();
  if (request.force) await course.openRow('Requested');
  await resolveOpenRows(course);
  const gathered = await gather(course);
  course.noteGathered(gathered);
  const decision = decide(gathered.snapshot);
  if (decision.action === 'rotate') return { gathered, decision };
  if (decision.action !== 'refuse') course.learn(await askDaily(course, gathered.snapshot));
  return endUnrotated(course, decision);
}

/** Rotates in the lane's turn, and notes what the write says about the lane before the next one has its turn. */
async function writeInTurn(course: Course, seen: Seen): Promise<PassResult> {
  const result = await orEnd(course, () => rotateIfStillDue(course, seen));
  await noteWrite(course, result);
  return result;
}

async function rotateIfStillDue(course: Course, { gathered, decision }: Seen): Promise<PassResult> {
  const { clock } = course.tools;
  if (clock.monotonic() - gathered.at > STALE_MS) {
    if (!(await course.acquireLease())) return course.endLeaseHeld();
    gathered = await gather(course, true);
    course.noteGathered(gathered);
    const again = decide(gathered.snapshot);
    if (again.action !== 'rotate') return endUnrotated(course, again);
    decision = again;
  }
  const obstacle = await obstacleTo(course, decision);
  if (obstacle === undefined) return rotate(course, gathered, decision);
  const { reason, why } = decision;
  const { error, until } = obstacle;
  const stillFailed = (await lastBadWrite(course))?.error ?? null;
  const wakeAt = until === null || stillFailed === null ? until : until + FAILED_TARGET_LATER_MS;
  return course.endWaiting({ state: 'due', reason, why, error, wakeAt, stillFailed });
}

/** Ends the pass with whatever `work` throws, but for a journal that cannot be written. */
async function orEnd<T>(course: Course, work: () => Promise<T>): Promise<T | PassResult> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof RotatorError && thrown.code.startsWith('ERR_JOURNAL')) throw thrown;
    if (course.request.drop.aborted && course.write !== 'sent') return course.endDropped();
    return course.endBadly(thrown);
  }
}

async function waitForLease(course: Course): Promise<boolean> {
  const { leaseWaitMs, drop } = course.request;
  const { clock } = course.tools;
  const deadline = clock.monotonic() + leaseWaitMs;
  for (;;) {
    if (await course.acquireLease()) return true;
    if (clock.monotonic() >= deadline || drop.aborted) return false;
    await clock.sleep(LEASE_POLL_MS, drop).catch(() => undefined);
  }
}

// ---- the lane

/** What holds back a rotation that is wanted, and until when; null: nobody knows. */
interface Obstacle {
  readonly error: RotatorError;
  readonly until: number | null;
}

/** What holds back a rotation that is neither urgent nor, where the lane is closed, asked for. */
async function obstacleTo(course: Course, { emergency }: Rotate): Promise<Obstacle | undefined> {
  const { request, tools } = course;
  if (emergency) return undefined;
  if (tools.isDegraded())
    return { error: new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' }), until: null };
  if (request.force) return undefined;
  const lane = (await tools.journal.fleet()).lanes[tools.provider.lane];
  const until = closedUntil(lane, course.now);
  if (lane === undefined || until === undefined) return undefined;
  return { error: new RotatorError('ERR_LANE_CLOSED', { until, because: lane.error }), until };
}

async function rankOf(course: Course, { gathered, decision }: Seen): Promise<WriteRank> {
  const { deployed } = gathered.snapshot;
  return {
    failedAt: (await lastBadWrite(course))?.finishedAt ?? null,
    urgent: decision.emergency,
    requested: course.request.force,
    neededBy: mayBeWorking(deployed, course.now) ? (deployed.expiresAt ?? Number.POSITIVE_INFINITY) : 0,
  };
}

/** The target's last write, if it ended badly and no pass has ended well since. */
async function lastBadWrite({ state, target, tools }: Course): Promise<Rotation | undefined> {
  if (state.retry.failures === 0) return undefined;
  const rows = await tools.journal.rotations({ target: target.key, limit: ROWS_BACK });
  const last = rows.find(({ outcome, intent }) => outcome !== null && intent !== null);
  return last?.outcome === 'failed' || last?.outcome === 'rolled-back' ? last : undefined;
}

async function noteWrite({ write, tools, now }: Course, { outcome, state: { error } }: PassResult): Promise<void> {
  const verdict = judgeWrite(write, outcome, error?.code);
  if (verdict === undefined) return;
  const { lane } = tools.provider;
  await tools.journal.updateFleet((fleet) => {
    const bad = verdict === 'bad' && error !== null;
    return { ...fleet, lanes: bad ? afterBadWrite(fleet.lanes, lane, error, now) : afterGoodWrite(fleet.lanes, lane) };
  });
}
