// The ways in which a pass ends: what each adds to the state of the target, and which event reports it.

import { isRejected, nextQuestionAt } from '../core/answers.ts';
import { asRotatorError, RotatorError, type StoredError } from '../core/errors.ts';
import type { GateAnswer } from '../core/gate.ts';
import { FAILED_TARGET_LATER_MS, judgeWrite, LANE_CLOSED_MS } from '../core/lanes.ts';
import { SEEN_TWICE_MS } from '../core/logins.ts';
import type { Target } from '../core/ports.ts';
import type { Outcome, Reason, Why } from '../core/reasons.ts';
import type { TargetState } from '../core/records.ts';
import { nextAttemptAt } from '../core/schedule.ts';
import { MINUTE } from '../core/time.ts';
import type { Course } from './course.ts';
import type { RowEnd } from './learnt.ts';
import { deployedFields, viewOf } from './report.ts';
import type { PassResult } from './tools.ts';
import { afterTrouble } from './trouble.ts';

/** A check by another process takes seconds, a rotation rarely a minute. Sooner, the other would still be running; later would only delay. */
const LEASE_HELD_RETRY_MS = MINUTE;

/** Ends a rotation that has written. */
export function endWritten(course: Course, { outcome, error, learnt }: RowEnd): Promise<PassResult> {
  if (outcome === 'succeeded') return endWell(course, 'rotated', learnt);
  if (outcome === 'unverified') return endWell(course, 'unverified', learnt);
  return endBadly(course, error, outcome, learnt);
}

/** What was pushed over a useless secret without proof stays a failure until Apple accepts it, or a person says so. */
export function unprovenError({ unproven }: Pick<TargetState, 'unproven'>, target: Target): RotatorError | undefined {
  if (unproven === null) return undefined;
  const problem = target.appleCheck === 'off' ? 'unproven-unasked' : 'unproven';
  return new RotatorError('ERR_APPLE_UNKNOWN', { problem, detail: null });
}

/** Ends the pass well, and with it the run of failures; but a target whose new secret is not proven is not well. */
export async function endWell(
  course: Course,
  state: 'healthy' | 'rotated' | 'unverified',
  learnt: Partial<TargetState> = {},
): Promise<PassResult> {
  const doubt = unprovenError({ ...course.state, ...learnt }, course.target);
  const wakeAt = recheckAt(course) ?? course.questionAt;
  const result = await course.finish({
    outcome: state === 'rotated' ? 'succeeded' : 'unverified',
    error: null,
    learnt: {
      ...learnt,
      state: doubt === undefined ? state : 'failed',
      reason: course.row?.reason ?? null,
      error: viewOf(doubt ?? null),
      retry:
        doubt === undefined
          ? { failures: 0, nextAttemptAt: null }
          : { failures: 1, nextAttemptAt: nextAttemptAt(course.now, 1, doubt.remedy, true) },
      lastSuccessAt: course.now,
      dueSince: null,
    },
    wakeAt,
  });
  if (course.row === undefined) {
    course.tools.emit({ event: 'pass.healthy', ...deployedFields(course.state.deployed), ...course.closing(wakeAt) });
  }
  return result;
}

/** When evidence that may pass is looked at again; null: on the next tick. */
function recheckAt({ state: { apple, loginCheck }, now }: Course): number | null {
  if (apple.deployed.answer?.verdict === 'rejected') return nextQuestionAt(apple.deployed, now);
  return loginCheck?.verdict === 'rejected' && loginCheck.at === loginCheck.rejectedSince
    ? loginCheck.at + SEEN_TWICE_MS
    : null;
}

/** Ends a rotation that the gate holds back. It is tried again when the deployed secret ends, if not sooner. */
export function endHeld(course: Course, { how, error }: Extract<GateAnswer, { go: false }>): Promise<PassResult> {
  const { expiresAt } = course.state.deployed ?? { expiresAt: null };
  const wakeAt = expiresAt !== null && expiresAt > course.now ? expiresAt : null;
  return endBadly(course, error, how === 'wait' ? 'failed' : 'blocked', {}, wakeAt);
}

/** Why a wanted rotation has to wait: for the window or something else (`due`), or for a person (`pending`). */
export type Wait = { readonly reason: Reason } & (
  | {
      readonly state: 'due';
      readonly why: Why;
      /** Null: it waits for its window. */
      readonly error: RotatorError | null;
      readonly wakeAt: number | null;
      /** What the target's own last write ended with. The target stays failed then: having to wait is no better news. */
      readonly stillFailed?: StoredError | null;
    }
  | { readonly state: 'pending'; readonly error: RotatorError }
);

