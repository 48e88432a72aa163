// One pass on one target: gather, decide, act. A pass never throws for trouble with its target: whatever happens is
// journalled, told and answered as a PassResult. Only a journal that cannot be written makes it throw.
import { type Decision, decide } from '../core/decide.ts';
import { asRotatorError, errorView, RotatorError } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import { emptyTargetState, type FleetState, type TargetState } from '../core/records.ts';
import { LEASE_MS } from '../core/schedule.ts';
import { askDaily } from './ask-daily.ts';
import { Course, type PassRequest, type PassResult, type PassTools, type Want } from './course.ts';
import { gather } from './gather.ts';
import { viewOf } from './report.ts';
import { resolveOpenRows } from './resolve.ts';
import { endUnrotated, rotate } from './rotate.ts';

export type { Admission, PassRequest, PassResult, PassTools, Want } from './course.ts';

const LEASE_POLL_MS = 1_000;
/** So many rotations in a row that fail after the push stop all but emergencies. */
const HALT_AFTER = 3;

/** Checks one target, and rotates its client secret if that is due and permitted. */
export async function runPass(target: Target, request: PassRequest, tools: PassTools): Promise<PassResult> {
  const { journal } = tools;
  const token = `${tools.leaseHolder}${tools.newId()}`;
  const known = (await journal.target(target.key)) ?? emptyTargetState(target, target.name);
  if (!(await waitForLease(target, request, tools, token))) return leaseHeld(known);
  try {
    const state: TargetState = { ...((await journal.target(target.key)) ?? known), name: target.name };
    const course = new Course(target, request, tools, token, state);
    const result = await passWithLease(course);
    if (course.pushed) await countForHalt(course, result);
    return result;
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
    const admission = await tools.admit(wantOf(target, request, decision));
    if (admission.go) return planned;
    const { error } = admission;
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

async function passWithLease(course: Course): Promise<PassResult> {
  const { request, tools, target } = course;
  try {
    if (request.force) await course.openRow('Requested');
    await resolveOpenRows(course);
    const gathered = await gather(course);
    course.noteGathered(gathered);
    const decision = decide(gathered.snapshot);
    if (decision.action !== 'rotate' && decision.action !== 'refuse')
      course.learn(await askDaily(course, gathered.snapshot));
    if (decision.action !== 'rotate') return await endUnrotated(course, decision);
    const { reason, why } = decision;
    const admission = await tools.admit(wantOf(target, request, decision));
    if (!admission.go) return await course.endWaiting({ state: 'due', reason, why, error: admission.error });
    return await rotate(course, gathered, decision);
  } catch (thrown) {
    if (thrown instanceof RotatorError && thrown.code.startsWith('ERR_JOURNAL')) throw thrown;
    if (request.drop.aborted && !course.pushed) return course.endDropped();
    return course.endBadly(thrown);
  }
}

/** What somebody asked for is asked for, whatever else is wrong with the deployed secret. */
function wantOf(target: Target, { force }: PassRequest, decision: Extract<Decision, { action: 'rotate' }>): Want {
  const { reason, emergency } = decision;
  return { targetKey: target.key, reason: force ? 'Requested' : reason, emergency };
}

async function waitForLease(
  target: Target,
  { leaseWaitMs, drop }: PassRequest,
  { clock, journal }: PassTools,
  token: string,
): Promise<boolean> {
  const deadline = clock.monotonic() + leaseWaitMs;
  for (;;) {
    if (await journal.acquireLease(target.key, token, clock.now(), LEASE_MS)) return true;
    if (clock.monotonic() >= deadline || drop.aborted) return false;
    await clock.sleep(LEASE_POLL_MS, drop).catch(() => undefined);
  }
}

function leaseHeld(state: TargetState): PassResult {
  const error = new RotatorError('ERR_LEASE_HELD', 'another process is working on this target', {
    hint: 'Nothing to do: the other process finishes its pass; `status` shows the result.',
  });
  return { state: { ...state, error: viewOf(error) }, outcome: null, waitsFor: error, skewMs: undefined };
}

/** Counts rotations that failed after the push, over all targets, and halts the fleet at the third in a row. */
async function countForHalt(course: Course, { outcome, state }: PassResult): Promise<void> {
  const failed = outcome === 'failed' || outcome === 'rolled-back';
  let halts = false;
  const count = (fleet: FleetState): FleetState => {
    const failedAfterPush = failed ? fleet.failedAfterPush + 1 : 0;
    halts = failed && fleet.halted === null && failedAfterPush >= HALT_AFTER;
    if (!halts) return { ...fleet, failedAfterPush };
    return {
      ...fleet,
      failedAfterPush,
      halted: {
        at: course.now,
        error: viewOf(fleetHalted(state.error === null ? undefined : errorView(state.error).message)) as NonNullable<
          TargetState['error']
        >,
      },
    };
  };
  await course.tools.journal.updateFleet(count);
  if (halts) course.warn(fleetHalted(state.error === null ? undefined : errorView(state.error).message));
}

/** The error of a fleet that stopped itself. */
export function fleetHalted(last: string | undefined): RotatorError {
  const why = last === undefined ? '' : `; the last: ${last}`;
  return new RotatorError(
    'ERR_FLEET_HALTED',
    `${HALT_AFTER} rotations in a row failed after the push, so all but emergencies are stopped${why}`,
    {
      hint: 'Find out why (`history`), then run `resume`.',
    },
  );
}
