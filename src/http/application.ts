// The HTTP interface without its sockets. Every request passes the Host check and the token check first, every answer
// carries the same headers, and every error becomes a problem document here.
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type * as z from 'zod';
import { asRotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { shownName } from '../core/shown.ts';
import { type Access, createAccess, type Tokens } from './access.ts';
import { jsonBody, linesBody, listBody, streamBody, textBody } from './body.ts';
import { HttpProblem, PROBLEM_TYPE, PROBLEMS, problemBody } from './problem.ts';
import { type Answer, type Asked, Lines, ProgramFile, type ServedRoute, Streamed } from './route.ts';
import { IDEMPOTENCY_KEY } from './schemas.ts';

/** A browser must not store, guess the type of, frame or run an answer. */
export const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

export interface ApplicationOptions {
  readonly routes: readonly ServedRoute[];
  readonly emit: EventSink;
  /** The configured ones: a reload may change them. */
  readonly tokens: () => Tokens;
  readonly bind: { readonly loopback: boolean; readonly host: string };
  readonly maxBodyBytes: number;
  /** Ends streams: the server closes. */
  readonly closing: AbortSignal;
}

type Env = { Bindings: HttpBindings };
type Fetch = (request: Request, env: HttpBindings) => Promise<Response>;

/** The application as a function of requests; it never rejects. */
export function createApplication(options: ApplicationOptions): Fetch {
  const { routes, emit, tokens, bind } = options;
  const access = () => createAccess(tokens(), bind);
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const { mustBeOurs } = access();
    mustBeOurs(c.req.header('host'));
    // A request line may hold a whole URL; then the host in it counts (RFC 9112, section 3.2.2).
    if (!c.env.incoming.url?.startsWith('/')) mustBeOurs(new URL(c.req.url).host);
    await next();
  });
  for (const route of routes) {
    app.on(route.method, honoPath(route), async (c) => {
      access().mustPermit(route.right, c.req.header('authorization'), route.challenge);
      const answer = await route.serve(await asked(c, route, options));
      return replyOf(answer, /\bgzip\b/.test(c.req.header('accept-encoding') ?? ''));
    });
  }
  for (const [path, here] of Map.groupBy(routes, honoPath)) {
    const Allow = here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    app.all(path, () => {
      throw new HttpProblem('method-not-allowed', `wanted one of ${Allow}`, { headers: { Allow } });
    });
  }
  app.notFound((c) => {
    return problemResponse(
      new HttpProblem('not-found', 'no such path; see /openapi.json'),
      instanceOf(c.req.path, access()),
    );
  });
  app.onError((error, c) => problemResponse(problemOf(error, emit), instanceOf(c.req.path, access())));
  return async (request, env) => withSecurityHeaders(await app.fetch(request, env));
}

/** A problem as an answer. */
export function problemResponse(problem: HttpProblem, instance?: string): Response {
  return new Response(jsonBody(problemBody(problem, instance)), {
    status: PROBLEMS[problem.kind].status,
    headers: { ...problem.options.headers, 'Content-Type': PROBLEM_TYPE },
  });
}

/** A route may state a policy of its own: the page runs its own script. */
export function withSecurityHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    if (!response.headers.has(name)) response.headers.set(name, value);
  return response;
}

function honoPath({ path }: ServedRoute): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function replyOf({ status, headers, contentType, body }: Answer, acceptsGzip: boolean): Promise<Response> {
  const encoding = body instanceof ProgramFile ? { Vary: 'Accept-Encoding', ...(acceptsGzip ? GZIP : {}) } : {};
  return new Response(await sent(body, acceptsGzip), {
    status,
    headers: { ...headers, ...encoding, 'Content-Type': contentType ?? 'application/json' },
  });
}

const GZIP = { 'Content-Encoding': 'gzip' } as const;

