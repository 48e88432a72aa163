// One pass on one target, from top to bottom: gather, decide, mint, ask Apple, record the intent, push, read back, and
// record the outcome. A pass never throws for trouble with its target: whatever happens is journalled, reported and
// answered as a PassResult. It throws only if the journal cannot be written.
import { decide, gateQuestion } from '../core/decide.ts';
import { RotatorError } from '../core/errors.ts';
import { gate } from '../core/gate.ts';
import type { KeyConflict } from '../core/identity.ts';
import { FAILED_TARGET_LATER_MS } from '../core/lanes.ts';
import type { Target } from '../core/ports.ts';
import { AppleTalk, askAboutDeployed, candidateVerdict, rejectionOf, settleKeyConflict } from './ask-apple.ts';
import { confirm } from './confirm.ts';
import { Course } from './course.ts';
import {
  endBadly,
  endDropped,
  endHeld,
  endLeaseHeld,
  endLeaseLost,
  endWaiting,
  endWell,
  endWritten,
  unprovenError,
} from './end.ts';
import { gather } from './gather.ts';
import { intentOf } from './intent.ts';
import { lastBadWrite, noteLane, obstacleTo, rankOf } from './lane.ts';
import { observeLogins } from './observe-logins.ts';
import { push } from './push.ts';
import { resolveOpenRows } from './resolve.ts';
import type { Seen, Unrotated } from './seen.ts';
import type { PassRequest, PassResult, PassTools } from './tools.ts';
import { lateRow } from './written.ts';

export type { LaneTurns, PassRequest, PassResult, PassTools } from './tools.ts';

/** How often a target that another process works on is tried while the caller waits for it. */
const LEASE_POLL_MS = 1_000;
/**
 * A snapshot older than this when the lane's turn comes is gathered again: key and window may have changed meanwhile.
 * With less, every write that waited for another one would gather twice; with more, it might use a key that is gone.
 */
const STALE_MS = 10_000;

/** Checks one target, and rotates its client secret if that is due and permitted. */
export async function runPass(target: Target, request: PassRequest, tools: PassTools): Promise<PassResult> {
  const { clock } = tools;
  let deadline: number | undefined;
  for (;;) {
    const course = new Course(target, request, tools);
    // A second look is made under the lease: another process that looks often could overtake one without it for ever.
    const result = await attempt(course, deadline !== undefined);
    if (result !== 'held') return result;
    deadline ??= clock.monotonic() + request.leaseWaitMs;
    if (clock.monotonic() >= deadline || request.drop.aborted) return endLeaseHeld(course);
    await clock.sleep(LEASE_POLL_MS, request.drop).catch(() => undefined);
  }
}

/** `held`: another process works on the target, or has worked on it since this pass looked. */
async function attempt(course: Course, underLease: boolean): Promise<PassResult | 'held'> {
  const { request, tools } = course;
  const { lane } = tools;
  try {
    return await orEnd(course, async () => {
      const { result } = await lane.look(request.drop, async () => {
        const seen = await look(course, underLease);
        if ('state' in seen) return { result: seen };
        const rank = await rankOf(course, seen);
        // The write gets into line before the look is over. In an object, so that the look does not wait for it.
        return { result: lane.write(rank, request.drop, (turn) => writeInTurn(course, seen, turn)) };
      });
      return await result;
    });
  } catch (thrown) {
    if (isLeaseHeld(thrown)) return 'held';
    if (course.isLost) return endLeaseLost(course);
    throw thrown;
  } finally {
    await course.releaseLease();
  }
}

