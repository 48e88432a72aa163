// AWS's request signature, version 4, checked. Pure: time and credentials are arguments. Source: "Signature Version 4
// signing process" in the AWS General Reference. It covers what the JSON protocols need: the path is `/`, the query is
// empty.
import type { Credential } from './credentials.ts';
import { hmac, same, sha256 } from './digest.ts';
import type { Incoming } from './exchange.ts';

export interface SigV4Check {
  readonly service: string;
  readonly credential: (accessKeyId: string) => Credential | undefined;
  /** In ms. A date within five minutes of any of these is fresh. */
  readonly clocks: readonly number[];
  readonly nowMs: number;
}

export type SigV4Verdict =
  | { readonly ok: true; readonly accessKeyId: string; readonly region: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8})\/([^/\s]+)\/([^/\s]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
const MAX_AGE_MS = 300_000;

/** Judges a request as AWS would, with its error codes. */
export function verifySigV4(incoming: Incoming, check: SigV4Check): SigV4Verdict {
  const parts = AUTHORIZATION.exec(incoming.headers['authorization'] ?? '');
  const date = incoming.headers['x-amz-date'] ?? '';
  if (parts === null) return refuse('MissingAuthenticationTokenException', 'the request is not signed');
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = parts;
  const credential = check.credential(accessKeyId);
  if (credential === undefined)
    return refuse('UnrecognizedClientException', 'the security token included in the request is invalid');
  if ((incoming.headers['x-amz-security-token'] ?? '') !== (credential.token ?? ''))
    return refuse('UnrecognizedClientException', 'the security token included in the request is invalid');
  if (credential.expiresAt !== undefined && credential.expiresAt <= check.nowMs)
    return refuse('ExpiredTokenException', 'the security token included in the request is expired');
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!check.clocks.some((clock) => Math.abs(clock - at) <= MAX_AGE_MS))
    return refuse('InvalidSignatureException', 'Signature expired: the date differs from the server time');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const canonical = [
    incoming.method,
    incoming.path,
    incoming.query,
    ...names.split(';').map((name) => `${name}:${(incoming.headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(incoming.body),
  ].join('\n');
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => hmac(previous, part),
    `AWS4${credential.secretKey}`,
  );
  const fits =
    service === check.service &&
    date.startsWith(day) &&
    names.split(';').includes('host') &&
    same(hmac(key, toSign).toString('hex'), signature);
  return fits
    ? { ok: true, accessKeyId, region }
    : refuse('InvalidSignatureException', 'the request signature we calculated does not match the one you provided');
}

function refuse(code: string, message: string): SigV4Verdict {
  return { ok: false, code, message };
}
