// Everything Apple would object to in a client secret: a table of small rules, of which all are asked, in this order.
// The sources are Apple's "Creating a client secret", RFC 7515 (JWS), RFC 7518 (ES256) and RFC 7519 (JWT).
// Codes are printed by `inspect --json`; messages show claims, never the secret.
import type { JWK } from 'jose';
import { isPlaceholder } from './key-ids.ts';
import {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  type ParsedSecret,
  SIGNATURE_BYTES,
  verifySignature,
} from './parsed-secret.ts';
import { shown, shownValue } from './shown.ts';

/** In the order in which the rules are asked. */
export const OBJECTION_CODES = [
  'EncodingDamaged',
  'AlgorithmNotEs256',
  'KeyIdMissing',
  'CriticalHeader',
  'IssuerMissing',
  'SubjectMissing',
  'PlaceholderLeftIn',
  'AudienceWrong',
  'IssuedAtMissing',
  'IssuedInFuture',
  'NotYetValid',
  'ExpiryMissing',
  'Expired',
  'LifetimeTooLong',
  'SignatureDer',
  'SignatureLength',
  'SignatureDoesNotFit',
  'KeyIdDiffers',
  'IssuerDiffers',
  'SubjectDiffers',
] as const;
export type ObjectionCode = (typeof OBJECTION_CODES)[number];

export interface Objection {
  readonly code: ObjectionCode;
  /** What was found and what is wanted. */
  readonly message: string;
  /** The next step. */
  readonly hint: string;
}

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

interface Rule {
  readonly hint: string;
  /** What is wrong, or undefined. */
  readonly objects: (secret: Case) => string | undefined;
}

const MINT_ANEW = 'Mint a new one (`generate`).';

const RULES: Readonly<Record<ObjectionCode, Rule>> = {
  EncodingDamaged: {
    hint: 'Copy the secret again, whole and unchanged.',
    objects: ({ parsed }) => (parsed.canonical ? undefined : 'the text was altered after it was encoded as base64url'),
  },
  AlgorithmNotEs256: {
    hint: 'Sign with ES256 and the .p8 of a "Sign in with Apple" key.',
    objects: ({ parsed }) =>
      parsed.alg === 'ES256' ? undefined : `the algorithm is ${given(parsed.header, 'alg')}, wanted ES256`,
  },
  KeyIdMissing: {
    hint: 'Put the Key ID into the header as kid: without it Apple does not know which key to check with.',
    objects: ({ parsed }) =>
      parsed.keyId === undefined ? `the header's kid is ${given(parsed.header, 'kid')}, wanted the Key ID` : undefined,
  },
  CriticalHeader: {
    hint: 'Leave crit out of the header: a reader that does not know the names in it must refuse the secret (RFC 7515, 4.1.11).',
    objects: ({ parsed }) => ('crit' in parsed.header ? 'the header demands extensions (crit)' : undefined),
  },
  IssuerMissing: {
    hint: 'Put the Team ID into iss.',
    objects: ({ parsed }) =>
      parsed.teamId === undefined ? `iss is ${given(parsed.claims, 'iss')}, wanted the Team ID` : undefined,
  },
  SubjectMissing: {
    hint: 'Put the client id into sub: the Services ID, or the bundle id for an app.',
    objects: ({ parsed }) =>
      parsed.clientId === undefined ? `sub is ${given(parsed.claims, 'sub')}, wanted the client id` : undefined,
  },
  PlaceholderLeftIn: {
    hint: 'Mint it again with the ids of your own team, key and Services ID.',
    objects: ({ parsed: { keyId = '', teamId = '', clientId = '' } }) => {
      const left = [keyId, teamId, clientId].find(isPlaceholder);
      return left === undefined ? undefined : `${shown(left)} is a placeholder from a guide`;
    },
  },
  AudienceWrong: {
    hint: `Put ${APPLE_AUDIENCE} into aud, without a slash at its end.`,
    objects: ({ parsed }) =>
      parsed.audience.includes(APPLE_AUDIENCE)
        ? undefined
        : `aud is ${given(parsed.claims, 'aud')}, wanted ${APPLE_AUDIENCE}`,
  },
  IssuedAtMissing: {
    hint: 'Put the time of minting into iat, in seconds since 1970.',
    objects: ({ parsed }) =>
      parsed.issuedAtMs === undefined ? `iat is ${given(parsed.claims, 'iat')}, wanted seconds since 1970` : undefined,
  },
  IssuedInFuture: {
    hint: 'Set the clock of the machine that minted it, or date iat back by a few minutes.',
    objects: ({ parsed: { issuedAtMs = 0 }, nowMs }) =>
      issuedAtMs > nowMs ? `it was issued in the future: ${ahead(issuedAtMs - nowMs)} from now` : undefined,
  },
  NotYetValid: {
    hint: 'Leave nbf out: Apple does not ask for it.',
    objects: ({ parsed: { claims }, nowMs }) => {
      const { nbf } = claims;
      return typeof nbf === 'number' && nbf * 1000 > nowMs
        ? `it is not valid until ${ahead(nbf * 1000 - nowMs)} from now (nbf)`
        : undefined;
    },
  },
  ExpiryMissing: {
    hint: 'Put the expiry into exp, in seconds since 1970.',
    objects: ({ parsed }) =>
      parsed.expiresAtMs === undefined ? `exp is ${given(parsed.claims, 'exp')}, wanted seconds since 1970` : undefined,
  },
  Expired: {
    hint: `${MINT_ANEW} Every Apple login that uses this one fails.`,
    objects: ({ parsed: { expiresAtMs = Number.POSITIVE_INFINITY }, nowMs }) =>
      expiresAtMs <= nowMs ? `it expired ${ahead(nowMs - expiresAtMs)} ago` : undefined,
  },
  LifetimeTooLong: {
    hint: 'Set exp at most 180 days ahead, in seconds and not in milliseconds.',
    objects: ({ parsed: { expiresAtMs = 0 }, nowMs }) =>
      expiresAtMs - nowMs > APPLE_MAX_LIFETIME_S * 1000
        ? `it expires ${ahead(expiresAtMs - nowMs)} from now, Apple allows ${APPLE_MAX_LIFETIME_S} s (six months)`
        : undefined,
  },
  SignatureDer: {
    hint: 'Write it as r and s, 32 bytes each (the JOSE form, ieee-p1363), as JWT libraries do.',
    objects: ({ parsed }) => (isDer(parsed) ? 'the signature is in DER form, wanted 64 raw bytes' : undefined),
  },
  SignatureLength: {
    hint: 'Copy the secret again, whole; if it was whole, sign it with ES256.',
    objects: ({ parsed }) =>
      parsed.alg !== 'ES256' || isDer(parsed) || parsed.signature.length === SIGNATURE_BYTES
        ? undefined
        : `the signature has ${parsed.signature.length} bytes, wanted ${SIGNATURE_BYTES}`,
  },
  SignatureDoesNotFit: {
    hint: 'Mint it again with this key. If it was minted with this key, it was altered afterwards.',
    objects: ({ parsed, signatureFits }) =>
      parsed.alg === 'ES256' && parsed.signature.length === SIGNATURE_BYTES && signatureFits === false
        ? 'the signature was not made by this key over this text'
        : undefined,
  },
  KeyIdDiffers: {
    hint: 'Use the key that has this Key ID, or mint with the Key ID of this key.',
    objects: ({ parsed, expected }) => differs('kid', parsed.keyId, expected.keyId),
  },
  IssuerDiffers: {
    hint: 'Mint it with the Team ID that the key belongs to.',
    objects: ({ parsed, expected }) => differs('iss', parsed.teamId, expected.teamId),
  },
  SubjectDiffers: {
    hint: 'Mint it for the client id that the provider is configured with.',
    objects: ({ parsed, expected }) => differs('sub', parsed.clientId, expected.clientId),
  },
};

