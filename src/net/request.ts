// One plain HTTP call, for services without an SDK. It follows no redirect, its answer is bounded, and its time limit
// covers the whole call, from the connection to the last byte.
import http from 'node:http';
import https from 'node:https';
import { deadline, untilAborted } from './abort.ts';
import { guardedAgent } from './agent.ts';
import { CallFailure, failureOf } from './failure.ts';
import type { Env } from './proxy.ts';

export interface HttpRequest {
  readonly url: string | URL;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole call, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Default: 1 MB. */
  readonly maxBytes?: number;
  /** Called when the connection is made, so that the request leaves. */
  readonly onSent?: () => void;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read. */
  readonly env: Env;
  /** Certificate authorities in place of the usual ones, PEM. */
  readonly ca?: string;
}

export interface HttpAnswer {
  /** Any but a redirect. */
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** The answer's Date header, in ms since the epoch. */
  readonly dateMs?: number;
}

/**
 * Sends one request and reads the whole answer, whatever its status. Throws CallFailure without a usable answer (a
 * redirect is none), ERR_CONFIG for a proxy setting that cannot be used, and the signal's reason on abort.
 */
export async function request(call: HttpRequest): Promise<HttpAnswer> {
  call.signal.throwIfAborted();
  const url = new URL(call.url);
  const { agent, exchange, close } = guardedAgent(url, call);
  const limit = deadline(call.timeoutMs, call.signal);
  try {
    const answer = await untilAborted(exchangeOnce(url, call, agent), limit.signal);
    const failure = failureOf(exchange, undefined);
    if (failure !== undefined) throw failure;
    return exchange.dateMs === undefined ? answer : { ...answer, dateMs: exchange.dateMs };
  } catch (thrown) {
    if (thrown instanceof CallFailure) throw thrown;
    if (call.signal.aborted && !limit.expired) throw call.signal.reason;
    throw failureOf(exchange, limit.expired ? call.timeoutMs : undefined) ?? thrown;
  } finally {
    limit.clear();
    close();
  }
}

function exchangeOnce(url: URL, { method, headers, body }: HttpRequest, agent: http.Agent): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const send = url.protocol === 'https:' ? https.request : http.request;
  const outgoing = send(url, {
    method,
    agent,
    headers: {
      accept: 'application/json, */*',
      ...headers,
      'accept-encoding': 'identity',
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
  });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
    });
  });
  outgoing.end(body);
  promise.catch(() => undefined);
  return promise;
}
