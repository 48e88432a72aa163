// How long a channel that failed is left alone. It is never given up: the last wait holds for ever.
import { MINUTE, SECOND } from '../core/time.ts';

/** Waits after the 1st, 2nd, … failure in a row. */
const BACKOFF_MS: readonly number[] = [
  10 * SECOND, // 10 s after the first failure
  30 * SECOND, // 40 s
  1 * MINUTE, // 1 min 40
  2 * MINUTE, // 3 min 40
  5 * MINUTE, // 8 min 40
  10 * MINUTE, // 18 min 40
];
const LONGEST_MS = 15 * MINUTE;

/** No wait is longer, whatever the other side asks for. */
export const LONGEST_WAIT_MS = 60 * MINUTE;

/** The wait after `failures` failures in a row (1 or more), at least as long as the other side asked for. */
export function backoffMs(failures: number, retryAfterMs = 0): number {
  const own = BACKOFF_MS[Math.max(1, failures) - 1] ?? LONGEST_MS;
  return Math.min(LONGEST_WAIT_MS, Math.max(own, retryAfterMs));
}
