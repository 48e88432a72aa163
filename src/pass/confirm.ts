// Step 8: the read-back, and what follows from each of its endings. Nothing is written over a secret that may be
// somebody else's; what our own write spoiled is mended once.
import { askedAfter } from '../core/apple-gate.ts';
import { fingerprint, type MintedSecret } from '../core/client-secret.ts';
import { isReadableAndGood } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import { type JsonObject, valueAt } from '../core/json.ts';
import { configOf, type ShownSecret, shownSecret } from '../core/provider-fields.ts';
import { judgeReadBack, type ReadBack, type Written } from '../core/read-back.ts';
import type { ProviderChange, TargetState } from '../core/records.ts';
import type { Course, PassResult } from './course.ts';
import {
  conflict,
  fieldsLost,
  notApplied,
  outcomeUnknown,
  rollbackFailed,
  rolledBack,
  stoppedReading,
  unfit,
} from './endings.ts';
import type { Gathered } from './gather.ts';
import type { Pushed } from './push.ts';
import { providerChanges as asChanges, fieldChanges, lostFields, rewrite, showsAs, withEarlier } from './repair.ts';
import { afterUnknownWrite, afterWrite, noteForeign, recordOf } from './written.ts';

/** Waits before the 1st, 2nd, … reading: at 0, 2, 5 and 10 s. */
const WAITS_MS = [0, 2_000, 3_000, 5_000] as const;

/** What the last reading showed. */
export interface Shown {
  readonly verdict: ReadBack;
  readonly provider: JsonObject;
}

/** Reads until `fits`, at most four times: at 0, 2, 5 and 10 s. The last reading decides; an error only if no reading succeeded. */
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
      const verdict = judgeReadBack(written, shownSecret(configOf(provider ?? {})), course.now);
      last = { verdict, provider: provider ?? {} };
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
    before: shownSecret(configOf(pushed.before)),
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
  before: JsonObject,
  after: JsonObject,
): Promise<PassResult> {
  const { provider, changes } = await restoreFields(course, before, after, candidate);
  const shown = shownSecret(configOf(provider));
  const verdict = judgeReadBack(written, shown, course.now);
  const providerChanges = withEarlier(course.state.providerChanges, changes);
  if (verdict === 'conflict') return endConflict(course, provider, { providerChanges });
  if (verdict === 'still-old' || verdict === 'unfit') return course.endBadly(unfit(), 'failed', { providerChanges });
  const change = {
    ...afterWrite(course.state, recordOf(course.openedRow, shown, course.now)),
    renewalAt: course.renewalOf(candidate),
    providerChanges,
    // Whoever was asked about the candidate was asked about what is deployed from now on.
    ...(course.candidateAsked && { appleAsked: askedAfter(course.state.appleAsked, course.candidateAsked) }),
  };
  const lost = changes.filter(({ by }) => by === 'our-write').map(({ path }) => path);
  if (lost.length > 0) return course.endBadly(fieldsLost(lost), 'failed', change);
  return course.endWell(verdict === 'arrived' ? 'rotated' : 'unverified', change);
}

/** Somebody else's secret is in place: noted as such at once, whatever becomes of the next pass. */
function endConflict(course: Course, provider: JsonObject, change: Partial<TargetState>): Promise<PassResult> {
  const { text } = shownSecret(configOf(provider));
  const foreign = text === null ? course.state.foreign : noteForeign(course.state, fingerprint(text), course.now);
  return course.endBadly(conflict(), 'failed', { ...change, foreign });
}

/** Restores, once, what our write changed in Config; tells what somebody else changed. */
export async function restoreFields(
  course: Course,
  before: JsonObject,
  after: JsonObject,
  candidate: Pick<MintedSecret, 'jwt' | 'fingerprint'>,
): Promise<{ provider: JsonObject; changes: ProviderChange[] }> {
  const { ours, others } = fieldChanges(before, after);
  tellOthers(course, others);
  const changes = asChanges(others, 'somebody-else', course.now);
  if (ours.length === 0) return { provider: after, changes };
  course.step({ step: 'restoring-fields', fields: ours });
  const was = configOf(before);
  const fields = new Map(ours.map((path) => [path, valueAt(was, path) ?? null]));
  const failure = await rewrite(course, fields, candidate.jwt, (provider) => showsAs(provider, after));
  if (failure instanceof RotatorError) course.warn(failure);
  const written: Written = {
    candidateFingerprint: candidate.fingerprint,
    before: shownSecret(configOf(after)),
    beforeFingerprint: null,
  };
  const restored = ({ provider }: Shown) => fieldChanges(before, provider).ours.length === 0;
  const shown = await readBack(course, written, restored);
  const provider = shown instanceof RotatorError ? after : shown.provider;
  return { provider, changes: [...changes, ...lostFields(before, provider, course.now)] };
}

function tellOthers(course: Course, paths: readonly string[]): void {
  if (paths.length === 0) return;
  course.warn(
    new RotatorError(
      'ERR_PROVIDER_CHANGED',
      `while we wrote, somebody else changed ${paths.join(', ')}; left as it is`,
      {
        hint: 'Nothing to do if you or a colleague just edited the provider; otherwise look at it in the CloudBase console.',
      },
    ),
  );
}

function noteChanges(course: Course, before: JsonObject, after: JsonObject): Partial<TargetState> {
  const { others } = fieldChanges(before, after);
  tellOthers(course, others);
  const theirs = asChanges(others, 'somebody-else', course.now);
  const changes = [...theirs, ...lostFields(before, after, course.now)];
  return { providerChanges: withEarlier(course.state.providerChanges, changes) };
}

/** Reading cannot tell what is deployed: the earlier expiry counts, and the target is due. */
function endUnknown(course: Course, cause: RotatorError, before: ShownSecret): Promise<PassResult> {
  const maybeWritten = recordOf(course.openedRow, before, course.now);
  return course.endBadly(outcomeUnknown(cause.message), 'failed', afterUnknownWrite(course.state, maybeWritten));
}

/** Our write spoiled a secret that was good: the old one goes back. */
async function putBack(course: Course, gathered: Gathered, before: JsonObject, after: JsonObject): Promise<PassResult> {
  const old = shownSecret(configOf(before)).text ?? '';
  const was = configOf(before);
  const { ours, others } = fieldChanges(before, after);
  tellOthers(course, others);
  course.step({ step: 'putting-back' });
  const fields = new Map(ours.map((path) => [path, valueAt(was, path) ?? null]));
  const failure = await rewrite(course, fields, old, (provider) => showsAs(provider, after));
  const { fingerprint } = gathered.snapshot.deployed;
  const written: Written = {
    candidateFingerprint: fingerprint ?? '',
    before: shownSecret(configOf(after)),
    beforeFingerprint: null,
  };
  const shown = await readBack(course, written, ({ verdict }) => verdict === 'arrived');
  const back = !(shown instanceof RotatorError) && shown.verdict === 'arrived';
  if (back) return course.endBadly(rolledBack(), 'rolled-back', noteChanges(course, before, shown.provider));
  return course.endBadly(rollbackFailed(failure), 'failed');
}
