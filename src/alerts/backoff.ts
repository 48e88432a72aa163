// How long the service waits before it tries a failed channel again. It never gives a channel up: the last wait
// repeats.
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
/** Shorter would disturb a channel that is down for hours; longer would delay the alerts once it is back. */
const LONGEST_MS = 15 * MINUTE;

/** Longest Retry-After we honour: a longer one could keep alerts back for hours. */
export const LONGEST_WAIT_MS = 60 * MINUTE;

/** The wait after `failures` failures in a row (1 or more), or as long as the channel asked for, if that is longer. */
export function backoffMs(failures: number, retryAfterMs = 0): number {
  const own = BACKOFF_MS[Math.max(1, failures) - 1] ?? LONGEST_MS;
  return Math.min(LONGEST_WAIT_MS, Math.max(own, retryAfterMs));
}
