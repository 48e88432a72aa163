// The HTTP interface on a real socket, over a journal in memory and a daemon that answers as a test says. Every answer
// that a test gets is held to the OpenAPI document, to the headers that all of them carry, and to hold no token.

import http from 'node:http';
import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import * as z from 'zod';
import { policyOf } from '../../src/alerts/stories/news.ts';
import { alertsView } from '../../src/alerts/words/alert-view.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import type { Degraded } from '../../src/core/journal-ports.ts';
import type { Rotation, TargetState } from '../../src/core/records.ts';
import { emptyTargetState, targetKey } from '../../src/core/records.ts';
import { DAY, HOUR } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import type { DaemonHealth } from '../../src/daemon/daemon.ts';
import type { RequestAnswer } from '../../src/daemon/rotation-requests.ts';
import type { Tokens } from '../../src/http/access.ts';
import { openapiDocument } from '../../src/http/openapi.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { serviceRoutes } from '../../src/http/served.ts';
import { type HttpLimits, type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { route } from '../support/alert-life.ts';
import { HandClock } from '../support/clock.ts';
import { wired } from '../support/daemon-rig.ts';
import { ownJournal } from '../support/journal.ts';

export const TOKEN = 'change-token-0123456789abcdef0123456789';
export const READ_TOKEN = 'read-token-0123456789abcdef0123456789ab';
export const START = Date.UTC(2026, 10, 22);

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RigOptions {
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  readonly tokens?: Partial<Tokens>;
  readonly limits?: Partial<HttpLimits>;
  readonly targets?: readonly string[];
}

const AS_JSON = z.record(z.string(), z.unknown());

/** Headers of every answer, whoever made it. */
const ALWAYS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export async function startHttpRig(options: RigOptions = {}) {
  const { host = '127.0.0.1', port = 0, targets: names = ['shop', 'blog'], limits } = options;
  const clock = new HandClock(START);
  const memory = await ownJournal();
  const events: RotatorEvent[] = [];
  const configured = { targets: names.map((name) => wired(name).target) };
  const tokens = { token: undefined, readToken: undefined, ...options.tokens } as Tokens;
  const policy = policyOf(
    { channels: [route('ops')], repeatEvery: { warningMs: 24 * HOUR, criticalMs: 4 * HOUR } },
    false,
  );
  const state = {
    tokens,
    degraded: undefined as Degraded | undefined,
    health: { alive: true, lastTurnMs: 1_400 } as DaemonHealth,
    untried: 0,
    fleetTrouble: undefined as string | undefined,
    running: new Map<string, string>(),
    probes: 0,
    /** How often it was asked what has changed. */
    looks: 0,
    /** What reading rotations throws. */
    unreadable: undefined as Error | undefined,
    asked: [] as { key: string; requestedBy: string }[],
    /** How the daemon answers a request to rotate; by default it begins one, and journals its row. */
    onRequest: async (key: string, requestedBy: string): Promise<RequestAnswer> => ({
      kind: 'started',
      id: (await rig.putRotation({ targetKey: key, trigger: 'http', requestedBy })).id,
    }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'apple_secret_x 1\n' }),
  };
  const journal = {
    ...memory,
    get degraded() {
      return state.degraded;
    },
    rotations: async (filter: Parameters<typeof memory.rotations>[0]) => {
      if (state.unreadable !== undefined) throw state.unreadable;
      return memory.rotations(filter);
    },
    changedSince: (...since: Parameters<typeof memory.changedSince>) => {
      state.looks += 1;
      return memory.changedSince(...since);
    },
    updateFleet: (change: Parameters<typeof memory.updateFleet>[0]) => {
      state.probes += 1;
      return memory.updateFleet(change);
    },
  };
  const server: HttpServer = await startHttpServer({
    host,
    port,
    tokens: () => state.tokens,
    clock,
    emit: (event) => events.push(event),
    routes: serviceRoutes({
      clock,
      journal,
      fleetTrouble: async () => state.fleetTrouble,
      daemon: {
        health: () => state.health,
        untried: () => state.untried,
        runningRotation: (key) => state.running.get(key),
        requestRotation: (key, requestedBy) => {
          state.asked.push({ key, requestedBy });
          return state.onRequest(key, requestedBy);
        },
      },
      targets: () => configured.targets,
      judgeClock: () => ({ now: clock.now(), skewMs: 0, since: START }),
      alerts: async (language) => {
        const channels = [{ name: 'ops', type: 'webhook' }];
        const options = { channels, policy, now: clock.now(), runbook: 'docs/runbook.md' };
        return alertsView(await journal.alertBook(), options, language);
      },
      service: () => ({
        instance: 'test-rotator',
        startedAt: START,
        degraded: state.degraded,
        skewMs: 0,
        nextTickAt: START + HOUR,
        expiryOf: () => ({ warningMs: 45 * DAY, criticalMs: 20 * DAY }),
        tokenUrl: 'https://appleid.apple.com/auth/token',
        replicas: undefined,
      }),
      metrics: () => state.metrics(),
      newId: () => uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
      version: '1.2.3',
    }),
    limits: { checkEveryMs: 20, ...limits },
  });
  let count = 0;
  const rig = {
    clock,
    journal: memory,
    events,
    state,
    configured,
    server,
    url: server.url,
    port: Number(new URL(server.url).port),
    key: (name: string) => wired(name).target.key,
    async putRotation(change: Partial<Rotation>): Promise<Rotation> {
      count += 1;
      const rotation: Rotation = {
        id: uuidv7(clock.now(), Uint8Array.from([...new Uint8Array(8), count >> 8, count])),
        targetKey: rig.key('shop'),
        target: 'shop',
        envId: 'env-shop',
        reason: 'Requested',
        trigger: 'schedule',
        requestedBy: null,
        keyId: 'KEYAAAAAAA',
        fingerprint: 'a'.repeat(64),
        issuedAt: clock.now(),
        expiresAt: clock.now() + 1000 * HOUR,
        previousFingerprint: null,
        previousExpiresAt: null,
        startedAt: clock.now(),
        finishedAt: null,
        outcome: null,
        appleCheck: { candidate: 'accepted', deployed: 'not-asked' },
        appleCheckWaived: false,
        proof: null,
        settles: null,
        requestIds: ['request-1'],
        error: null,
        intent: null,
        ...change,
      };
      await memory.commit({ rotation });
      return rotation;
    },
    async putTarget(name: string, change: Partial<TargetState>): Promise<void> {
      const { target } = wired(name);
      await memory.commit({ target: { ...emptyTargetState(target, name), key: targetKey(target), ...change } });
    },
    /** Sends a request and holds its answer to everything that holds for all of them. */
    async call(path: string, call: CallOptions = {}): Promise<Reply> {
      const reply = await send(`${server.url}${path}`, call);
      mustBeDocumented(path.split('?')[0] ?? path, call.method ?? 'GET', reply);
      mustTellNoToken(reply, state.tokens);
      return reply;
    },
    /** The body of an answer as it came over the socket. */
    bytes(path: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      http
        .get(`${server.url}${path}`, { headers, agent: false }, async (response) => {
          resolve(Buffer.concat(await response.toArray()));
        })
        .on('error', reject);
      return promise;
    },
    bearer: (token: string) => ({ authorization: `Bearer ${token}` }),
    rotate(name: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Reply> {
      const authorization = `Bearer ${TOKEN}`;
      return rig.call(`/api/v1/targets/${name}/rotate`, {
        method: 'POST',
        headers: { authorization, ...headers },
        ...(body === undefined ? {} : { body }),
      });
    },
  };
  onTestFinished(async () => {
    const closed = server.close();
    await clock.advance(5_000);
    await closed;
    mustTellNoToken({ status: 0, headers: {}, text: inspect(events, { depth: null }), json: undefined }, state.tokens);
  });
  return rig;
}

/** A plain request over a connection of its own; unlike `fetch` it lets a test choose the Host header. */
export function send(url: string, { method = 'GET', headers = {}, body }: CallOptions = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const length =
    body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = http.request(url, { method, headers: { ...length, ...headers }, agent: false });
  request.on('error', reject);
  request.on('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      });
    });
  });
  request.end(body);
  return promise;
}

