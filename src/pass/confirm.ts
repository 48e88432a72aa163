// Step 8: the read-back, and what follows from each of its endings. Nothing is written over a secret that may be
// somebody else's; what our own write spoiled is repaired once.
import { askedAfter } from '../core/apple-gate.ts';
import type { MintedSecret } from '../core/client-secret.ts';
import { isReadableAndGood } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EarlierFields, FieldChange, ProviderView, ShownSecret } from '../core/provider.ts';
import { judgeReadBack, type ReadBack, type Written } from '../core/read-back.ts';
import type { ProviderChange, TargetState } from '../core/records.ts';
import { fingerprintShown } from '../core/shown-secret.ts';
import type { Course, PassResult } from './course.ts';
import {
  conflict,
  fieldsLost,
  notApplied,
  outcomeUnknown,
  providerGone,
  rollbackFailed,
  rolledBack,
  stoppedReading,
  unfit,
} from './endings.ts';
import type { Gathered } from './learnt.ts';
import type { Pushed } from './push.ts';
import { oursAmong, rewrite, withEarlier } from './repair.ts';
import { afterUnknownWrite, afterWrite, noteForeign, recordOf } from './written.ts';

/** Waits before the 1st, 2nd, … reading: at 0, 2, 5 and 10 s. */
const WAITS_MS = [0, 2_000, 3_000, 5_000] as const;

/** What the last reading showed. */
export interface Shown {
  readonly verdict: ReadBack;
  readonly provider: ProviderView;
}

/**
 * Reads until `fits`, at most four times: at 0, 2, 5 and 10 s. The last reading that succeeded decides. An error if none
 * did, and ERR_PROVIDER_NOT_FOUND if the last one found no provider.
 */
export async function readBack(
  course: Course,
  written: Written,
  fits: (shown: Shown) => boolean,
): Promise<Shown | RotatorError> {
  const { target, tools } = course;
  let last: Shown | undefined;
  let error: unknown;
  for (const wait of WAITS_MS) {
    try {
      await tools.clock.sleep(wait, course.signal);
      const { provider } = await tools.provider.read(target.envId, target.providerId, {
        maxAgeMs: 0,
        signal: course.signal,
      });
      if (provider === undefined) {
        last = undefined;
        throw providerGone();
      }
      last = { verdict: judgeReadBack(written, provider.secret, course.now), provider };
      if (fits(last)) return last;
    } catch (thrown) {
      error = thrown;
      if (course.signal.aborted) break;
    }
    await course.renewLease();
  }
  return last ?? (course.signal.aborted ? stoppedReading() : asRotatorError(error));
}

/** Reads back what was pushed and ends the pass. */
export async function confirm(
  course: Course,
  gathered: Gathered,
  candidate: MintedSecret,
  pushed: Extract<Pushed, { kind: 'written' }>,
): Promise<PassResult> {
  const { deployed } = gathered.snapshot;
  const written: Written = {
    candidateFingerprint: candidate.fingerprint,
    before: pushed.before.secret,
    beforeFingerprint: deployed.fingerprint,
  };
  const shown = await readBack(course, written, ({ verdict }) => verdict === 'arrived');
  if (shown instanceof RotatorError) return endUnknown(course, shown, written.before);
  course.step({ step: 'read-back', found: shown.verdict });
  switch (shown.verdict) {
    case 'arrived':
      return endArrived(course, candidate, written, pushed.before, shown.provider);
    case 'not-shown':
      if (pushed.error !== undefined) return endUnknown(course, pushed.error, written.before);
      return endArrived(course, candidate, written, pushed.before, shown.provider);
    case 'still-old':
      return course.endBadly(
        pushed.error ?? notApplied(),
        'failed',
        noteChanges(course, pushed.before, shown.provider),
      );
    case 'conflict':
      return endConflict(course, shown.provider, noteChanges(course, pushed.before, shown.provider));
    case 'unfit':
      return isReadableAndGood(deployed, course.now) && course.row?.appleCheck.deployed !== 'rejected'
        ? putBack(course, gathered, pushed.before, shown.provider)
        : course.endBadly(unfit(), 'failed', noteChanges(course, pushed.before, shown.provider));
  }
}

