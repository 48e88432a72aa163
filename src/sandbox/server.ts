// The sandbox as a server: every simulated service and the control interface on one port of a loopback address. It
// refuses any other address, because everybody knows its credentials.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { RotatorError } from '../core/errors.ts';
import { appleCall } from './apple.ts';
import { awsCall } from './aws.ts';
import { control } from './control.ts';
import { cvmCall } from './cvm.ts';
import { type Call, exchange, type Incoming, type Outcome } from './exchange.ts';
import { inboxCall } from './inbox.ts';
import { loginCall } from './login.ts';
import { tencentCall } from './tencent.ts';
import { type SandboxClock, World } from './world.ts';

export { SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS } from './credentials.ts';
export { World } from './world.ts';

export const DEFAULT_PORT = 4180;

export interface SandboxOptions {
  /** 0: any that is free. Default 4180. */
  readonly port?: number;
  /** A loopback address. Default 127.0.0.1. */
  readonly host?: string;
  readonly clock?: SandboxClock;
}

export interface Sandbox {
  readonly url: string;
  readonly world: World;
  /** Ends the server and every socket that is still open. */
  close(): Promise<void>;
}

/** Starts the sandbox. Throws ERR_USAGE if `host` is not a loopback address, or if it cannot listen there. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = DEFAULT_PORT, host = '127.0.0.1', clock = { now: () => Date.now() } } = options;
  if (!isLoopbackAddress(host)) throw new RotatorError('ERR_USAGE', { problem: 'sandbox-host', host });
  const world = new World(clock);
  const server = createAdaptorServer({ fetch: application(world).fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`,
    world,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

const SERVICES: readonly ((incoming: Incoming) => Call | undefined)[] = [
  tencentCall,
  awsCall,
  appleCall,
  cvmCall,
  loginCall,
  inboxCall,
];

function application(world: World): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (c, next) => {
    await next();
    c.header('date', new Date(world.clock.now() + world.behaviour.dateOffsetSeconds * 1000).toUTCString());
  });
  app.route('/', control(world));
  app.all('*', async (c) => {
    const incoming = await received(c.req.raw);
    const call = callOf(incoming);
    if (call === undefined) return c.json({ error: 'nothing is served here; see GET /sandbox/' }, 404);
    return reply(await exchange(world, call), c.env.incoming);
  });
  // A hook threw, or the sandbox itself has a defect.
  app.onError((error, c) => c.text(`the sandbox failed: ${error.message}`, 500));
  return app;
}

function callOf(incoming: Incoming): Call | undefined {
  for (const service of SERVICES) {
    const call = service(incoming);
    if (call !== undefined) return call;
  }
  return undefined;
}

async function received(request: Request): Promise<Incoming> {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: Buffer.from(await request.arrayBuffer()),
  };
}

async function reply(outcome: Outcome, incoming: IncomingMessage): Promise<Response> {
  if (outcome === 'hang') await new Promise((resolve) => incoming.socket.once('close', resolve));
  if (outcome === 'hang' || outcome === 'close') {
    incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  return new Response(outcome.body === '' ? null : outcome.body, {
    status: outcome.status,
    headers: { ...outcome.headers },
  });
}

/** Stricter than net/proxy.ts: a `.localhost` name may resolve to any address. */
function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): RotatorError {
  const { code = 'unknown error' } = error;
  return new RotatorError('ERR_USAGE', { problem: 'sandbox-port', host, port, code }, { cause: error });
}
