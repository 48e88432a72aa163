// What one reading after our write says about it. A pass reads several times, and the last reading decides.
import { fingerprint, parseClientSecret } from './client-secret.ts';
import { hasClaimsOf } from './deployed.ts';
import { withoutWrapping } from './parsed-secret.ts';
import type { ShownSecret } from './provider.ts';
import type { WrittenRecord } from './records.ts';
import { showsNothing } from './shown-secret.ts';

export type ReadBack =
  /** The candidate is there. */
  | 'arrived'
  /** The provider does not show its secret, and did not before: nothing can be said. */
  | 'not-shown'
  /** Still the secret from before the write. */
  | 'still-old'
  /** A third secret, readable, not expired and not made of ours: somebody else's. */
  | 'conflict'
  /** Missing, unreadable, expired, or ours but damaged, and it was not so before. */
  | 'unfit';

export interface Written {
  readonly candidate: Pick<
    WrittenRecord,
    'fingerprint' | 'keyId' | 'teamId' | 'clientId' | 'issuedAt' | 'expiresAt'
  > & {
    /** Null after a crash: secrets are not kept. */
    readonly jwt: string | null;
  };
  /** How the secret showed before the write. */
  readonly before: ShownSecret;
  /** The fingerprint of that secret, if it is known. */
  readonly beforeFingerprint: string | null;
}

/** Judges one reading at `now` (ms). */
export function judgeReadBack(
  { candidate, before, beforeFingerprint }: Written,
  shown: ShownSecret,
  now: number,
): ReadBack {
  const { shape, text } = shown;
  if (text !== null && shape !== 'digest' && text !== '') {
    const print = fingerprint(text);
    if (print === candidate.fingerprint) return 'arrived';
    const wasShown =
      before.shape === 'clear' && (print === beforeFingerprint || text === before.text || print === before.text);
    if (wasShown) return 'still-old';
    // The same mask as before says nothing, even if it shows what all our secrets begin with.
    if (shape === 'masked' && before.shape === 'masked' && text === before.text) return 'not-shown';
    if (isDamaged(candidate, text)) return 'unfit';
    const third = parseClientSecret(text);
    if (third !== undefined) return (third.expiresAtMs ?? 0) > now ? 'conflict' : 'unfit';
  }
  if (shape === 'digest') {
    if (text === candidate.fingerprint) return 'arrived';
    if (text === before.text || text === beforeFingerprint) return 'still-old';
  }
  if (before.shape === 'clear') return 'unfit';
  return showsNothing(shape) && !showsNothing(before.shape) ? 'unfit' : 'not-shown';
}

/** With fewer characters a piece of a mask could be taken for a piece of the secret. */
const SHORTEST_PIECE = 24;

/** Our candidate in another form: cut or with more at an end, in quotes or with white space, or its claims with another signature. */
function isDamaged(candidate: Written['candidate'], text: string): boolean {
  const bare = withoutWrapping(text);
  const parsed = parseClientSecret(bare);
  if (parsed !== undefined && (parsed.fingerprint === candidate.fingerprint || hasClaimsOf(parsed, candidate)))
    return true;
  const { jwt } = candidate;
  return jwt !== null && (bare.includes(jwt) || (bare.length >= SHORTEST_PIECE && jwt.includes(bare)));
}
