// Who may do what. Tokens are compared by their SHA-256, in constant time. Without tokens, loopback may read. There a
// foreign Host header is refused: a web page whose name resolves to 127.0.0.1 (DNS rebinding) could otherwise read our
// answers. Over the network only /healthz, /readyz and /metrics are served until a readToken is set.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../net/proxy.ts';
import { HttpProblem } from './problem.ts';

/** What a request must be allowed: nothing, to read, to change something. */
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
  /** Throws an HttpProblem unless the `Host` header is one of this server's. */
  mustBeOurs(host: string | undefined): void;
  /** `text` with every token in it replaced. */
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
          'http.readToken is not set, so only /healthz, /readyz and /metrics are served over the network; set http.readToken, or listen on 127.0.0.1',
        );
      }
      if (right === 'change' && token === undefined)
        throw new HttpProblem(
          'token-not-configured',
          'http.token is not set, so nothing can be changed over HTTP; set it, or run `once --force`',
        );
      const given = bearer(authorization);
      if (given === undefined) throw unauthorized('the header Authorization: Bearer TOKEN is missing');
      if (isToken(given) || (right === 'read' && isReadToken(given))) return;
      throw unauthorized('the bearer token is not the configured one', ', error="invalid_token"');
    },

    mustBeOurs(header) {
      if (header === undefined || header === '') throw new HttpProblem('bad-request', 'the Host header is missing');
      const name = hostName(header);
      if (name === undefined)
        throw new HttpProblem('bad-request', 'the Host header is not a host with an optional port');
      if (!loopback || isLoopback(name) || name === host.toLowerCase()) return;
      throw new HttpProblem('wrong-host', 'this server answers only to localhost, 127.0.0.1, [::1] and http.host');
    },

    hide(text) {
      return secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text);
    },
  };
}

/** Compares hashes, which have one length: so the time does not show how much of the text was right. */
function matcher(secret: string | undefined): (given: string) => boolean {
  const wanted = secret === undefined ? undefined : sha256(secret);
  return (given) => wanted !== undefined && timingSafeEqual(sha256(given), wanted);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The token of a bearer header (RFC 6750, section 2.1; upper or lower case). */
function bearer(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function unauthorized(detail: string, parameters = ''): HttpProblem {
  const headers = { 'WWW-Authenticate': `Bearer realm="apple-secret-rotator"${parameters}` };
  return new HttpProblem('token-wrong', detail, { headers });
}

/** The host of a Host header: lower case, without the port and the brackets of an IPv6 address. */
function hostName(header: string): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (address ?? name)?.toLowerCase();
}
