// The HTTP interface on its socket: where it listens, and what a client may cost (size, time, number of connections).
// What Node refuses before there is a request is answered with a problem document too.
import { createServer, type Server, STATUS_CODES } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Clock } from '../core/ports.ts';
import { isLoopback } from '../net/proxy.ts';
import type { Tokens } from './access.ts';
import { createApplication, problemResponse, SECURITY_HEADERS, withSecurityHeaders } from './application.ts';
import { jsonBody } from './body.ts';
import { limitConnections } from './connections.ts';
import { HttpProblem, PROBLEM_TYPE, PROBLEMS, problemBody } from './problem.ts';
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

/** Each is generous for one person with curl, a scraper and health checks, and bounds what anybody else can hold. */
const LIMITS = {
  /** Shorter would cut off a client on a bad line; longer lets one that sends a byte a second hold a connection. */
  headersTimeoutMs: 5_000,
  /** To send a whole request: its body is 64 KB at most. */
  requestTimeoutMs: 10_000,
  keepAliveMs: 5_000,
  /** A connection on which nothing moves. Longer than a request to rotate waits for its turn (rotate-request.ts). */
  idleMs: 60_000,
  /** How often Node compares connections with these times. */
  checkEveryMs: 1_000,
  /** Node's own default. */
  maxHeaderBytes: 16 * 1024,
  /** No request needs a body; one that is larger is read no further. */
  maxBodyBytes: 64 * 1024,
  /** Far more than health checks and scrapers open. See ConnectionLimits. */
  maxConnections: 256,
  maxConnectionsEach: 32,
  keptForLoopback: 16,
  /** How long requests may go on after `close`: a service that stops must not wait for a client. */
  closeMs: 5_000,
};
export type HttpLimits = Readonly<typeof LIMITS>;

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
    // The application checks it, and answers with a problem document.
    requireHostHeader: false,
  });
  server.timeout = limits.idleMs;
  server.on('clientError', refuse);
  server.on('checkExpectation', (_, response) => {
    const problem = new HttpProblem('expectation-failed', 'wanted no Expect header but 100-continue');
    const { status, headers, body } = rawAnswer(problem);
    response.writeHead(status, headers).end(body);
  });
  const address = await listening(server, host, port);
  const ending = new AbortController();
  const fetch = createApplication({
    routes,
    emit,
    tokens,
    bind: { loopback: isLoopback(address.address), host },
    maxBodyBytes: limits.maxBodyBytes,
    closing: ending.signal,
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
  server.on('request', limitConnections(server, limits, listener));
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`,
    async close() {
      if (closing) return;
      closing = true;
      ending.abort(new Error('the server closes'));
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

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): RotatorError {
  const { code = 'unknown error' } = error;
  return new RotatorError('ERR_CONFIG', { problem: 'http-listen', host, port, code }, { cause: error });
}

/** Answers what is not HTTP, or is too large or too slow to be a request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, headers, body } = rawAnswer(
    REFUSALS[error.code ?? ''] ?? new HttpProblem('bad-request', 'this is not an HTTP request'),
  );
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

const REFUSALS: Readonly<Record<string, HttpProblem>> = {
  HPE_HEADER_OVERFLOW: new HttpProblem('headers-too-large', 'the headers are over the limit'),
  ERR_HTTP_REQUEST_TIMEOUT: new HttpProblem('request-timeout', 'the request did not arrive in time'),
};

/** A problem as an answer where there is no request that the application could answer. */
function rawAnswer(problem: HttpProblem) {
  const body = jsonBody(problemBody(problem));
  const length = String(Buffer.byteLength(body));
  const headers = { ...SECURITY_HEADERS, 'Content-Type': PROBLEM_TYPE, 'Content-Length': length };
  return { status: PROBLEMS[problem.kind].status, headers, body };
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