/**
 * Everything Apple would object to in `parsed` at `nowMs`, in the order of OBJECTION_CODES. With `publicJwk` (a P-256
 * key) the signature is checked, with `expected` the ids are compared. Boundaries: a secret is expired at the instant of
 * its `exp` (RFC 7519 section 4.1.4), issued in the future from 1 ms ahead, and lives too long from 1 ms above
 * 15 777 000 s.
 */
export async function objections(
  parsed: ParsedSecret,
  { nowMs, publicJwk, expected = {} }: { nowMs: number; publicJwk?: JWK | undefined; expected?: Expected | undefined },
): Promise<Objection[]> {
  const signatureFits = publicJwk === undefined ? undefined : await verifySignature(parsed, publicJwk);
  const found: Objection[] = [];
  for (const code of OBJECTION_CODES) {
    const { objects, hint } = RULES[code];
    const message = objects({ parsed, nowMs, expected, signatureFits });
    if (message !== undefined) found.push({ code, message, hint });
  }
  return found;
}

function given(from: Readonly<Record<string, unknown>>, name: string): string {
  return Object.hasOwn(from, name) ? shownValue(from[name]) : 'missing';
}

function differs(name: string, found: string | undefined, wanted: string | undefined): string | undefined {
  if (found === undefined || wanted === undefined || found === wanted) return undefined;
  return `${name} is ${shown(found)}, wanted ${shown(wanted)}`;
}

function ahead(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 172_800 ? `${seconds} s` : `${Math.floor(seconds / 86_400)} days`;
}

/** ASN.1: one SEQUENCE of two INTEGERs that fills the signature (RFC 3279 section 2.2.3). 64 bytes always count as raw. */
function isDer({ alg, signature }: ParsedSecret): boolean {
  if (alg !== 'ES256' || signature.length === SIGNATURE_BYTES || signature[0] !== 0x30) return false;
  if (signature[1] !== signature.length - 2 || signature[2] !== 0x02) return false;
  const second = 4 + (signature[3] ?? 0);
  return signature[second] === 0x02 && second + 2 + (signature[second + 1] ?? 0) === signature.length;
}
