// Step 7: the provider is read again, alone, and goes back as it was read with the client secret replaced. Whatever
// moved since the snapshot stops the write; the pass then starts over, once.
import type { MintedSecret } from '../core/client-secret.ts';
import { type Snapshot, trueNow } from '../core/decide.ts';
import { isExpired, isMissing } from '../core/deployed.ts';
import { asRotatorError, type ErrorParams, RotatorError } from '../core/errors.ts';
import type { ProviderReading } from '../core/ports.ts';
import type { FieldObstacle, ProviderView } from '../core/provider.ts';
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

/**
 * Reads alone, compares, and writes. Throws, before it writes, ERR_PROVIDER_NOT_ROUNDTRIPPABLE, ERR_CLOCK_SKEWED and
 * ERR_LEASE_LOST.
 */
export async function push(course: Course, snapshot: Snapshot, candidate: MintedSecret): Promise<Pushed> {
  const { target, tools, signal } = course;
  const reading = await tools.provider.read(target.envId, target.providerId, { maxAgeMs: 0, signal });
  const readAt = tools.clock.monotonic();
  course.noteSkew(reading.skewMs);
  const before = reading.provider;
  if (before === undefined) return moved({ problem: 'gone' });
  const earlier = presentProvider(snapshot);
  const fields = before.fields.changesSince(earlier.fields).map(({ path }) => path);
  const secret = !course.isSameSecret(earlier.secret, before.secret);
  if (secret || fields.length > 0) return moved({ problem: 'changed', secret, fields });
  for (const { error, refuses } of objectionsTo(course, before)) {
    if (refuses) throw error;
    course.warn(error);
  }
  mustHaveTheTime(course, snapshot, reading);
  await course.confirmLease();
  const gap = tools.clock.monotonic() - readAt;
  if (gap > LONGEST_GAP_MS) return moved({ problem: 'late', seconds: Math.round(gap / 1000) });
  try {
    const write = { fields: target.write === 'whole' ? before.fields : undefined, clientSecret: candidate.jwt };
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

function moved(params: ErrorParams['ERR_PROVIDER_MOVING']): Pushed {
  return { write: 'none', error: new RotatorError('ERR_PROVIDER_MOVING', params) };
}

/** A write that was cut off may have arrived. */
function cutOff(thrown: unknown): RotatorError {
  return new RotatorError('ERR_OUTCOME_UNKNOWN', { problem: 'cut-off' }, { cause: thrown, ambiguous: true });
}

/** What speaks against a write of this provider, whatever it is for. */
export interface PushObjection {
  readonly error: RotatorError;
  /** False: it is only told. */
  readonly refuses: boolean;
}

export function objectionsTo({ target, state }: Course, { fields }: ProviderView): readonly PushObjection[] {
  const found: PushObjection[] = [];
  const unfit = fields.obstacles(state.configKeys);
  const isWhole = target.write === 'whole';
  const object = (problem: ErrorParams['ERR_PROVIDER_NOT_ROUNDTRIPPABLE']['problem'], of: readonly FieldObstacle[]) =>
    new RotatorError('ERR_PROVIDER_NOT_ROUNDTRIPPABLE', { problem, fields: of });
  if (unfit.length > 0) {
    const problem = unfit.every(({ why }) => why === 'gone') ? 'only-gone' : 'unsafe';
    // In the form `secret` no other field is sent, so that what cannot be sent back is only told.
    found.push({ error: object(isWhole ? problem : 'spared', unfit), refuses: isWhole });
  }
  // The form `secret` has changed other fields before.
  if (!isWhole && state.secretFormHarmed) found.push({ error: object('form', []), refuses: true });
  return found;
}

/** The error of a clock that is off by more than an NTP clock ever is; undefined: it is right. */
export function skewError(skewMs: number | undefined): RotatorError | undefined {
  const skew = Math.abs(skewMs ?? 0);
  if (skew <= SKEW_WARNING_MS) return undefined;
  return new RotatorError('ERR_CLOCK_SKEWED', { problem: 'differs', skewMs: skew });
}

function mustHaveTheTime(course: Course, { deployed }: Snapshot, { skewMs }: ProviderReading): void {
  const error = skewError(skewMs);
  if (error === undefined) return;
  const skew = Math.abs(skewMs ?? 0);
  // By both clocks: nobody knows which of the two is wrong.
  const nothingToLose = isMissing(deployed) || isExpired(deployed, Math.min(course.now, trueNow(course.clock)));
  if (!nothingToLose && !(course.urgent && skew <= SKEW_LIMIT_MS)) throw error;
  course.warn(error);
}
