// A client secret taken apart: what is in the JWT, its fingerprint, and whether a key made its signature. Only values
// of the right type are read, nothing is trusted, and no text makes the parser throw.
import { hash, type KeyObject, verify } from 'node:crypto';

/** The only audience that Apple's token endpoint accepts. */
export const APPLE_AUDIENCE = 'https://appleid.apple.com';

/** Six months: how far `exp` may lie ahead of Apple's own clock (Apple, "Creating a client secret"). */
export const APPLE_MAX_LIFETIME_S = 15_777_000;

/** ES256 signatures are r and s, 32 bytes each (RFC 7518 section 3.4). */
export const SIGNATURE_BYTES = 64;

/** A real secret has about 300 characters. Longer texts are not parsed, so that no input can cost noticeable time. */
const MAX_CHARACTERS = 16_384;

/** A JWT taken apart. Values of the right type appear as properties; `header` and `claims` hold everything as it was. */
export interface ParsedSecret {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signature: Uint8Array;
  /** The text that was signed. Together with the signature it is the secret, so it is never shown. */
  readonly signingInput: string;
  /** False if the last character of a part sets bits that base64url does not use: somebody altered the text. */
  readonly canonical: boolean;
  readonly fingerprint: string;
  readonly alg?: string;
  readonly keyId?: string;
  readonly teamId?: string;
  readonly clientId?: string;
  /** The `aud` claim, one or several (RFC 7519 section 4.1.3). */
  readonly audience: readonly string[];
  readonly issuedAtMs?: number;
  readonly expiresAtMs?: number;
}

/** Lower-case hex SHA-256 of the JWT's characters: the only form in which a secret is stored or shown. */
export function fingerprint(jwt: string): string {
  return hash('sha256', jwt, 'hex');
}

/**
 * Takes a JWT apart. Undefined if the text is not three base64url parts of which the first two are JSON objects in
 * UTF-8. Nothing is trimmed.
 */
export function parseClientSecret(text: string): ParsedSecret | undefined {
  if (text.length > MAX_CHARACTERS || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) return undefined;
  const parts = text.split('.');
  const [header, claims] = [jsonObject(parts[0] ?? ''), jsonObject(parts[1] ?? '')];
  if (header === undefined || claims === undefined || (parts[2] ?? '').length % 4 === 1) return undefined;
  return {
    header,
    claims,
    signature: Buffer.from(parts[2] ?? '', 'base64url'),
    signingInput: `${parts[0]}.${parts[1]}`,
    canonical: parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part),
    fingerprint: fingerprint(text),
    ...wellTypedText('alg', header['alg']),
    ...wellTypedText('keyId', header['kid']),
    ...wellTypedText('teamId', claims['iss']),
    ...wellTypedText('clientId', claims['sub']),
    audience: [claims['aud']].flat().filter((value) => typeof value === 'string'),
    ...wellTypedInstant('issuedAtMs', claims['iat']),
    ...wellTypedInstant('expiresAtMs', claims['exp']),
  };
}

/**
 * True if the signature of `secret` is 64 raw bytes and was made by the private half of `publicKey`. False for a text
 * that is not a JWT; a TypeError if the key is none of an elliptic curve.
 */
export async function verifySignature(secret: ParsedSecret | string, publicKey: KeyObject): Promise<boolean> {
  const parsed = typeof secret === 'string' ? parseClientSecret(secret) : secret;
  if (parsed === undefined || parsed.signature.length !== SIGNATURE_BYTES) return false;
  if (publicKey.asymmetricKeyType !== 'ec') throw new TypeError('publicKey is none of an elliptic curve');
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', Buffer.from(parsed.signingInput), key, parsed.signature);
}

function jsonObject(part: string): Readonly<Record<string, unknown>> | undefined {
  if (part.length % 4 === 1) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function wellTypedText<Name extends string>(name: Name, value: unknown): { readonly [key in Name]?: string } {
  return typeof value === 'string' && value !== '' ? ({ [name]: value } as { [key in Name]: string }) : {};
}

/** A NumericDate (seconds, fractions allowed: RFC 7519 section 2) in ms, if a Date can hold it. */
function wellTypedInstant<Name extends string>(name: Name, value: unknown): { readonly [key in Name]?: number } {
  if (typeof value !== 'number' || !(Math.abs(value) <= 8.64e12)) return {};
  return { [name]: value * 1000 } as { [key in Name]: number };
}

/** True for three parts of which the first is the header of a JWT and the second no claims; with `isCut`, also for fewer. */
export function hasHeaderAlone(text: string, isCut = false): boolean {
  if (text.length > MAX_CHARACTERS || !(isCut ? CUT : WHOLE).test(text)) return false;
  const [header = '', claims = ''] = text.split('.');
  return typeof jsonObject(header)?.['alg'] === 'string' && jsonObject(claims) === undefined;
}

const WHOLE = /^[\w-]+\.[\w-]*\.[\w-]*$/;
const CUT = /^[\w-]+(?:\.[\w-]*){0,2}$/;

/** A text without white space, format characters and quotes. */
export function withoutWrapping(text: string): string {
  return text.replace(/[\s\p{Cf}"'`]/gu, '');
}
