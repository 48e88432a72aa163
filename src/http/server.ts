// The HTTP interface on its socket: where it listens, and what a client may cost (header and body size, time to send a
// request, idle connections, their number). What Node refuses before there is a request becomes a problem document too.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Clock } from '../core/ports.ts';
import { isLoopback } from '../net/proxy.ts';
import type { Tokens } from './access.ts';
import { createApplication, problemResponse, SECURITY_HEADERS, withSecurityHeaders } from './application.ts';
import { jsonBody } from './body.ts';
import { HttpProblem, PROBLEM_TYPE, PROBLEMS, type ProblemKind, problemBody } from './problem.ts';
import type { ServedRoute } from './route.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** As they are configured now: a reload may change them. */
  readonly tokens: () => Tokens;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly routes: readonly ServedRoute[];
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly headersTimeoutMs: number;
  /** To send a whole request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** A connection on which nothing moves. */
  readonly idleMs: number;
  /** How often connections are held to these times. */
  readonly checkEveryMs: number;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  /** How long requests may go on after `close`. */
  readonly closeMs: number;
}

const LIMITS: HttpLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveMs: 5_000,
  idleMs: 60_000,
  checkEveryMs: 1_000,
  maxHeaderBytes: 16 * 1024,
  maxBodyBytes: 64 * 1024,
  maxConnections: 256,
  closeMs: 5_000,
};

export interface HttpServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Ends idle connections at once, the others when they are answered, and all of them after 5 s. */
  close(): Promise<void>;
}

/** Starts the HTTP interface. Throws ERR_CONFIG where it cannot listen. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, clock, emit, routes, tokens } = options;
  const limits = { ...LIMITS, ...options.limits };
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    // The application asks for it, and answers in its own words.
    requireHostHeader: false,
  });
  server.timeout = limits.idleMs;
  server.maxConnections = limits.maxConnections;
  server.on('clientError', refuse);
  server.on('checkExpectation', (_, response) => {
    const text = textOf(new HttpProblem('expectation-failed', 'wanted no Expect header but 100-continue'));
    response.writeHead(417, headersOf(text)).end(text);
  });
  const address = await listening(server, host, port);
  const fetch = createApplication({
    routes,
    emit,
    tokens,
    bind: { loopback: isLoopback(address.address), host },
    maxBodyBytes: limits.maxBodyBytes,
  });
  let closing = false;
  const listener = getRequestListener(
    async (request, env) => {
      const response = await fetch(request, env as Parameters<typeof fetch>[1]);
      if (closing) response.headers.set('Connection', 'close');
      return response;
    },
    {
      hostname: 'localhost',
      // Other clients in this process have their own Request and Response.
      overrideGlobalObjects: false,
      errorHandler: () =>
        withSecurityHeaders(
          problemResponse(new HttpProblem('bad-request', 'the path or the Host header is malformed')),
        ),
    },
  );
  server.on('request', listener);
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`,
    async close() {
      if (closing) return;
      closing = true;
      await closed(server, clock, limits.closeMs);
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
  server.listen({ host, port }, () => resolve(server.address() as AddressInfo));
  return promise;
}

const WHY: Readonly<Record<string, { readonly found: string; readonly hint: string }>> = {
  EADDRINUSE: { found: 'the port is taken', hint: 'Set another http.port, or stop what listens there.' },
  EACCES: { found: 'this user may not listen there', hint: 'Set an http.port from 1024.' },
  EADDRNOTAVAIL: { found: 'no such address on this machine', hint: 'Set http.host to an address of this machine.' },
  ENOTFOUND: { found: 'no such host', hint: 'Set http.host to an address of this machine.' },
};

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): RotatorError {
  const code = error.code ?? 'unknown error';
  const { found, hint } = WHY[code] ?? { found: code, hint: 'Correct http.host and http.port.' };
  return new RotatorError('ERR_CONFIG', `cannot listen on http.host ${host}, http.port ${port}: ${found}`, {
    hint,
    cause: error,
  });
}

/** What is not HTTP, is too large or too slow to be a request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = REFUSALS[error.code ?? ''] ?? new HttpProblem('bad-request', 'this is not an HTTP request');
  const { status } = PROBLEMS[problem.kind];
  const body = textOf(problem);
  const headers = { ...headersOf(body), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${PHRASES[problem.kind] ?? 'Bad Request'}\r\n${lines.join('')}\r\n${body}`);
}

const REFUSALS: Readonly<Record<string, HttpProblem>> = {
  HPE_HEADER_OVERFLOW: new HttpProblem('headers-too-large', 'the headers are over the limit'),
  ERR_HTTP_REQUEST_TIMEOUT: new HttpProblem('request-timeout', 'the request did not arrive in time'),
};

const PHRASES: Partial<Record<ProblemKind, string>> = {
  'headers-too-large': 'Request Header Fields Too Large',
  'request-timeout': 'Request Timeout',
};

function headersOf(body: string): Record<string, string> {
  return { ...SECURITY_HEADERS, 'Content-Type': PROBLEM_TYPE, 'Content-Length': String(Buffer.byteLength(body)) };
}

function textOf(problem: HttpProblem): string {
  return jsonBody(problemBody(problem));
}

async function closed(server: Server, clock: Clock, withinMs: number): Promise<void> {
  const done = new AbortController();
  const limit = clock.sleep(withinMs, done.signal).then(
    () => server.closeAllConnections(),
    () => undefined,
  );
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  await ended;
  done.abort(new Error('closed'));
  await limit;
}
