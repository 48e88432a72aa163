// Steps 3 to 8 of a pass that rotates: mint, verify, ask Apple, record the intent, push, read back. If anything
// moves before the push, the pass starts over, once, from a fresh snapshot.
import { gate } from '../core/apple-gate.ts';
import { type MintedSecret, mintClientSecret, objections, parseClientSecret } from '../core/client-secret.ts';
import { type Decision, decide } from '../core/decide.ts';
import { RotatorError } from '../core/errors.ts';
import type { KeyMaterial } from '../core/key-material.ts';
import { askApple } from './ask-apple.ts';
import { confirm } from './confirm.ts';
import type { Course, PassResult } from './course.ts';
import { gather } from './gather.ts';
import type { Gathered } from './learnt.ts';
import { push, recordIntent } from './push.ts';

export type Rotate = Extract<Decision, { action: 'rotate' }>;

/** Carries out a decided rotation; its row is open from here on. */
export async function rotate(course: Course, first: Gathered, firstDecision: Rotate): Promise<PassResult> {
  let [gathered, decision] = [first, firstDecision];
  for (let attempt = 1; ; attempt += 1) {
    await course.openRow(decision.reason);
    course.step({ step: 'found', why: decision.why, expiresAt: gathered.snapshot.deployed.expiresAt });
    const candidate = await mintVerified(course, gathered);
    const opinion = await askApple(course, gathered.snapshot, candidate, decision.needsAcceptance);
    await course.noteOpinion(opinion);
    const answer = gate(opinion.question);
    if (!answer.go) return course.endBadly(answer.error, answer.outcome);
    await recordIntent(course, gathered, candidate);
    const pushed = await push(course, gathered, candidate);
    if (pushed.kind === 'written')
      return course.endRotation(await confirm(course, gathered.snapshot, candidate, pushed));
    course.intent = false;
    if (attempt === 2) throw pushed.error;
    course.step({ step: 'starting-over', error: pushed.error });
    await mustHoldLease(course, pushed.error);
    gathered = await gather(course, true);
    course.noteGathered(gathered);
    const again = decide(gathered.snapshot);
    if (again.action !== 'rotate') return endSuperseded(course, again, pushed.error);
    decision = again;
  }
}

/** Steps 3 and 4: the candidate, checked as Apple would check it, with the public half of the key. */
async function mintVerified(course: Course, { snapshot }: Gathered): Promise<MintedSecret> {
  const { key, now } = snapshot;
  const candidate = await mintClientSecret(key, { nowMs: now, lifetimeMs: course.target.policy.lifetimeMs });
  const { fingerprint, expiresAtMs: expiresAt } = candidate;
  course.step({ step: 'minted', keyId: key.keyId, fingerprint, expiresAt });
  await verify(key, candidate, now);
  course.step({ step: 'verified' });
  return candidate;
}

async function verify(key: KeyMaterial, candidate: MintedSecret, now: number): Promise<void> {
  const parsed = parseClientSecret(candidate.jwt);
  const wrong =
    parsed === undefined
      ? ['it is not a JWT']
      : (await objections(parsed, { nowMs: now, publicJwk: key.publicJwk, expected: key })).map(
          ({ message }) => message,
        );
  if (wrong.length === 0) return;
  throw new RotatorError(
    'ERR_CANDIDATE_INVALID',
    `the minted client secret does not pass our own check: ${wrong.join('; ')}`,
    {
      hint: 'Nothing was written. Check key and ids with `generate` and `inspect`; if they are right, report a fault of this program.',
    },
  );
}

async function mustHoldLease(course: Course, error: RotatorError): Promise<void> {
  if (await course.acquireLease()) return;
  throw new RotatorError('ERR_LEASE_LOST', `another process works on this target: ${error.message}`, {
    hint: 'Nothing to do: the other process finishes the rotation, or this one tries again.',
  });
}

/** What moved has made the rotation unnecessary or impossible: the row ends, and the pass ends as now decided. */
async function endSuperseded(
  course: Course,
  decision: Exclude<Decision, Rotate>,
  cause: RotatorError,
): Promise<PassResult> {
  const error = new RotatorError('ERR_SUPERSEDED', `given up before anything was written: ${cause.message}`, {
    hint: 'Nothing to do: the provider was looked at again, and this rotation is not wanted any more.',
  });
  await course.closeRow('failed', error);
  return endUnrotated(course, decision);
}

/** Ends a pass that does not rotate, by what was decided. */
export function endUnrotated(course: Course, decision: Exclude<Decision, Rotate>): Promise<PassResult> {
  switch (decision.action) {
    case 'none':
      return course.endWell('healthy');
    case 'defer':
      return course.endWaiting({
        state: 'due',
        reason: decision.reason,
        why: decision.why,
        error: null,
        wakeAt: opening(course),
      });
    case 'pend':
      return course.endWaiting({ state: 'pending', reason: decision.reason, error: decision.error });
    case 'refuse':
      return course.endBadly(decision.error);
  }
}

/** When the target's window opens next; null: not before renewal would be of no use. */
function opening({ target: { policy }, now }: Course): number | null {
  return policy.window?.nextOpening(now, policy.renewBeforeMs) ?? null;
}
