// What one reading after our write says about it. A pass reads several times, and the last reading decides.
import { fingerprint, parseClientSecret } from './client-secret.ts';
import type { ShownSecret } from './provider.ts';
import { showsNothing } from './shown-secret.ts';

export type ReadBack =
  /** The candidate is there. */
  | 'arrived'
  /** The provider does not show its secret, and did not before: nothing can be said. */
  | 'not-shown'
  /** Still the secret from before the write. */
  | 'still-old'
  /** A third secret, readable and not expired: somebody else's. */
  | 'conflict'
  /** Missing, unreadable or expired, and it was not so before. */
  | 'unfit';

export interface Written {
  readonly candidateFingerprint: string;
  /** How the secret showed before the write. */
  readonly before: ShownSecret;
  /** The fingerprint of that secret, if it is known. */
  readonly beforeFingerprint: string | null;
}

/** Judges one reading at `now` (ms). */
export function judgeReadBack(written: Written, shown: ShownSecret, now: number): ReadBack {
  const { candidateFingerprint, before, beforeFingerprint } = written;
  if (shown.shape === 'clear' && shown.text !== null) {
    const print = fingerprint(shown.text);
    if (print === candidateFingerprint) return 'arrived';
    if (print === beforeFingerprint || shown.text === before.text || print === before.text) return 'still-old';
    const third = parseClientSecret(shown.text);
    return third?.expiresAtMs !== undefined && third.expiresAtMs > now ? 'conflict' : 'unfit';
  }
  if (shown.shape === 'digest') {
    if (shown.text === candidateFingerprint) return 'arrived';
    if (shown.text === before.text || shown.text === beforeFingerprint) return 'still-old';
  }
  if (before.shape === 'clear') return 'unfit';
  return showsNothing(shown.shape) && !showsNothing(before.shape) ? 'unfit' : 'not-shown';
}
