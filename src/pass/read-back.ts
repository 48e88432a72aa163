// Step 8: reading the provider after a write, until it shows what was hoped for or the time is up. CloudBase does not
// say how soon a reading shows a write.
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { ProviderView } from '../core/provider.ts';
import { judgeReadBack, type ReadBack, type Written } from '../core/read-back.ts';
import type { Course } from './course.ts';

/**
 * Waits before the four readings, which come at 0, 2, 5 and 10 s. Fewer would take a write that shows late for one that
 * was not applied; more would hold the lease and the lane for longer than a write is worth.
 */
const WAITS_MS = [0, 2_000, 3_000, 5_000] as const;

/** What the last reading showed. */
export interface Shown {
  readonly verdict: ReadBack;
  readonly provider: ProviderView;
}

/**
 * Reads until `fits`, at most four times. The last reading that succeeded decides. An error if none did, and
 * ERR_PROVIDER_NOT_FOUND if the last one found no provider.
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
      const { signal } = course;
      const { provider } = await tools.provider.read(target.envId, target.providerId, { maxAgeMs: 0, signal });
      if (provider === undefined) {
        last = undefined;
        const { envId, providerId } = target;
        throw new RotatorError('ERR_PROVIDER_NOT_FOUND', { problem: 'deleted', envId, providerId });
      }
      last = { verdict: judgeReadBack(written, provider.secret, course.now), provider };
      if (fits(last)) return last;
    } catch (thrown) {
      error = thrown;
      if (course.signal.aborted) break;
    }
  }
  if (last !== undefined) return last;
  // The end of the program cut the reading off.
  return course.signal.aborted
    ? new RotatorError('ERR_INTERRUPTED', { problem: 'before-read' })
    : asRotatorError(error);
}

/** Fits a reading that shows the candidate. */
export function hasArrived({ verdict }: Shown): boolean {
  return verdict === 'arrived';
}
