// Step 7: the provider is read again, alone, and goes back as it was read with the client secret replaced. Whatever
// moved since the snapshot stops the write; the pass then starts over, once.
import type { MintedSecret } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { isExpired, isMissing } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { ProviderReading } from '../core/ports.ts';
import type { FieldObstacle, ProviderView } from '../core/provider.ts';
import { sameSecret } from '../core/shown-secret.ts';
import { MINUTE } from '../core/time.ts';
import type { Course } from './course.ts';
import { presentProvider } from './intent.ts';

/**
 * The most that may lie between reading and writing. With less, a slow network would keep the pass from ever writing;
 * with more, an edit by somebody else in between would more often be overwritten.
 */
const LONGEST_GAP_MS = 10_000;
/** Above this skew only an emergency is pushed: an NTP clock is off by less than a second, so a minute is a fault. */
const SKEW_WARNING_MS = 60_000;
/** Above this skew only a missing or expired secret is replaced: `iat` is dated back by 5 minutes, so Apple may refuse more. */
const SKEW_LIMIT_MS = 4 * MINUTE;

export type Pushed =
  /** Something moved, and nothing was written: start over. */
  | { readonly write: 'none'; readonly error: RotatorError }
  /** The call failed, and certainly wrote nothing. */
  | { readonly write: 'refused'; readonly error: RotatorError }
  /** Written, or possibly written: `error` is then the ambiguous failure of the call. */
  | { readonly write: 'sent'; readonly before: ProviderView; readonly error: RotatorError | undefined };

/** Reads alone, compares, and writes. Throws, before it writes, ERR_PROVIDER_NOT_ROUNDTRIPPABLE and ERR_CLOCK_SKEWED. */
export async function push(course: Course, snapshot: Snapshot, candidate: MintedSecret): Promise<Pushed> {
  const { target, tools, signal } = course;
  const reading = await tools.provider.read(target.envId, target.providerId, { maxAgeMs: 0, signal });
  const readAt = tools.clock.monotonic();
  course.noteSkew(reading.skewMs);
  const before = reading.provider;
  if (before === undefined) return moved('the provider was deleted after it was read');
  const changed = changesBetween(presentProvider(snapshot), before);
  if (changed.length > 0) return moved(`the provider changed after it was read (${changed.join(', ')})`);
  mustRoundTrip(before.fields.obstacles(course.state.configKeys));
  mustHaveTheTime(course, snapshot, reading);
  if (!(await course.renewLease())) return moved('another process took over this target');
  const gap = tools.clock.monotonic() - readAt;
  if (gap > LONGEST_GAP_MS) return moved(`${Math.round(gap / 1000)} s went by between reading and writing`);
  try {
    const write = { fields: before.fields, clientSecret: candidate.jwt };
    const { requestId } = await tools.provider.write(target.envId, target.providerId, write, signal);
    course.noteRequest(requestId);
    course.step({ step: 'pushed', requestId });
    return { write: 'sent', before, error: undefined };
  } catch (thrown) {
    const error = signal.aborted ? cutOff(thrown) : asRotatorError(thrown);
    course.noteRequest(error.requestId ?? null);
    if (!error.ambiguous) return { write: 'refused', error };
    course.step({ step: 'push-unclear', error });
    return { write: 'sent', before, error };
  }
}

/** Names what differs between two readings, for the operator. */
function changesBetween(earlier: ProviderView, now: ProviderView): string[] {
  const paths = now.fields.changesSince(earlier.fields).map(({ path }) => path);
  return sameSecret(earlier.secret, now.secret) ? paths : ['the client secret', ...paths];
}

function moved(why: string): Pushed {
  const hint =
    'Nothing was written. It is tried again by itself; if this repeats, find out who else writes the provider.';
  return { write: 'none', error: new RotatorError('ERR_PROVIDER_MOVING', why, { hint }) };
}

/** A write that was cut off may have arrived. */
function cutOff(thrown: unknown): RotatorError {
  return new RotatorError('ERR_OUTCOME_UNKNOWN', 'the write was cut off because the program had to stop', {
    hint: 'The next pass reads the provider and finds out.',
    cause: thrown,
    ambiguous: true,
  });
}

const OBSTACLE_WORDS: Record<FieldObstacle['why'], string> = {
  masked: 'is shown masked and would be overwritten by its mask',
  'unsafe-number': 'is a number that JSON cannot carry safely',
  gone: 'was there before and is not shown any more',
};

function mustRoundTrip(problems: readonly FieldObstacle[]): void {
  if (problems.length === 0) return;
  const words = problems.map(({ path, why }) => `${path} ${OBSTACLE_WORDS[why]}`).join('; ');
  const onlyGone = problems.every(({ why }) => why === 'gone');
  throw new RotatorError('ERR_PROVIDER_NOT_ROUNDTRIPPABLE', `the provider cannot be written without harm: ${words}`, {
    hint: onlyGone
      ? 'Look at the provider in the CloudBase console; if it is right as it is, accept it by `once --adopt --target NAME`.'
      : 'Replace the client secret by hand in the CloudBase console (`generate` makes one), and report which field it was.',
  });
}

function mustHaveTheTime(course: Course, { deployed }: Snapshot, { skewMs }: ProviderReading): void {
  const skew = Math.abs(skewMs ?? 0);
  if (skew <= SKEW_WARNING_MS) return;
  const nothingToLose = isMissing(deployed) || isExpired(deployed, course.now);
  const error = new RotatorError(
    'ERR_CLOCK_SKEWED',
    `the clock of this machine differs from CloudBase's by ${Math.round(skew / 1000)} s`,
    {
      hint: 'Set the clock of this machine (NTP); client secrets made by a wrong clock may be refused by Apple.',
    },
  );
  if (!nothingToLose && !(course.emergency && skew <= SKEW_LIMIT_MS)) throw error;
  course.warn(error);
}
