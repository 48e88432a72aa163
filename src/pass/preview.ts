// What a pass would do now, and why: gathers and decides without a lease, a row or any trace. Apple is not asked.
import { type Decision, decide } from '../core/decide.ts';
import { asRotatorError } from '../core/errors.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Target } from '../core/ports.ts';
import type { Why } from '../core/reasons.ts';
import type { TargetState } from '../core/records.ts';
import { Course } from './course.ts';
import { gather } from './gather.ts';
import { obstacleTo } from './lane.ts';
import { viewOf } from './report.ts';
import type { PassRequest, PassTools } from './tools.ts';

export interface Preview {
  readonly state: TargetState;
  readonly action: Decision['action'] | 'fail';
  /** What a policy found; null where none asks for a rotation, or the pass could not get that far. */
  readonly why: Why | null;
  /** By which logins are judged. */
  readonly clock: JudgeClock;
}

/** Reads, and writes nothing. */
export async function previewPass(target: Target, request: PassRequest, tools: PassTools): Promise<Preview> {
  const course = new Course(target, request, tools);
  await course.read();
  try {
    const gathered = await gather(course);
    course.noteGathered(gathered);
    if ('error' in gathered) throw gathered.error;
    const decision = decide(gathered.snapshot);
    const planned = { ...preview(course.state, decision), clock: course.clock };
    if (decision.action !== 'rotate') return planned;
    const obstacle = await obstacleTo(course, decision);
    if (obstacle === undefined) return planned;
    const { error } = obstacle;
    return { ...planned, state: { ...planned.state, error: viewOf(error) }, action: 'defer' };
  } catch (thrown) {
    const error = asRotatorError(thrown);
    return {
      state: { ...course.state, state: 'failed', error: viewOf(error) },
      action: 'fail',
      why: null,
      clock: course.clock,
    };
  }
}

function preview(state: TargetState, decision: Decision): Omit<Preview, 'clock'> {
  const { action } = decision;
  switch (action) {
    case 'none':
      return { state: { ...state, state: 'healthy', reason: null, error: null }, action, why: null };
    case 'rotate':
    case 'defer':
      return { state: { ...state, state: 'due', reason: decision.reason, error: null }, action, why: decision.why };
    case 'pend':
    case 'refuse': {
      const { reason, error } = decision;
      const name = action === 'pend' ? 'pending' : 'failed';
      return { state: { ...state, state: name, reason, error: viewOf(error) }, action, why: null };
    }
  }
}
