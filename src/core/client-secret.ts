// Client secrets: the ES256 JWT with which an app proves itself to Apple. This file mints them; parsed-secret.ts reads
// them and checks signatures, objections.ts lists what Apple would object to. jose mints and node:crypto checks, so that
// a bug in one is found by the other. Time is an argument.
// The rules are Apple's ("Creating a client secret") on top of RFC 7515 and RFC 7519.
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import { holdJwt } from './held-secrets.ts';
import type { KeyMaterial } from './key-material.ts';
import { APPLE_AUDIENCE, APPLE_MAX_LIFETIME_S, fingerprint, parseClientSecret } from './parsed-secret.ts';

export { type Expected, objections } from './objections.ts';
export {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  fingerprint,
  type ParsedSecret,
  parseClientSecret,
  verifySignature,
} from './parsed-secret.ts';

/**
 * How far `iat` is dated back, because Apple refuses a secret that was issued in its future. A smaller value would fail
 * on a clock that is a few minutes fast; a larger one would gain nothing, because such a clock stops our writes anyway.
 */
const BACKDATED_S = 300;
export const BACKDATED_MS = BACKDATED_S * 1000;

/**
 * How far `exp` stays below Apple's limit. A smaller value would exceed the limit on a clock that is a few minutes fast;
 * a larger one would only shorten the secret's life.
 */
const LIMIT_MARGIN_S = 600;

export interface MintedSecret {
  readonly jwt: string;
  readonly fingerprint: string;
  /** The `iat` claim: 300 s before it was minted. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Mints a client secret. The header holds `alg` and `kid` only; `iat` is 300 s before `nowMs`; `exp` is
 * `nowMs + lifetimeMs`, but never beyond Apple's limit less 600 s. Both are rounded down to seconds. A TypeError if
 * `lifetimeMs` is below one second.
 */
export async function mintClientSecret(
  key: KeyMaterial,
  { nowMs, lifetimeMs }: { nowMs: number; lifetimeMs: number },
): Promise<MintedSecret> {
  if (!Number.isFinite(nowMs + lifetimeMs) || lifetimeMs < 1000)
    throw new TypeError('nowMs and lifetimeMs must be finite, a second at least');
  const now = Math.floor(nowMs / 1000);
  const iat = now - BACKDATED_S;
  const exp = Math.min(Math.floor((nowMs + lifetimeMs) / 1000), now + APPLE_MAX_LIFETIME_S - LIMIT_MARGIN_S);
  const jwt = await new SignJWT({ iss: key.teamId, sub: key.clientId, aud: APPLE_AUDIENCE, iat, exp })
    .setProtectedHeader({ alg: 'ES256', kid: key.keyId })
    .sign(key.privateKey);
  holdJwt(jwt);
  return { jwt, fingerprint: fingerprint(jwt), issuedAtMs: iat * 1000, expiresAtMs: exp * 1000 };
}

/** From `iat` to `exp` of what is minted for a lifetime, in ms; rounding may take a second of it. */
export function mintedLifetimeMs(lifetimeMs: number): number {
  return Math.min(lifetimeMs, (APPLE_MAX_LIFETIME_S - LIMIT_MARGIN_S) * 1000) + BACKDATED_MS;
}

/** The claims that Apple asks for. */
const CLAIMS: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'iat', 'exp']);

/**
 * The control: the header and claims of `candidate`, signed with a key that is made for this one signature and then
 * dropped. Apple must reject it; if it does not, its answers mean nothing.
 */
export async function throwawayControl(candidate: string): Promise<string> {
  const parsed = parseClientSecret(candidate);
  if (parsed === undefined) throw new TypeError('the candidate is not a JWT');
  const { keyId: kid = '' } = parsed;
  // Somebody else's secret may hold anything beside these.
  const claims = Object.fromEntries(Object.entries(parsed.claims).filter(([name]) => CLAIMS.has(name)));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}