/** Ends the pass without a rotation that is wanted. */
export async function endWaiting(course: Course, wait: Wait): Promise<PassResult> {
  const { reason, error } = wait;
  const isDue = wait.state === 'due';
  const failed = isDue ? (wait.stillFailed ?? null) : null;
  const wanted = [isDue ? wait.wakeAt : null, course.questionAt].filter((at) => at !== null);
  const wakeAt = wanted.length === 0 ? null : Math.min(...wanted);
  const result = await course.finish({
    outcome: 'blocked',
    error,
    learnt: {
      state: failed === null ? wait.state : 'failed',
      reason,
      error: failed ?? viewOf(error),
      retry: { ...course.state.retry, nextAttemptAt: null },
      dueSince: isDue ? dueSince(course) : null,
    },
    wakeAt,
  });
  const fields = { reason, ...deployedFields(course.state.deployed), ...course.closing(wakeAt) };
  if (isDue) course.tools.emit({ event: 'pass.deferred', ...fields, why: wait.why, error });
  else course.tools.emit({ event: 'pass.pending', ...fields, error: wait.error });
  return { ...result, waitsFor: isDue ? error : null };
}

/** Since when a rotation has been put off without a break; an instant in the future is void. */
function dueSince({ state, now }: Course): number {
  return state.dueSince === null || state.dueSince > now ? now : state.dueSince;
}

/** Ends the pass as failed, counts the failure and plans the next attempt. */
export async function endBadly(
  course: Course,
  thrown: unknown,
  outcome: Exclude<Outcome, 'succeeded' | 'unverified'> = 'failed',
  learnt: Partial<TargetState> = {},
  wakeAt: number | null = null,
): Promise<PassResult> {
  const error = asRotatorError(thrown);
  course.noteSkew(error.skewMs);
  const provider = afterTrouble(course, error);
  const failures = course.state.retry.failures + 1;
  const retryAt = retryInstant(course, failures, { error, outcome, provider });
  const reason = course.row?.reason ?? course.state.reason;
  const retry = { failures, nextAttemptAt: retryAt };
  const ending = { provider, state: 'failed' as const, reason, error: viewOf(error), retry };
  const result = await course.finish({ outcome, error, learnt: { ...learnt, ...ending }, wakeAt });
  const { emit } = course.tools;
  if (course.row === undefined) {
    emit({ event: 'pass.failed', error, ...deployedFields(course.state.deployed), ...course.closing() });
  }
  if (retryAt !== null) {
    emit({
      event: 'retry.scheduled',
      ...course.place,
      attempt: failures + 1,
      nextCheckAt: retryAt,
      code: error.code,
    });
  }
  return result;
}

interface Failure {
  readonly error: RotatorError;
  readonly outcome: Outcome;
  readonly provider: TargetState['provider'];
}

/** By the retry table; a write that closes its lane to this target is not tried again before that is open to others. */
function retryInstant(course: Course, failures: number, { error, outcome, provider }: Failure): number | null {
  const { now, urgent, write, state } = course;
  const { code, remedy } = error;
  if (code === 'ERR_APPLE_REJECTED_ONCE') {
    const { deployed, candidate } = state.apple;
    const isOfDeployed = deployed.answer?.verdict === 'rejected' && !isRejected(deployed.answer);
    return Math.max(now + MINUTE, nextQuestionAt(isOfDeployed ? deployed : candidate, now));
  }
  // Two reads that find no provider prove something if they lie a few minutes apart.
  const { since } = provider;
  if (since !== null && now - since < SEEN_TWICE_MS) return Math.max(now + MINUTE, since + SEEN_TWICE_MS);
  const held = write === 'sent' && outcome !== 'rolled-back';
  const byTable = nextAttemptAt(now, failures, remedy, urgent && !held);
  const closes = !urgent && judgeWrite(write, outcome, code) === 'bad';
  return byTable !== null && closes ? Math.max(byTable, now + LANE_CLOSED_MS + FAILED_TARGET_LATER_MS) : byTable;
}

/**
 * Drops the pass at a stop, without a change of the target's state: no failure is counted, and an open row ends with the
 * error.
 */
export async function endDropped(course: Course): Promise<PassResult> {
  const error = new RotatorError('ERR_INTERRUPTED', { problem: 'before-write' });
  if (course.row === undefined) return course.leave(error, null);
  const result = await course.finish({ outcome: 'failed', error, learnt: undefined, wakeAt: null });
  return { ...result, waitsFor: error };
}

/** Leaves the target to the process that works on it. */
export function endLeaseHeld(course: Course): Promise<PassResult> {
  return course.leave(new RotatorError('ERR_LEASE_HELD', null), course.now + LEASE_HELD_RETRY_MS);
}

/** Leaves the target to the process that has taken it over, and with it the row of this pass. */
export function endLeaseLost(course: Course): Promise<PassResult> {
  const error = new RotatorError('ERR_LEASE_LOST', null);
  course.warn(error);
  return course.leave(error, course.now + LEASE_HELD_RETRY_MS);
}
