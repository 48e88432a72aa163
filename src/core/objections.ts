// Everything Apple would object to in a client secret: a table of small rules. All are asked, in this order.
// The sources are Apple's "Creating a client secret", RFC 7515 (JWS), RFC 7518 (ES256) and RFC 7519 (JWT).
// Objections show claims, never the secret.
import type { KeyObject } from 'node:crypto';
import { isPlaceholder } from './key-ids.ts';
import {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  type ParsedSecret,
  SIGNATURE_BYTES,
  verifySignature,
} from './parsed-secret.ts';
import { OBJECTION_CODES, type Objection, type ObjectionCode } from './reasons.ts';
import { shown, shownValue } from './shown.ts';

/** Whose secret it should be; absent ids are not compared. */
export interface Expected {
  readonly teamId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly keyId?: string | undefined;
}

interface Case {
  readonly parsed: ParsedSecret;
  readonly nowMs: number;
  readonly expected: Expected;
  /** Undefined if there is no public key to check it with. */
  readonly signatureFits: boolean | undefined;
}

/** What a rule found; undefined: nothing to object to. */
type Found = { readonly found?: string | number | null; readonly wanted?: string } | undefined;

const RULES: Readonly<Record<ObjectionCode, (secret: Case) => Found>> = {
  EncodingDamaged: ({ parsed }) => (parsed.canonical ? undefined : {}),
  AlgorithmNotEs256: ({ parsed }) => (parsed.alg === 'ES256' ? undefined : given(parsed.header, 'alg')),
  KeyIdMissing: ({ parsed }) => (parsed.keyId === undefined ? given(parsed.header, 'kid') : undefined),
  CriticalHeader: ({ parsed }) => ('crit' in parsed.header ? {} : undefined),
  IssuerMissing: ({ parsed }) => (parsed.teamId === undefined ? given(parsed.claims, 'iss') : undefined),
  SubjectMissing: ({ parsed }) => (parsed.clientId === undefined ? given(parsed.claims, 'sub') : undefined),
  PlaceholderLeftIn({ parsed: { keyId = '', teamId = '', clientId = '' } }) {
    const remaining = [keyId, teamId, clientId].find(isPlaceholder);
    return remaining === undefined ? undefined : { found: shown(remaining) };
  },
  AudienceWrong: ({ parsed }) => (parsed.audience.includes(APPLE_AUDIENCE) ? undefined : given(parsed.claims, 'aud')),
  IssuedAtMissing: ({ parsed }) => (parsed.issuedAtMs === undefined ? given(parsed.claims, 'iat') : undefined),
  IssuedInFuture: ({ parsed: { issuedAtMs = 0 }, nowMs }) =>
    issuedAtMs > nowMs ? { found: seconds(issuedAtMs - nowMs) } : undefined,
  NotYetValid({ parsed: { claims }, nowMs }) {
    const { nbf } = claims;
    return typeof nbf === 'number' && nbf * 1000 > nowMs ? { found: seconds(nbf * 1000 - nowMs) } : undefined;
  },
  ExpiryMissing: ({ parsed }) => (parsed.expiresAtMs === undefined ? given(parsed.claims, 'exp') : undefined),
  Expired: ({ parsed: { expiresAtMs = Number.POSITIVE_INFINITY }, nowMs }) =>
    expiresAtMs <= nowMs ? { found: seconds(nowMs - expiresAtMs) } : undefined,
  LifetimeTooLong: ({ parsed: { expiresAtMs = 0 }, nowMs }) =>
    expiresAtMs - nowMs > APPLE_MAX_LIFETIME_S * 1000 ? { found: seconds(expiresAtMs - nowMs) } : undefined,
  SignatureDer: ({ parsed }) => (isDer(parsed) ? {} : undefined),
  SignatureLength: ({ parsed }) =>
    parsed.alg !== 'ES256' || isDer(parsed) || parsed.signature.length === SIGNATURE_BYTES
      ? undefined
      : { found: parsed.signature.length },
  SignatureDoesNotFit: ({ parsed, signatureFits }) =>
    parsed.alg === 'ES256' && parsed.signature.length === SIGNATURE_BYTES && signatureFits === false ? {} : undefined,
  KeyIdDiffers: ({ parsed, expected }) => differs(parsed.keyId, expected.keyId),
  IssuerDiffers: ({ parsed, expected }) => differs(parsed.teamId, expected.teamId),
  SubjectDiffers: ({ parsed, expected }) => differs(parsed.clientId, expected.clientId),
};

/**
 * Everything Apple would object to in `parsed` at `nowMs`, in the order of OBJECTION_CODES. With `publicKey` (a P-256
 * key) the signature is checked, with `expected` the ids are compared. Boundaries: a secret is expired at the instant of
 * its `exp` (RFC 7519 section 4.1.4), issued in the future from 1 ms ahead, and lives too long from 1 ms above
 * 15 777 000 s.
 */
export async function objections(
  parsed: ParsedSecret,
  {
    nowMs,
    publicKey,
    expected = {},
  }: { nowMs: number; publicKey?: KeyObject | undefined; expected?: Expected | undefined },
): Promise<Objection[]> {
  const signatureFits = publicKey === undefined ? undefined : await verifySignature(parsed, publicKey);
  return OBJECTION_CODES.flatMap((code) => {
    const found = RULES[code]({ parsed, nowMs, expected, signatureFits });
    return found === undefined ? [] : [{ code, found: found.found ?? null, wanted: found.wanted ?? null }];
  });
}

function given(from: Readonly<Record<string, unknown>>, name: string): Found {
  return { found: Object.hasOwn(from, name) ? shownValue(from[name]) : null };
}

function differs(found: string | undefined, wanted: string | undefined): Found {
  if (found === undefined || wanted === undefined || found === wanted) return undefined;
  return { found: shown(found), wanted: shown(wanted) };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** ASN.1: one SEQUENCE of two INTEGERs that fills the signature (RFC 3279 section 2.2.3). 64 bytes always count as raw. */
function isDer({ alg, signature }: ParsedSecret): boolean {
  if (alg !== 'ES256' || signature.length === SIGNATURE_BYTES || signature[0] !== 0x30) return false;
  if (signature[1] !== signature.length - 2 || signature[2] !== 0x02) return false;
  const second = 4 + (signature[3] ?? 0);
  return signature[second] === 0x02 && second + 2 + (signature[second + 1] ?? 0) === signature.length;
}
