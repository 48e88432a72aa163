// Undoing our own harm: Config fields that our write changed are restored, once; a secret that our write spoiled is
// put back. Each repair reads alone first and leaves alone what meanwhile is somebody else's.
import { asRotatorError, RotatorError } from '../core/errors.ts';
import { differences, type Json, type JsonObject, valueAt, withValueAt } from '../core/json.ts';
import {
  configOf,
  explainedByOurWrite,
  roundTripProblems,
  shownSecret,
  withClientSecret,
} from '../core/provider-fields.ts';
import type { ProviderChange } from '../core/records.ts';
import type { Course } from './course.ts';

/** What differs after a write, ClientSecret excepted, and whose doing it is. */
export interface FieldChanges {
  /** Dotted paths inside Config that our write explains. */
  readonly ours: readonly string[];
  /** Dotted paths from the top that it does not. */
  readonly others: readonly string[];
}

/** Sorts what differs between the provider before our write and now. */
export function fieldChanges(before: JsonObject, after: JsonObject): FieldChanges {
  const [was, is] = [configOf(before), configOf(after)];
  const paths = differences(before, after).filter((path) => path !== 'Config.ClientSecret');
  const ours = paths
    .filter((path) => path.startsWith('Config.'))
    .map((path) => path.slice('Config.'.length))
    .filter((path) => explainedByOurWrite(path, valueAt(was, path), valueAt(is, path), was['Issuer']));
  return { ours, others: paths.filter((path) => !ours.includes(path.slice('Config.'.length))) };
}

/** Which Config fields to restore, and to what. */
export type Restoration = ReadonlyMap<string, Json>;

/**
 * Writes the provider's Config as it is now with `fields` restored and `clientSecret` in place, unless
 * `stillOurs` objects to what a fresh reading shows. Resolves to the failure of the write, if any; a reading that
 * fails counts as such.
 */
export async function rewrite(
  course: Course,
  fields: Restoration,
  clientSecret: string,
  stillOurs: (provider: JsonObject) => boolean,
): Promise<RotatorError | 'left alone' | undefined> {
  const { target, tools } = course;
  try {
    const { provider } = await tools.provider.read(target.envId, target.providerId, {
      maxAgeMs: 0,
      signal: course.signal,
    });
    if (provider === undefined || !stillOurs(provider)) return leftAlone(course, 'it changed meanwhile');
    await course.renewLease();
    let config = withClientSecret(configOf(provider), clientSecret);
    for (const [path, value] of fields) config = withValueAt(config, path, value);
    // A repair writes the whole Config as well, and must do no more harm than the push.
    const [problem] = roundTripProblems(config, []);
    if (problem !== undefined) return leftAlone(course, `Config.${problem.path} cannot be sent back without harm`);
    const { requestId } = await tools.provider.write(target.envId, target.providerId, config, course.signal);
    course.noteRequest(requestId);
    return undefined;
  } catch (thrown) {
    return asRotatorError(thrown);
  }
}

function leftAlone(course: Course, why: string): 'left alone' {
  course.warn(
    new RotatorError('ERR_PROVIDER_CHANGED', `nothing was restored, and the provider was left as it is: ${why}`, {
      hint: 'Look at the provider in the CloudBase console (Login Methods, Apple), and correct it by hand.',
    }),
  );
  return 'left alone';
}

/** How the secret shows is as it was in the reading that led to the repair. */
export function showsAs(provider: JsonObject, like: JsonObject): boolean {
  const [now, then] = [shownSecret(configOf(provider)), shownSecret(configOf(like))];
  return now.shape === then.shape && now.text === then.text;
}

/** The Config fields that our write changed and that are still changed, as the journal keeps them. */
export function lostFields(before: JsonObject, after: JsonObject, at: number): ProviderChange[] {
  const paths = fieldChanges(before, after).ours.map((path) => `Config.${path}`);
  return providerChanges(paths, 'our-write', at);
}

/** What an earlier write of ours changed and nobody has mended outlasts the next write. */
export function withEarlier(earlier: readonly ProviderChange[], fresh: readonly ProviderChange[]): ProviderChange[] {
  const again = new Set(fresh.map(({ path }) => path));
  return [...earlier.filter(({ by, path }) => by === 'our-write' && !again.has(path)), ...fresh];
}

/** As the journal keeps it. */
export function providerChanges(paths: readonly string[], by: ProviderChange['by'], at: number): ProviderChange[] {
  return paths.map((path) => ({ path, by, at }));
}
