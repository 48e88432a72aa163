// Steps 3 and 4: the candidate is minted and checked as Apple would check it, with the public half of the key.

import { type MintedSecret, mintClientSecret, objections, parseClientSecret } from '../core/client-secret.ts';
import { type Snapshot, trueNow } from '../core/decide.ts';
import { RotatorError } from '../core/errors.ts';
import type { KeyMaterial } from '../core/key-material.ts';
import type { Objection } from '../core/reasons.ts';
import type { Course } from './course.ts';

/** Throws ERR_CANDIDATE_INVALID if the candidate does not pass the check. */
export async function mint(course: Course, { key, clock }: Snapshot): Promise<MintedSecret> {
  const now = trueNow(clock);
  const candidate = await mintClientSecret(key, { nowMs: now, lifetimeMs: course.target.policy.lifetimeMs });
  const { fingerprint, expiresAtMs: expiresAt } = candidate;
  course.step({ step: 'minted', keyId: key.keyId, fingerprint, expiresAt });
  await verify(key, candidate, now);
  course.step({ step: 'verified' });
  return candidate;
}

/** Checks a client secret as Apple would. Throws ERR_CANDIDATE_INVALID. */
export async function verify(key: KeyMaterial, candidate: MintedSecret, now: number): Promise<void> {
  const parsed = parseClientSecret(candidate.jwt);
  const found: readonly Objection[] =
    parsed === undefined
      ? [{ code: 'EncodingDamaged', found: null, wanted: null }]
      : await objections(parsed, { nowMs: now, publicKey: key.publicKey, expected: key });
  if (found.length > 0) throw new RotatorError('ERR_CANDIDATE_INVALID', { objections: found });
}
