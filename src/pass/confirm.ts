// Step 8, continued: what follows from the read-back of a push. Nothing is written over a secret that may be somebody
// else's; what our own write spoiled is repaired once.
import { askedAfter } from '../core/apple-gate.ts';
import type { MintedSecret } from '../core/client-secret.ts';
import { renewalOf, type Snapshot } from '../core/decide.ts';
import { isReadableAndGood } from '../core/deployed.ts';
import { RotatorError } from '../core/errors.ts';
import type { ProviderView } from '../core/provider.ts';
import { judgeReadBack, type Written } from '../core/read-back.ts';
import type { TargetState } from '../core/records.ts';
import { fingerprintShown } from '../core/shown-secret.ts';
import type { Course } from './course.ts';
import type { RowEnd } from './learnt.ts';
import type { Pushed } from './push.ts';
import { hasArrived, readBack } from './read-back.ts';
import { oursAmong, restoreFields, rewrite, tellOthers, withEarlier } from './repair.ts';
import { afterUnknownWrite, afterWrite, noteForeign, recordOf } from './written.ts';

/** Reads back what was pushed; says how the rotation ends. */
export async function confirm(
  course: Course,
  { deployed }: Snapshot,
  candidate: MintedSecret,
  { before, error }: Extract<Pushed, { write: 'sent' }>,
): Promise<RowEnd> {
  const written: Written = {
    candidateFingerprint: candidate.fingerprint,
    before: before.secret,
    beforeFingerprint: deployed.fingerprint,
  };
  const shown = await readBack(course, written, hasArrived);
  if (shown instanceof RotatorError) return unknown(course, shown, before);
  const { verdict, provider } = shown;
  course.step({ step: 'read-back', found: verdict });
  switch (verdict) {
    case 'arrived':
      return arrived(course, candidate, written, before, provider);
    case 'not-shown':
      return error === undefined
        ? arrived(course, candidate, written, before, provider)
        : unknown(course, error, before);
    case 'still-old':
      return failed(
        error ?? new RotatorError('ERR_NOT_APPLIED', { problem: 'answered' }),
        noteChanges(course, before, provider),
      );
    case 'conflict':
      return metSomebodyElse(course, provider, noteChanges(course, before, provider));
    case 'unfit':
      return isReadableAndGood(deployed, course.now) && course.row?.appleCheck.deployed !== 'rejected'
        ? putBack(course, deployed.fingerprint, before, provider)
        : failed(new RotatorError('ERR_READ_BACK', null), noteChanges(course, before, provider));
  }
}

function failed(error: RotatorError, learnt: Partial<TargetState> = {}): RowEnd {
  return { outcome: 'failed', error, learnt };
}

/** The candidate is in place, or was written and cannot be seen: the other fields are compared, ours restored. */
async function arrived(
  course: Course,
  candidate: MintedSecret,
  written: Written,
  before: ProviderView,
  after: ProviderView,
): Promise<RowEnd> {
  const { target, state, ofCandidate } = course;
  const { provider, changes } = await restoreFields(course, before.fields, after, candidate);
  const verdict = judgeReadBack(written, provider.secret, course.now);
  const providerChanges = withEarlier(state.providerChanges, changes);
  if (verdict === 'conflict') return metSomebodyElse(course, provider, { providerChanges });
  if (verdict === 'still-old' || verdict === 'unfit')
    return failed(new RotatorError('ERR_READ_BACK', null), { providerChanges });
  const { issuedAtMs: issuedAt, expiresAtMs: expiresAt } = candidate;
  const learnt = {
    ...afterWrite(state, recordOf(course.openedRow, provider.secret, course.now)),
    renewalAt: renewalOf({ deployed: { issuedAt, expiresAt }, policy: target.policy, state }),
    providerChanges,
    // The candidate, about which Apple was asked, is what is deployed from now on.
    ...(ofCandidate && { appleAsked: askedAfter(state.appleAsked, ofCandidate) }),
  };
  const lost = oursAmong(changes);
  if (lost.length > 0)
    return failed(new RotatorError('ERR_PROVIDER_CHANGED', { problem: 'our-write', fields: lost }), learnt);
  return { outcome: verdict === 'arrived' ? 'succeeded' : 'unverified', error: null, learnt };
}

/** Somebody else's secret is in place: noted as such at once, whatever becomes of the next pass. */
function metSomebodyElse(course: Course, provider: ProviderView, learnt: Partial<TargetState>): RowEnd {
  const foreign = noteForeign(course.state, fingerprintShown(provider.secret), course.now);
  return failed(new RotatorError('ERR_CONFLICT', { problem: 'after-write' }), { ...learnt, foreign });
}

function noteChanges(course: Course, before: ProviderView, after: ProviderView): Partial<TargetState> {
  const changes = tellOthers(course, after.fields.changesSince(before.fields));
  return { providerChanges: withEarlier(course.state.providerChanges, changes) };
}

/** Reading cannot tell what is deployed: the earlier expiry counts, and the target is due. */
function unknown(course: Course, cause: RotatorError, before: ProviderView): RowEnd {
  const maybeWritten = recordOf(course.openedRow, before.secret, course.now);
  const error = new RotatorError('ERR_OUTCOME_UNKNOWN', { problem: 'error', because: cause.stored });
  return failed(error, afterUnknownWrite(course.state, maybeWritten));
}

/** Our write spoiled a secret that was good: the old one goes back. */
async function putBack(
  course: Course,
  fingerprint: string | null,
  before: ProviderView,
  after: ProviderView,
): Promise<RowEnd> {
  course.step({ step: 'putting-back' });
  const paths = oursAmong(tellOthers(course, after.fields.changesSince(before.fields)));
  const clientSecret = before.secret.text ?? '';
  const failure = await rewrite(course, { earlier: before.fields, paths, clientSecret }, after);
  const written = { candidateFingerprint: fingerprint ?? '', before: after.secret, beforeFingerprint: null };
  const shown = await readBack(course, written, hasArrived);
  if (shown instanceof RotatorError || !hasArrived(shown)) return failed(rollbackFailed(failure));
  return {
    outcome: 'rolled-back',
    error: new RotatorError('ERR_ROLLED_BACK', null),
    learnt: noteChanges(course, before, shown.provider),
  };
}

function rollbackFailed(failure: RotatorError | 'left alone' | undefined): RotatorError {
  if (failure instanceof RotatorError) {
    const params = { problem: 'error', because: failure.stored } as const;
    return new RotatorError('ERR_ROLLBACK_FAILED', params, { cause: failure });
  }
  return new RotatorError('ERR_ROLLBACK_FAILED', { problem: failure === 'left alone' ? 'left-alone' : 'not-shown' });
}
