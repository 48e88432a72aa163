// Who may do what. A token is compared by its SHA-256 in constant time; without tokens loopback may read, and a Host
// header that is not ours is refused there, because a web page whose name was made to lead to 127.0.0.1 (DNS
// rebinding) would otherwise read along. The network gets /healthz, /readyz and /metrics until a readToken is set.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../net/proxy.ts';
import { HttpProblem } from './problem.ts';

/** What a route wants: nothing, leave to read, leave to change something. */
export type Right = 'none' | 'read' | 'change';

export interface Tokens {
  /** Permits everything. */
  readonly token: string | undefined;
  /** Permits reading. */
  readonly readToken: string | undefined;
}

export interface Access {
  /** Throws an HttpProblem unless the `Authorization` header gives the right. */
  mustPermit(right: Right, authorization: string | undefined): void;
  /** Throws an HttpProblem unless the `Host` header may lead here. */
  mustBeOurs(host: string | undefined): void;
  /** `text` with whatever is one of the tokens replaced. */
  hide(text: string): string;
}

/** `loopback`: whether the server listens on loopback alone; `host`: the configured one. */
export function createAccess(
  { token, readToken }: Tokens,
  { loopback, host }: { loopback: boolean; host: string },
): Access {
  const isToken = matcher(token);
  const isReadToken = matcher(readToken);
  const secrets = [token, readToken].filter((each) => each !== undefined);

  return {
    mustPermit(right, authorization) {
      if (right === 'none') return;
      if (right === 'read' && readToken === undefined) {
        if (loopback) return;
        throw new HttpProblem(
          'read-token-not-configured',
          'http.readToken is not set, so what is read from other machines is /healthz, /readyz and /metrics alone; set http.readToken, or listen on 127.0.0.1',
        );
      }
      if (right === 'change' && token === undefined)
        throw new HttpProblem(
          'token-not-configured',
          'http.token is not set, so nothing can be changed over HTTP; set it, or use the command `once --force`',
        );
      const given = bearer(authorization);
      if (given === undefined) throw unauthorized('wanted the header Authorization: Bearer TOKEN');
      if (isToken(given) || (right === 'read' && isReadToken(given))) return;
      throw unauthorized('the bearer token is not the one that is configured', ', error="invalid_token"');
    },

    mustBeOurs(header) {
      if (header === undefined || header === '') throw new HttpProblem('bad-request', 'the Host header is missing');
      const name = hostName(header);
      if (name === undefined)
        throw new HttpProblem('bad-request', 'the Host header is not a host with an optional port');
      if (!loopback || isLoopback(name) || name === host.toLowerCase()) return;
      throw new HttpProblem('wrong-host', 'this server answers to localhost, 127.0.0.1, [::1] and http.host alone');
    },

    hide(text) {
      return secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text);
    },
  };
}

/** Compares hashes: equal in length, and the time tells nothing about how much of the text was right. */
function matcher(secret: string | undefined): (given: string) => boolean {
  const wanted = secret === undefined ? undefined : sha256(secret);
  return (given) => wanted !== undefined && timingSafeEqual(sha256(given), wanted);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The token of a bearer header (RFC 6750, section 2.1; the scheme's case does not count). */
function bearer(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function unauthorized(detail: string, parameters = ''): HttpProblem {
  const headers = { 'WWW-Authenticate': `Bearer realm="apple-secret-rotator"${parameters}` };
  return new HttpProblem('token-wrong', detail, { headers });
}

/** Lower case, without the port and an IPv6 address's brackets. */
function hostName(header: string): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (address ?? name)?.toLowerCase();
}