async function sent(
  body: Answer['body'],
  acceptsGzip: boolean,
): Promise<string | Uint8Array<ArrayBuffer> | ReadableStream> {
  if (typeof body === 'string') return textBody(body);
  if (body instanceof Lines) return linesBody(body.text);
  if (body instanceof Streamed) return streamBody(body.parts);
  if (body instanceof ProgramFile) return new Uint8Array(acceptsGzip ? body.compressed : gunzipSync(body.compressed));
  return listBody(body);
}

async function asked(c: Context<Env>, route: ServedRoute, options: ApplicationOptions): Promise<Asked<unknown>> {
  const { maxBodyBytes, closing } = options;
  const { incoming } = c.env;
  if (route.body !== undefined) await mustFit(route.body, incoming, maxBodyBytes);
  return {
    name: c.req.param('name') ?? '',
    // Probes and scrapers may add parameters of their own; they are ignored.
    query: parsedQuery(route.query, route.right === 'none' ? {} : c.req.query()),
    idempotencyKey: route.takesIdempotencyKey === true ? idempotencyKey(c.req.header('idempotency-key')) : undefined,
    requestedBy: `http token from ${peer(incoming)}`,
    signal: AbortSignal.any([c.req.raw.signal, closing]),
  };
}

/** The error names our parameters, and repeats nothing that was sent. */
function parsedQuery(schema: z.ZodObject, query: Record<string, string>): unknown {
  const { success, data, error } = schema.safeParse(query);
  if (success) return data;
  const known = Object.keys(schema.shape);
  const wrong = known.filter((name) => error.issues.some(({ path }) => path[0] === name));
  const names = known.length === 0 ? 'none' : known.join(', ');
  throw new HttpProblem(
    'bad-request',
    wrong.length === 0
      ? `unknown query parameter; known here: ${names}`
      : `${wrong.join(' and ')} cannot be used; see /openapi.json`,
  );
}

function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || IDEMPOTENCY_KEY.safeParse(header).success) return header;
  throw new HttpProblem('bad-request', 'the Idempotency-Key is not 1 to 255 visible ASCII characters');
}

/** The body may be empty; else it must be JSON that fits the route's schema. */
async function mustFit(schema: z.ZodType, incoming: IncomingMessage, maxBytes: number): Promise<void> {
  const text = await readBody(incoming, maxBytes);
  if (text === '') return;
  const type = incoming.headers['content-type'] ?? '';
  if (!/^application\/(?:[a-z0-9.-]+\+)?json *(?:;|$)/i.test(type))
    throw new HttpProblem('not-json', 'the body is not application/json; send JSON, or no body at all');
  const { success } = schema.safeParse(parsedJson(text));
  if (!success) throw new HttpProblem('bad-request', 'the body must be {}, or left out');
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpProblem('bad-request', 'the body is not JSON');
  }
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = () => new HttpProblem('body-too-large', `the body is over ${maxBytes} bytes`);
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const parts: Buffer[] = [];
  let size = 0;
  // Not destroyed when the body is too large: the answer needs the socket.
  for await (const part of incoming.iterator({ destroyOnReturn: false })) {
    size += (part as Buffer).length;
    if (size > maxBytes) throw tooLarge();
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The client's address, without the prefix that an IPv6 socket puts before an IPv4 address. */
function peer({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? 'an unknown address').replace(/^::ffff:/i, '');
}

/** The path as it may be shown: somebody may have pasted a token into it. */
function instanceOf(path: string, access: Access): string {
  const steps = path.split('/').map((step) => shownName(access.hide(decoded(step))));
  return encodeURI([...steps.join('/')].slice(0, 200).join(''));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function problemOf(thrown: unknown, emit: EventSink): HttpProblem {
  if (thrown instanceof HttpProblem) return thrown;
  const error = asRotatorError(thrown);
  emit({ event: 'warning', during: 'http-request', error });
  return new HttpProblem('internal', `the request could not be served (${error.code}); the log says why`);
}
