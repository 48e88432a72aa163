// Undoing our own harm: fields that our write changed are restored, once; a secret that our write spoiled is put back.
// Each repair reads alone first and leaves alone what is somebody else's by then.
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EarlierFields, FieldChange, ProviderView } from '../core/provider.ts';
import type { Written } from '../core/read-back.ts';
import type { ProviderChange } from '../core/records.ts';
import type { Course } from './course.ts';
import { readBack } from './read-back.ts';

/** What a repair writes. */
export interface Restoration {
  /** The fields at `paths` are written as they were in `earlier`. */
  readonly earlier: EarlierFields;
  readonly paths: readonly string[];
  readonly clientSecret: string;
}

/**
 * Writes the provider as it is now with some fields restored and a client secret in place, unless its secret no longer
 * shows as in `after`, the reading that led to the repair. Resolves to the failure of the write, if any; a reading that
 * fails counts as one.
 */
export async function rewrite(
  course: Course,
  { earlier, paths, clientSecret }: Restoration,
  after: ProviderView,
): Promise<RotatorError | 'left alone' | undefined> {
  const { target, tools } = course;
  try {
    const { provider } = await tools.provider.read(target.envId, target.providerId, {
      maxAgeMs: 0,
      signal: course.signal,
    });
    if (provider === undefined || !course.isSameSecret(provider.secret, after.secret)) return leftAlone(course, null);
    const fields = provider.fields.withRestored(earlier, paths);
    // A repair writes all fields as the push does, and must do no more harm.
    const [obstacle] = fields.obstacles([]);
    if (obstacle !== undefined) return leftAlone(course, obstacle.path);
    await course.confirmLease();
    const { requestId } = await tools.provider.write(
      target.envId,
      target.providerId,
      { fields, clientSecret },
      course.signal,
    );
    course.noteRequest(requestId);
    return undefined;
  } catch (thrown) {
    if (course.isLost) throw thrown;
    return asRotatorError(thrown);
  }
}

/** `field` cannot be sent back unharmed; null: the provider changed meanwhile. */
function leftAlone(course: Course, field: string | null): 'left alone' {
  course.warn(new RotatorError('ERR_PROVIDER_CHANGED', { problem: 'left-alone', field }));
  return 'left alone';
}

/** Restores, once, the fields that our write changed; tells what somebody else changed. Gives what the provider shows then. */
export async function restoreFields(
  course: Course,
  before: EarlierFields,
  after: ProviderView,
  candidate: Written['candidate'] & { readonly jwt: string },
): Promise<{ provider: ProviderView; changes: ProviderChange[] }> {
  const changes = tellOthers(course, after.fields.changesSince(before));
  const ours = oursAmong(changes);
  if (ours.length === 0) return { provider: after, changes };
  course.step({ step: 'restoring-fields', fields: ours });
  const failure = await rewrite(course, { earlier: before, paths: ours, clientSecret: candidate.jwt }, after);
  if (failure instanceof RotatorError) course.warn(failure);
  const written = { candidate, before: after.secret, beforeFingerprint: null };
  const lost = (provider: ProviderView) => provider.fields.changesSince(before).filter(isOurs);
  const shown = await readBack(course, written, ({ provider }) => lost(provider).length === 0);
  const provider = shown instanceof RotatorError ? after : shown.provider;
  return { provider, changes: [...changes.filter((change) => !isOurs(change)), ...dated(course, lost(provider))] };
}

/** Warns of what somebody else changed while we wrote; gives all changes as the journal keeps them. */
export function tellOthers(course: Course, changes: readonly FieldChange[]): ProviderChange[] {
  const fields = changes.filter((change) => !isOurs(change)).map(({ path }) => path);
  if (fields.length > 0) course.warn(new RotatorError('ERR_PROVIDER_CHANGED', { problem: 'somebody-else', fields }));
  return dated(course, changes);
}

/** As the journal keeps them. */
export function dated(course: Course, changes: readonly FieldChange[]): ProviderChange[] {
  return changes.map((change) => ({ ...change, at: course.now }));
}

function isOurs({ by }: FieldChange): boolean {
  return by === 'our-write';
}

/** The paths of the changes that our write can have caused. */
export function oursAmong(changes: readonly FieldChange[]): string[] {
  return changes.filter(isOurs).map(({ path }) => path);
}

/**
 * What an earlier write of ours changed, and nobody has corrected since, outlasts the next write. Its first change counts:
 * the row of that write says how the field was.
 */
export function withEarlier(earlier: readonly ProviderChange[], fresh: readonly ProviderChange[]): ProviderChange[] {
  const lasting = earlier.filter(isOurs);
  const known = new Set(lasting.map(({ path }) => path));
  return [...lasting, ...fresh.filter(({ path }) => !known.has(path))];
}
