// Step 8, continued: what follows from the read-back of a push. Nothing is written over a secret that may be somebody
// else's; what our own write spoiled is repaired once.
import type { MintedSecret } from '../core/client-secret.ts';
import { renewalOf, type Snapshot } from '../core/decide.ts';
import { type Deployed, isReadableAndGood } from '../core/deployed.ts';
import { RotatorError } from '../core/errors.ts';
import type { ProviderView } from '../core/provider.ts';
import { judgeReadBack, type Written } from '../core/read-back.ts';
import type { TargetState } from '../core/records.ts';
import { fingerprintShown, showsNothing } from '../core/shown-secret.ts';
import { asDeployed } from './ask-apple.ts';
import type { Course } from './course.ts';
import type { RowEnd } from './learnt.ts';
import { observeLogins } from './observe-logins.ts';
import type { Pushed } from './push.ts';
import { hasArrived, readBack } from './read-back.ts';
import { oursAmong, restoreFields, rewrite, tellOthers, withEarlier } from './repair.ts';
import { afterUnknownWrite, afterWrite, recordOf } from './written.ts';

/** Reads back what was pushed; says how the rotation ends. */
export async function confirm(
  course: Course,
  { deployed }: Snapshot,
  candidate: MintedSecret,
  { before, error, unproven }: Extract<Pushed, { write: 'sent' }> & { readonly unproven: boolean },
): Promise<RowEnd> {
  const made = { ...recordOf(course.openedRow, before.secret, course.now), jwt: candidate.jwt };
  const written: Written = {
    candidate: made,
    before: before.secret,
    beforeFingerprint: deployed.fingerprint,
  };
  const shown = await readBack(course, written, hasArrived);
  if (shown instanceof RotatorError) return unknown(course, shown, before);
  const { verdict, provider } = shown;
  course.step({ step: 'read-back', found: verdict });
  switch (verdict) {
    case 'arrived':
      return arrived(course, { candidate, unproven }, written, before, provider);
    case 'not-shown':
      return error === undefined
        ? arrived(course, { candidate, unproven }, written, before, provider)
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
        ? putBack(course, deployed, before, provider)
        : failed(new RotatorError('ERR_READ_BACK', null), noteChanges(course, before, provider));
  }
}

function failed(error: RotatorError, learnt: Partial<TargetState> = {}): RowEnd {
  return { outcome: 'failed', error, learnt };
}

/** The candidate is in place, or was written and cannot be seen: the other fields are compared, ours restored. */
async function arrived(
  course: Course,
  { candidate, unproven }: { readonly candidate: MintedSecret; readonly unproven: boolean },
  written: Written,
  before: ProviderView,
  after: ProviderView,
): Promise<RowEnd> {
  const { target, state } = course;
  const made = { ...written.candidate, jwt: candidate.jwt };
  const { provider, changes } = await restoreFields(course, before.fields, after, made);
  const verdict = judgeReadBack(written, provider.secret, course.now);
  const providerChanges = withEarlier(state.providerChanges, changes);
  if (verdict === 'conflict') return metSomebodyElse(course, provider, { providerChanges });
  if (verdict === 'still-old' || verdict === 'unfit')
    return failed(new RotatorError('ERR_READ_BACK', null), { providerChanges });
  const { issuedAtMs: issuedAt, expiresAtMs: expiresAt } = candidate;
  const readBack = verdict === 'arrived' ? 'seen' : 'not-shown';
  const observed = await observeLogins(course, true);
  const loginCheck = observed.verdict;
  course.noteProof({ readBack, apple: course.openedRow.appleCheck.candidate, loginCheck });
  const lost = oursAmong(changes);
  const isFormHarmful = target.write === 'secret' && oursAmong(after.fields.changesSince(before.fields)).length > 0;
  if (isFormHarmful) course.warn(new RotatorError('ERR_PROVIDER_NOT_ROUNDTRIPPABLE', { problem: 'form', fields: [] }));
  const learnt = {
    ...afterWrite(state, recordOf(course.openedRow, provider.secret, course.now)),
    renewalAt: renewalOf({ deployed: { issuedAt, expiresAt }, policy: target.policy, state }),
    providerChanges,
    // The candidate, about which Apple was asked, is what is deployed from now on.
    apple: asDeployed(state, candidate),
    unproven: unproven ? candidate.fingerprint : null,
    loginCheck: observed.learnt.loginCheck ?? null,
    ...(isFormHarmful ? { secretFormHarmed: true } : {}),
  };
  if (lost.length > 0)
    return failed(new RotatorError('ERR_PROVIDER_CHANGED', { problem: 'our-write', fields: lost }), learnt);
  return { outcome: verdict === 'arrived' ? 'succeeded' : 'unverified', error: null, learnt };
}

/** Somebody else's secret is in place: noted as such at once, whatever becomes of the next pass. */
function metSomebodyElse(course: Course, provider: ProviderView, learnt: Partial<TargetState>): RowEnd {
  const replaced = { at: course.now, fingerprint: fingerprintShown(provider.secret), kind: 'other' as const };
  return failed(new RotatorError('ERR_CONFLICT', { problem: 'after-write' }), { ...learnt, replaced });
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
async function putBack(course: Course, deployed: Deployed, before: ProviderView, after: ProviderView): Promise<RowEnd> {
  course.step({ step: 'putting-back' });
  const paths = oursAmong(tellOthers(course, after.fields.changesSince(before.fields)));
  const clientSecret = before.secret.text ?? '';
  const failure = await rewrite(course, { earlier: before.fields, paths, clientSecret }, after);
  const { fingerprint, keyId, teamId, clientId, issuedAt, expiresAt } = deployed;
  const ids = { keyId: keyId ?? '', teamId: teamId ?? '', clientId: clientId ?? '' };
  const old = {
    fingerprint: fingerprint ?? '',
    ...ids,
    issuedAt: issuedAt ?? 0,
    expiresAt: expiresAt ?? 0,
    jwt: clientSecret,
  };
  const shown = await readBack(course, { candidate: old, before: after.secret, beforeFingerprint: null }, hasArrived);
  if (shown instanceof RotatorError) return failed(rollbackFailed(failure));
  if (!hasArrived(shown)) {
    // It has begun to hide its secret: either of the two good ones is in place, and the next pass finds out or renews.
    const isHidden =
      failure === undefined && showsNothing(after.secret.shape) && showsNothing(shown.provider.secret.shape);
    if (!isHidden) return failed(rollbackFailed(failure));
    course.noteProof({ readBack: 'not-shown', apple: course.openedRow.appleCheck.candidate, loginCheck: 'not-asked' });
    const learnt = afterUnknownWrite(course.state, recordOf(course.openedRow, shown.provider.secret, course.now));
    return { outcome: 'unverified', error: null, learnt };
  }
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
