// Who may do what. Tokens are compared by their SHA-256, in constant time. Without tokens, loopback may read. There a
// foreign Host header is refused: a web page whose name resolves to 127.0.0.1 (DNS rebinding) could otherwise read our
// answers. Over the network only /healthz, /readyz and /metrics are served until a readToken is set. A browser sends the
// readToken as the password of HTTP Basic. Basic never permits a change: a browser adds it to requests of other pages too.
import { hash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../net/proxy.ts';
import { HttpProblem } from './problem.ts';

/** What a request must be allowed: nothing, to read, to change something. */
export type Right = 'none' | 'read' | 'change';

/** How a refused client is asked for a token. `basic`: a browser opens its own prompt. */
export type Challenge = 'bearer' | 'basic';

export interface Tokens {
  /** Permits everything. */
  readonly token: string | undefined;
  /** Permits reading. */
  readonly readToken: string | undefined;
}

export interface Access {
  /** Throws an HttpProblem unless the `Authorization` header gives the right. */
  mustPermit(right: Right, authorization: string | undefined, challenge?: Challenge): void;
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
    mustPermit(right, authorization, challenge = 'bearer') {
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
      const password = right === 'read' ? basicPassword(authorization) : undefined;
      if (password !== undefined && isReadToken(password)) return;
      const given = bearer(authorization);
      if (given !== undefined && (isToken(given) || (right === 'read' && isReadToken(given)))) return;
      throw unauthorized(challenge, { given: given !== undefined, password: password !== undefined });
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
  return hash('sha256', text, 'buffer');
}

/** The token of a bearer header (RFC 6750, section 2.1; upper or lower case). */
function bearer(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** The password of HTTP Basic (RFC 7617); the user may be anything. */
function basicPassword(authorization: string | undefined): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '')?.[1];
  const [, password] = /^[^:]*:([\s\S]*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  return password;
}

function unauthorized(challenge: Challenge, { given, password }: { given: boolean; password: boolean }): HttpProblem {
  const realm = 'realm="apple-secret-rotator"';
  const asked =
    challenge === 'basic'
      ? `Basic ${realm}, charset="UTF-8"`
      : `Bearer ${realm}${given ? ', error="invalid_token"' : ''}`;
  const detail = given
    ? 'the bearer token is not the configured one'
    : password
      ? 'the password is not http.readToken'
      : 'the header Authorization: Bearer TOKEN is missing';
  return new HttpProblem('token-wrong', detail, { headers: { 'WWW-Authenticate': asked } });
}

/** The host of a Host header: lower case, without the port and the brackets of an IPv6 address. */
function hostName(header: string): string | undefined {
  const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (address ?? name)?.toLowerCase();
}
