// Client secrets: the ES256 JWT by which an app proves itself to Apple. This file mints them; parsed-secret.ts reads
// them and checks signatures, objections.ts knows what Apple would object to. Minted by jose and checked by
// node:crypto, so that a fault of one implementation is seen by the other. Time is an argument.
// The rules are Apple's ("Creating a client secret") on top of RFC 7515 and RFC 7519.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import type { KeyMaterial } from './key-material.ts';
import { APPLE_AUDIENCE, APPLE_MAX_LIFETIME_S, fingerprint, parseClientSecret } from './parsed-secret.ts';

export { type Expected, type Objection, type ObjectionCode, objections } from './objections.ts';
export {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  fingerprint,
  type ParsedSecret,
  parseClientSecret,
  verifySignature,
} from './parsed-secret.ts';

/** How far `iat` is dated back: Apple refuses a secret issued in its future, and clocks differ. */
const BACKDATED_S = 300;

/** How far `exp` stays below Apple's limit, for the same reason. */
const LIMIT_MARGIN_S = 600;

export interface MintedSecret {
  readonly jwt: string;
  readonly fingerprint: string;
  /** The `iat` claim: 300 s before now. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Mints a client secret: header `alg` and `kid` alone; `iat` 300 s before `nowMs`; `exp` at `nowMs + lifetimeMs`, but
 * never beyond Apple's limit less 600 s. Instants are cut to whole seconds. `lifetimeMs` must be at least a second.
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
    .sign(createPrivateKey(key.privateKeyPem));
  return { jwt, fingerprint: fingerprint(jwt), issuedAtMs: iat * 1000, expiresAtMs: exp * 1000 };
}

/**
 * The calibration control: the header and claims of `candidate`, to the letter, signed with a key that is made for this
 * one signature and that nobody else ever sees. Apple must reject it; if it does not, its answers mean nothing.
 */
export async function throwawayControl(candidate: string): Promise<string> {
  const { header, claims } = parseClientSecret(candidate) ?? {};
  if (header === undefined || claims === undefined) throw new TypeError('the candidate is not a JWT');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new SignJWT({ ...claims }).setProtectedHeader({ ...header, alg: 'ES256' }).sign(privateKey);
}