/** The candidate is in place (or was written and cannot be seen): the other fields are compared, ours restored. */
async function endArrived(
  course: Course,
  candidate: MintedSecret,
  written: Written,
  before: ProviderView,
  after: ProviderView,
): Promise<PassResult> {
  const { provider, changes } = await restoreFields(course, before.fields, after, candidate);
  const shown = provider.secret;
  const verdict = judgeReadBack(written, shown, course.now);
  const providerChanges = withEarlier(course.state.providerChanges, changes);
  if (verdict === 'conflict') return endConflict(course, provider, { providerChanges });
  if (verdict === 'still-old' || verdict === 'unfit') return course.endBadly(unfit(), 'failed', { providerChanges });
  const change = {
    ...afterWrite(course.state, recordOf(course.openedRow, shown, course.now)),
    renewalAt: course.renewalOf(candidate),
    providerChanges,
    // The candidate, about which Apple was asked, is what is deployed from now on.
    ...(course.ofCandidate && { appleAsked: askedAfter(course.state.appleAsked, course.ofCandidate) }),
  };
  const lost = oursAmong(changes);
  if (lost.length > 0) return course.endBadly(fieldsLost(lost), 'failed', change);
  return course.endWell(verdict === 'arrived' ? 'rotated' : 'unverified', change);
}

/** Somebody else's secret is in place: noted as such at once, whatever becomes of the next pass. */
function endConflict(course: Course, provider: ProviderView, change: Partial<TargetState>): Promise<PassResult> {
  const foreign = noteForeign(course.state, fingerprintShown(provider.secret), course.now);
  return course.endBadly(conflict(), 'failed', { ...change, foreign });
}

/** Restores, once, the fields that our write changed; tells what somebody else changed. */
export async function restoreFields(
  course: Course,
  before: EarlierFields,
  after: ProviderView,
  candidate: Pick<MintedSecret, 'jwt' | 'fingerprint'>,
): Promise<{ provider: ProviderView; changes: ProviderChange[] }> {
  const changes = tellOthers(course, after.fields.changesSince(before));
  const ours = oursAmong(changes);
  if (ours.length === 0) return { provider: after, changes };
  course.step({ step: 'restoring-fields', fields: ours });
  const failure = await rewrite(course, { earlier: before, paths: ours, clientSecret: candidate.jwt }, after);
  if (failure instanceof RotatorError) course.warn(failure);
  const written: Written = {
    candidateFingerprint: candidate.fingerprint,
    before: after.secret,
    beforeFingerprint: null,
  };
  const lost = (provider: ProviderView) => provider.fields.changesSince(before).filter(({ by }) => by === 'our-write');
  const shown = await readBack(course, written, ({ provider }) => lost(provider).length === 0);
  const provider = shown instanceof RotatorError ? after : shown.provider;
  const theirs = changes.filter(({ by }) => by === 'somebody-else');
  return { provider, changes: [...theirs, ...dated(course, lost(provider))] };
}

/** Warns of what somebody else changed while we wrote; gives all changes as the journal keeps them. */
function tellOthers(course: Course, changes: readonly FieldChange[]): ProviderChange[] {
  const theirs = changes.filter(({ by }) => by === 'somebody-else').map(({ path }) => path);
  if (theirs.length > 0) {
    course.warn(
      new RotatorError(
        'ERR_PROVIDER_CHANGED',
        `while we wrote, somebody else changed ${theirs.join(', ')}; left as it is`,
        {
          hint: 'Nothing to do if you or a colleague just edited the provider; otherwise look at it in the CloudBase console.',
        },
      ),
    );
  }
  return dated(course, changes);
}

function dated(course: Course, changes: readonly FieldChange[]): ProviderChange[] {
  return changes.map((change) => ({ ...change, at: course.now }));
}

function noteChanges(course: Course, before: ProviderView, after: ProviderView): Partial<TargetState> {
  const changes = tellOthers(course, after.fields.changesSince(before.fields));
  return { providerChanges: withEarlier(course.state.providerChanges, changes) };
}

/** Reading cannot tell what is deployed: the earlier expiry counts, and the target is due. */
function endUnknown(course: Course, cause: RotatorError, before: ShownSecret): Promise<PassResult> {
  const maybeWritten = recordOf(course.openedRow, before, course.now);
  return course.endBadly(outcomeUnknown(cause.message), 'failed', afterUnknownWrite(course.state, maybeWritten));
}

/** Our write spoiled a secret that was good: the old one goes back. */
async function putBack(
  course: Course,
  gathered: Gathered,
  before: ProviderView,
  after: ProviderView,
): Promise<PassResult> {
  course.step({ step: 'putting-back' });
  const paths = oursAmong(tellOthers(course, after.fields.changesSince(before.fields)));
  const clientSecret = before.secret.text ?? '';
  const failure = await rewrite(course, { earlier: before.fields, paths, clientSecret }, after);
  const { fingerprint } = gathered.snapshot.deployed;
  const written: Written = {
    candidateFingerprint: fingerprint ?? '',
    before: after.secret,
    beforeFingerprint: null,
  };
  const shown = await readBack(course, written, ({ verdict }) => verdict === 'arrived');
  const back = !(shown instanceof RotatorError) && shown.verdict === 'arrived';
  if (back) return course.endBadly(rolledBack(), 'rolled-back', noteChanges(course, before, shown.provider));
  return course.endBadly(rollbackFailed(failure), 'failed');
}
