// Steps 6 and 7: the intent is journalled, the provider is read again, alone, and the whole Config goes back with
// ClientSecret alone replaced. Whatever moved since the snapshot stops the write; the pass then starts over, once.
import type { MintedSecret } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { isExpired, isMissing } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { ProviderReading } from '../core/ports.ts';
import type { FieldObstacle, ProviderView } from '../core/provider.ts';
import { sameSecret } from '../core/shown-secret.ts';
import { MINUTE } from '../core/time.ts';
import type { Course } from './course.ts';
import type { Gathered } from './learnt.ts';

/** Read and write lie close together: longer than this between them, and the reading is stale. */
const LONGEST_GAP_MS = 10_000;
const SKEW_WARNING_MS = 60_000;
const SKEW_LIMIT_MS = 4 * MINUTE;

export type Pushed =
  /** Nothing was written; start over. */
  | { readonly kind: 'moved'; readonly error: RotatorError }
  /** Written, or possibly written (`error` is then the ambiguous failure of the call). */
  | { readonly kind: 'written'; readonly before: ProviderView; readonly error: RotatorError | undefined };

/** Journals what is about to happen, so that a crash from here on can be resolved by reading. */
export async function recordIntent(course: Course, { snapshot }: Gathered, candidate: MintedSecret): Promise<void> {
  const { key, deployed } = snapshot;
  await course.updateRow({
    keyId: key.keyId,
    fingerprint: candidate.fingerprint,
    issuedAt: candidate.issuedAtMs,
    expiresAt: candidate.expiresAtMs,
    previousFingerprint: deployed.fingerprint,
    previousExpiresAt: deployed.expiresAt,
    intent: {
      thumbprint: key.thumbprint,
      teamId: key.teamId,
      clientId: key.clientId,
      fields: present(snapshot).fields.forJournal(),
      shapeBefore: deployed.shown.shape,
      at: course.now,
    },
  });
  course.intent = true;
  course.step({ step: 'intent-recorded' });
}

/**
 * Reads alone, compares, and writes. Throws ERR_PROVIDER_NOT_ROUNDTRIPPABLE, ERR_CLOCK_SKEWED, or what the API
 * refused definitely; then nothing was written.
 */
export async function push(course: Course, { snapshot }: Gathered, candidate: MintedSecret): Promise<Pushed> {
  const { target, tools } = course;
  const reading = await tools.provider.read(target.envId, target.providerId, { maxAgeMs: 0, signal: course.signal });
  const readAt = tools.clock.monotonic();
  course.noteSkew(reading.skewMs);
  const before = reading.provider;
  if (before === undefined) return moved('the provider was deleted after it was read');
  const changed = changesBetween(present(snapshot), before);
  if (changed.length > 0) return moved(`the provider changed after it was read (${changed.join(', ')})`);
  mustRoundTrip(before.fields.obstacles(course.state.configKeys));
  mustHaveTheTime(course, snapshot, reading);
  if (!(await course.renewLease())) return moved('another process took over this target');
  const gap = tools.clock.monotonic() - readAt;
  if (gap > LONGEST_GAP_MS) return moved(`${Math.round(gap / 1000)} s went by between reading and writing`);
  course.write = 'sent';
  try {
    const { requestId } = await tools.provider.write(
      target.envId,
      target.providerId,
      { fields: before.fields, clientSecret: candidate.jwt },
      course.signal,
    );
    course.noteRequest(requestId);
    course.step({ step: 'pushed', requestId });
    return { kind: 'written', before, error: undefined };
  } catch (thrown) {
    const error = course.signal.aborted ? cutOff(thrown) : asRotatorError(thrown);
    course.noteRequest(error.requestId ?? null);
    if (!error.ambiguous) {
      course.write = 'refused';
      throw error;
    }
    course.step({ step: 'push-unclear', error });
    return { kind: 'written', before, error };
  }
}

function present({ provider }: Snapshot): ProviderView {
  if (provider === undefined) throw new TypeError('a rotation was decided on for a provider that does not exist');
  return provider;
}

/** Names what differs between two readings, for the operator. */
function changesBetween(earlier: ProviderView, now: ProviderView): string[] {
  const paths = now.fields.changesSince(earlier.fields).map(({ path }) => path);
  return sameSecret(earlier.secret, now.secret) ? paths : ['the client secret', ...paths];
}

function moved(why: string): Pushed {
  const hint =
    'Nothing was written. It is tried again by itself; if this repeats, find out who else writes the provider.';
  return { kind: 'moved', error: new RotatorError('ERR_PROVIDER_MOVING', why, { hint }) };
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
