// Sends the AWS client's requests through src/net/request.ts, under the rules of every other call: proxies, no
// redirects, bounded answers, one time limit. The clients of the credential chain inherit it.
import { Readable } from 'node:stream';
import type { Env } from '../../../net/proxy.ts';
import { request } from '../../../net/request.ts';

/** What the client hands over, as far as it is used (the SDK's HttpRequest). */
interface OutgoingRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The SDK's `requestHandler`, as far as it is used. */
export interface Transport {
  readonly handle: (outgoing: OutgoingRequest) => Promise<{
    response: { statusCode: number; headers: Record<string, string>; body: Readable };
  }>;
  readonly [other: string]: unknown;
}

/**
 * A request handler for AWS clients. `timeoutMs` and `signal` count for each request. The SDK passes a CallFailure on
 * unchanged.
 */
export function transport(env: Env, timeoutMs: number, signal: AbortSignal): Transport {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ protocol, hostname, port, path, query = {}, method, headers, body }) {
      const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
      for (const [name, value] of Object.entries(query))
        for (const one of [value ?? ''].flat()) url.searchParams.append(name, one);
      const answer = await request({
        url,
        method: method === 'GET' ? 'GET' : 'POST',
        headers,
        ...(body === undefined || body === null ? {} : { body: bodyText(body) }),
        timeoutMs,
        signal,
        env,
      });
      const { status: statusCode, headers: answered, body: content } = answer;
      const flat = Object.entries(answered).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
      return {
        response: { statusCode, headers: Object.fromEntries(flat), body: Readable.from([Buffer.from(content)]) },
      };
    },
  };
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body;
  // Not by Buffer: the SDK's byte arrays print a warning when they are converted to text.
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  throw new TypeError('the AWS client sends a body of a kind that is not foreseen');
}
