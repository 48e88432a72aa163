// Tencent Cloud's request signature TC3-HMAC-SHA256, computed and checked. Pure: time and credentials are arguments.
// Source: "Signature v3" in the Tencent Cloud API documentation. Its official example is a test of this file.
import type { Credential } from './credentials.ts';
import { hmac, same, sha256 } from './digest.ts';

/** What a signature covers. Header names are lower case. */
export interface SignedText {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** In signing order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: string | Uint8Array;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly service: string;
}

/** The signature, lower-case hex. */
export function tc3Signature(text: SignedText, secretKey: string): string {
  const date = utcDate(text.timestamp);
  const canonical = [
    text.method,
    text.path,
    text.query,
    ...text.headers.map(([name, value]) => `${name}:${value.trim().toLowerCase()}`),
    '',
    text.headers.map(([name]) => name).join(';'),
    sha256(text.payload),
  ].join('\n');
  const toSign = `TC3-HMAC-SHA256\n${text.timestamp}\n${date}/${text.service}/tc3_request\n${sha256(canonical)}`;
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), text.service), 'tc3_request');
  return hmac(key, toSign).toString('hex');
}

export interface Tc3Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | Uint8Array;
}

export interface Tc3Check {
  /** The services whose name the credential scope may carry. */
  readonly services: readonly string[];
  readonly credential: (secretId: string) => Credential | undefined;
  /** In ms. A timestamp within five minutes of any of these is fresh. */
  readonly clocks: readonly number[];
  /** For the expiry of temporary credentials. */
  readonly nowMs: number;
}

export type Tc3Verdict =
  | { readonly ok: true; readonly secretId: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

const AUTHORIZATION =
  /^TC3-HMAC-SHA256 Credential=([^/\s]+)\/(\d{4}-\d{2}-\d{2})\/([^/\s]+)\/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
const MAX_AGE_MS = 300_000;

/** Judges a request as Tencent Cloud would, with its error codes. */
export function verifyTc3(request: Tc3Request, check: Tc3Check): Tc3Verdict {
  const parts = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
  const stamp = request.headers['x-tc-timestamp'] ?? '';
  if (parts === null || !/^\d{1,11}$/.test(stamp))
    return refuse(
      'AuthFailure.InvalidAuthorization',
      'the Authorization or X-TC-Timestamp header is missing or malformed',
    );
  const timestamp = Number(stamp);
  const [, secretId = '', date = '', service = '', names = '', signature = ''] = parts;
  if (!check.clocks.some((clock) => Math.abs(clock - timestamp * 1000) <= MAX_AGE_MS))
    return refuse(
      'AuthFailure.SignatureExpire',
      'the timestamp differs from the server time by more than five minutes',
    );
  const credential = check.credential(secretId);
  if (credential === undefined) return refuse('AuthFailure.SecretIdNotFound', 'the SecretId is not found');
  if ((request.headers['x-tc-token'] ?? '') !== (credential.token ?? ''))
    return refuse('AuthFailure.TokenFailure', 'the token does not belong to the SecretId');
  if (credential.expiresAt !== undefined && credential.expiresAt <= check.nowMs)
    return refuse('AuthFailure.TokenFailure', 'the token has expired');
  const signed = names.split(';');
  const fits =
    date === utcDate(timestamp) &&
    check.services.includes(service) &&
    signed.includes('host') &&
    signed.includes('content-type') &&
    hostSpellings(request.headers['host'] ?? '').some((host) => {
      const headers = signed.map((name) => [name, name === 'host' ? host : (request.headers[name] ?? '')] as const);
      return same(tc3Signature({ ...request, headers, timestamp, service }, credential.secretKey), signature);
    });
  return fits
    ? { ok: true, secretId }
    : refuse('AuthFailure.SignatureFailure', 'the signature does not match the request');
}

/** The SDK signs the host without its port but sends it with the port: both forms are accepted. */
function hostSpellings(host: string): readonly string[] {
  return [host, host.replace(/:\d+$/, '')];
}

function refuse(code: string, message: string): Tc3Verdict {
  return { ok: false, code, message };
}

function utcDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