/** Gathers and decides; ends the pass unless it rotates. Takes the lease if there is something to write already. */
async function look(course: Course, underLease: boolean): Promise<PassResult | Seen> {
  const { request, tools } = course;
  const { force } = request;
  if (await course.read()) throw leaseHeld();
  if (tools.standsBack?.() && course.state.lastGatherAt !== null && !course.urgent)
    return course.leave(new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' }), null);
  const settles = !force && course.open.length > 0;
  if ((settles || underLease) && (await course.takeLease()) === 'held') throw leaseHeld();
  if (force) await course.openRow('Requested');
  if (course.open.length > 0) await resolveOpenRows(course);
  const seen = await see(course, new AppleTalk());
  return isRotation(seen) ? seen : endUnrotated(course, seen.decision);
}

/** Rotates in the lane's turn, and notes what the write says about the lane before the next one has its turn. */
async function writeInTurn(course: Course, seen: Seen, turn: AbortSignal): Promise<PassResult> {
  course.noteTurn(turn);
  const result = await orEnd(course, () => rotateIfStillDue(course, seen));
  await noteLane(course, result);
  return result;
}

async function rotateIfStillDue(course: Course, first: Seen): Promise<PassResult> {
  let seen = first;
  if (course.tools.clock.monotonic() - seen.gatheredAt > STALE_MS) {
    const again = await see(course, seen.talk, true);
    if (!isRotation(again)) return endUnrotated(course, again.decision);
    seen = again;
  }
  const obstacle = await obstacleTo(course, seen.decision);
  if (obstacle === undefined) return rotate(course, seen);
  const { reason, why } = seen.decision;
  const { error, until } = obstacle;
  const stillFailed = (await lastBadWrite(course))?.error ?? null;
  const wakeAt = until === null || stillFailed === null ? until : until + FAILED_TARGET_LATER_MS;
  return endWaiting(course, { state: 'due', reason, why, error, wakeAt, stillFailed });
}

/** Carries out a rotation. If anything moves before the push, it starts over, once, from a fresh snapshot. */
async function rotate(course: Course, first: Seen): Promise<PassResult> {
  let seen = first;
  for (let attempt = 1; ; attempt += 1) {
    const { decision, talk } = seen;
    await course.openRow(decision.reason);
    course.step({ step: 'found', why: decision.why, expiresAt: seen.snapshot.deployed.expiresAt });
    const { verdict, learnt } = await candidateVerdict(course, seen.snapshot, talk);
    course.learn(learnt);
    course.noteVerdicts(talk.verdicts);
    const snapshot = { ...seen.snapshot, state: course.state };
    const answer = gate(gateQuestion(snapshot, decision.reason, verdict, talk.detail));
    if (!answer.go) return endHeld(course, answer);
    const candidate = await talk.mint(course, snapshot);
    await course.recordIntent(intentOf(snapshot, candidate, course.now));
    const pushed = await push(course, snapshot, candidate);
    course.noteWrite(pushed.write);
    if (pushed.write === 'sent')
      return endWritten(course, await confirm(course, snapshot, candidate, { ...pushed, unproven: answer.unproven }));
    if (pushed.write === 'refused') return endBadly(course, pushed.error);
    if (attempt === 2) throw pushed.error;
    course.step({ step: 'starting-over', error: pushed.error });
    const again = await see(course, talk, true);
    if (!isRotation(again)) {
      await course.closeRow('failed', new RotatorError('ERR_SUPERSEDED', { because: pushed.error.stored }));
      return endUnrotated(course, again.decision);
    }
    seen = again;
  }
}

/** Gathers, asks Apple what is due, and decides; `alone` as in gather.ts. */
async function see(course: Course, talk: AppleTalk, alone = false): Promise<Seen | Seen<Unrotated>> {
  const gatheredAt = course.tools.clock.monotonic();
  const before = course.state.written?.fingerprint;
  const gathered = await gather(course, alone);
  course.noteGathered(gathered);
  if ('error' in gathered) throw gathered.error;
  const late = course.state.written?.fingerprint === before ? undefined : await lateRow(course);
  if (late !== undefined) {
    await course.mustHaveLease();
    await course.settleLate(late);
  }
  const { provider, key } = gathered.snapshot;
  let conflict: KeyConflict | undefined;
  if (provider?.clientId === key.clientId) {
    course.learn(await askAboutDeployed(course, gathered.snapshot, talk));
    const settled = await settleKeyConflict(course, gathered.snapshot, talk);
    course.learn(settled.learnt);
    conflict = settled.conflict;
    course.learn((await observeLogins(course)).learnt);
  }
  const snapshot = { ...gathered.snapshot, state: course.state };
  const what = { gatheredAt, snapshot, talk };
  const decision = decide(snapshot);
  if (conflict !== undefined && decision.action !== 'refuse') {
    const error = new RotatorError('ERR_KEY_BINDING', { ...conflict, detail: talk.detail });
    return { ...what, decision: { action: 'refuse', reason: null, error } };
  }
  return decision.action === 'rotate' ? { ...what, decision } : { ...what, decision };
}

function isRotation(seen: Seen | Seen<Unrotated>): seen is Seen {
  return seen.decision.action === 'rotate';
}

/** Ends a pass that does not rotate, by what was decided and by what Apple said about what is deployed. */
async function endUnrotated(course: Course, decision: Unrotated): Promise<PassResult> {
  if (decision.action === 'refuse') return endBadly(course, decision.error);
  const doubt = (await rejectionOf(course)) ?? unprovenError(course.state, course.target) ?? loginCheckError(course);
  if (doubt !== undefined) return endBadly(course, doubt);
  switch (decision.action) {
    case 'none':
      return endWell(course, 'healthy');
    case 'defer': {
      const { reason, why } = decision;
      return endWaiting(course, { state: 'due', reason, why, error: null, wakeAt: nextOpening(course) });
    }
    case 'pend':
      return endWaiting(course, { state: 'pending', reason: decision.reason, error: decision.error });
  }
}

/** Never a reason to write, and no good end of a pass. */
function loginCheckError({ logins: { state, because } }: Course): RotatorError | undefined {
  if (state !== 'fails' || because !== 'login-check') return undefined;
  return new RotatorError('ERR_APPLE_REJECTED', { of: 'login-check', detail: null });
}

/** When the target's window opens next; null if not before renewal would be of no use. */
function nextOpening({ target: { policy }, now }: Course): number | null {
  return policy.window?.nextOpening(now, policy.renewBeforeMs) ?? null;
}

/** Ends the pass with whatever `work` throws, unless the journal cannot be written or the target is another process's. */
async function orEnd<T>(course: Course, work: () => Promise<T>): Promise<T | PassResult> {
  try {
    return await work();
  } catch (thrown) {
    const isJournals = thrown instanceof RotatorError && thrown.code.startsWith('ERR_JOURNAL');
    if (isJournals || isLeaseHeld(thrown) || course.isLost) throw thrown;
    return course.request.drop.aborted && course.write !== 'sent' ? endDropped(course) : endBadly(course, thrown);
  }
}

function leaseHeld(): RotatorError {
  return new RotatorError('ERR_LEASE_HELD', null);
}

function isLeaseHeld(thrown: unknown): boolean {
  return thrown instanceof RotatorError && thrown.code === 'ERR_LEASE_HELD';
}