/** The document as it is served, for a test to walk through. */
export const DOCUMENT = JSON.parse(JSON.stringify(openapiDocument(ROUTES, '1.2.3'))) as OpenApi;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** The headers, and for a path of the document also that status, type and body are as it says. */
export function mustBeDocumented(path: string, method: string, { status, headers, text, json }: Reply): void {
  const type = (headers['content-type'] ?? '').split(';')[0] ?? '';
  // A page states what of its own it needs beside.
  const policy = expect.stringMatching(/^default-src 'none';(?:.*;)? frame-ancestors 'none'(?:;|$)/);
  expect(headers).toMatchObject(type === 'text/html' ? { ...ALWAYS, 'content-security-policy': policy } : ALWAYS);
  expect(headers).not.toHaveProperty('server');
  expect(headers).not.toHaveProperty('x-powered-by');
  if (status >= 400) {
    expect(type).toBe('application/problem+json');
    if (method !== 'HEAD') expect(json).toMatchObject({ status });
  }
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const pattern = Object.keys(DOCUMENT.paths).find((each) =>
    new RegExp(`^${each.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const operation = pattern === undefined ? undefined : DOCUMENT.paths[pattern]?.[verb];
  if (operation === undefined) {
    expect([404, 405, 400, 421]).toContain(status);
    if (method !== 'HEAD') expect(schemaOf({ $ref: '#/components/schemas/Problem' }).parse(json)).toEqual(json);
    return;
  }
  const documented = operation.responses[status];
  expect(documented, `${method} ${path} answers ${status}`).toBeDefined();
  const schema = documented?.content[type]?.schema;
  expect(schema, `${method} ${path} answers ${type}`).toBeDefined();
  if (method === 'HEAD') expect(text).toBe('');
  if (json !== undefined && schema !== undefined) mustHaveShape(schema, json);
}

/** By the served document alone: nothing missing, nothing of a wrong form, and nothing that it does not tell of. */
function mustHaveShape(schema: object, json: unknown): void {
  expect(schemaOf(schema).parse(json)).toEqual(json);
  const { $ref } = schema as { $ref?: string };
  const named = DOCUMENT.components.schemas[$ref?.split('/').at(-1) ?? ''] as { properties?: object } | undefined;
  if (named === undefined) return;
  expect(Object.keys(named.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(AS_JSON.parse(json))));
}

/** What the document says, as something that can be asked. */
function schemaOf(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: DOCUMENT.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
}

function mustTellNoToken({ text, headers }: Reply, { token, readToken }: Tokens): void {
  const everything = `${text}${JSON.stringify(headers)}`;
  for (const secret of [token, readToken, TOKEN, READ_TOKEN]) if (secret) expect(everything).not.toContain(secret);
}
