// One call to a Tencent Cloud service through its SDK, made safe: the caller can abort, a time limit covers the whole
// call, there is one host, no redirect, a bounded answer and no empty signature. Errors are those of error-table.ts.
// Nothing is retried, except once with fresh credentials, and a read over a new connection where a kept one had ended.
import type { Agent } from 'node:http';
import type { CallTrouble } from '../../core/error-troubles.ts';
import { RotatorError } from '../../core/errors.ts';
import { requestIdOf } from '../../core/foreign.ts';
import { holdSecret } from '../../core/held-secrets.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Clock } from '../../core/ports.ts';
import { deadline, untilAborted } from '../../net/abort.ts';
import { type Exchange, guardedAgent, keepingAgent } from '../../net/agent.ts';
import { giveWay } from '../../net/event-loop.ts';
import { failureOf } from '../../net/failure.ts';
import type { Env } from '../../net/proxy.ts';
import type { RateLimit } from '../../net/rate-limit.ts';
import type { CredentialSource, RequestRecord, TencentCredential } from './credentials/source.ts';
import { remoteError, type Service, wantsFreshCredentials } from './error-table.ts';

export interface TencentClientOptions {
  readonly service: Service;
  /** `https://host[:port]`, or http on loopback. The first label of the host is signed. */
  readonly endpoint: string;
  readonly region: string;
  /** `unsigned` for AssumeRoleWithWebIdentity, whose body holds the proof. */
  readonly credentials: CredentialSource | 'unsigned';
  /** For each call, from the connection to the last byte, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read. */
  readonly env: Env;
  readonly rateLimit?: RateLimit;
  /** For a client that reads often: the connection of a read is kept for the next one. Default: false. */
  readonly keepsConnections?: boolean;
  /** Called for every request that its caller did not abort. */
  readonly onRequest?: (record: RequestRecord) => void;
}

export interface TencentAnswer {
  /** What stood in `Response`, untouched. */
  readonly response: JsonObject;
  readonly requestId: string | null;
  /** Our wall clock less the server's Date header, in ms; undefined where there was none. */
  readonly skewMs: number | undefined;
  /** Wall clock when the answer had arrived. */
  readonly receivedAt: number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** The call changes something, so an error says whether it may have been applied. */
  readonly write: boolean;
  /** What is asked for, in words; messages of errors begin with it. */
  readonly about?: string;
  /** The environment that the call is about, for the policy that a denied call shows. */
  readonly envId?: string;
}

export interface TencentClient {
  /**
   * Calls `action` with `params`; the SDK leaves out nulls. Throws a RotatorError of error-table.ts, or the signal's
   * reason on abort.
   */
  call(action: string, params: JsonObject, options: CallOptions): Promise<TencentAnswer>;
}

/** Loads nothing until the first call. Throws ERR_CONFIG for an endpoint that the SDK could not address. */
export function createTencentClient(options: TencentClientOptions): TencentClient {
  const endpoint = parsedEndpoint(options.endpoint);
  const place = { endpoint, keep: options.keepsConnections === true ? keepingAgent(endpoint) : undefined };
  return {
    async call(action, params, call) {
      const { signal } = call;
      const first = await credentialOf(options, signal);
      try {
        return await attempt(options, place, first, { action, params, ...call });
      } catch (error) {
        if (!(error instanceof RotatorError && wantsFreshCredentials(error.remoteCode))) throw error;
        if (options.credentials !== 'unsigned' && first !== undefined) options.credentials.renew(first);
        const second = await credentialOf(options, signal);
        return await attempt(options, place, second, { action, params, ...call });
      }
    },
  };
}

interface Place {
  readonly endpoint: URL;
  /** Keeps the connections of reads. */
  readonly keep: Agent | undefined;
}

interface Attempt extends CallOptions {
  readonly action: string;
  readonly params: JsonObject;
}

/** Undefined for unsigned calls. */
async function credentialOf(
  options: TencentClientOptions,
  signal: AbortSignal,
): Promise<TencentCredential | undefined> {
  signal.throwIfAborted();
  if (options.credentials === 'unsigned') return undefined;
  const credential = await options.credentials.get(signal);
  if (credential.secretId === '' || credential.secretKey === '')
    throw new RotatorError('ERR_CREDENTIALS_MISSING', { problem: 'empty', source: options.credentials.id });
  for (const secret of [credential.secretId, credential.secretKey, credential.token ?? '']) holdSecret(secret);
  return credential;
}

/** The connection was kept, and had ended: the other side has not taken the request up, as far as anybody can tell. */
class StaleConnection extends Error {}

/**
 * Sends the request. A write is sent once, over a new connection; a read may use a kept one, and is sent again where
 * that is stale.
 */
async function attempt(
  options: TencentClientOptions,
  { endpoint, keep }: Place,
  credential: TencentCredential | undefined,
  call: Attempt,
): Promise<TencentAnswer> {
  try {
    return await send(options, endpoint, credential, call, call.write ? undefined : keep);
  } catch (thrown) {
    if (!(thrown instanceof StaleConnection)) throw thrown;
    return await send(options, endpoint, credential, call);
  }
}

async function send(
  options: TencentClientOptions,
  endpoint: URL,
  credential: TencentCredential | undefined,
  { action, params, signal, write, about, envId }: Attempt,
  keep?: Agent,
): Promise<TencentAnswer> {
  const { service, region, timeoutMs, clock, env } = options;
  const { Client } = (await loaded(service)).default;
  const onSent = await options.rateLimit?.turn(signal);
  // Many lanes may have their turn at once, and what is sent in one turn of the loop is answered in one.
  await giveWay();
  let skewMs: number | undefined;
  const guard = guardedAgent(endpoint, {
    env,
    keep,
    ...(onSent === undefined ? {} : { onSent }),
    onAnswer: () => {
      const { dateMs } = guard.exchange;
      if (dateMs !== undefined) skewMs = clock.now() - dateMs;
    },
    // The SDK would wait for ever for the rest of an answer that was cut off.
    onBroken: () => limit.end(),
  });
  const limit = deadline(timeoutMs, signal);
  const client: SdkClient = new Client(sdkConfig({ endpoint, region, credential, agent: guard.agent }));
  const startedAt = clock.monotonic();
  const record = (code: string) =>
    options.onRequest?.({ service, action, code, durationMs: clock.monotonic() - startedAt });
  try {
    const answer = client.request(action, params, { signal: limit.signal, skipSign: credential === undefined });
    const response: unknown = await untilAborted(answer, limit.signal);
    if (!isEnvelope(response)) throw new TypeError('the answer is no API envelope');
    record('OK');
    return {
      response,
      requestId: requestIdOf(response['RequestId']) ?? null,
      skewMs,
      receivedAt: clock.now(),
    };
  } catch (thrown) {
    if (signal.aborted && !limit.expired) throw signal.reason;
    const found = whatFailed(thrown, guard.exchange, limit.expired ? timeoutMs : undefined);
    const sent = guard.exchange.sent;
    const error = remoteError({ service, action, region, envId, about, write, skewMs, sent, ...found });
    record(error.remoteCode ?? found.remoteCode);
    throw guard.exchange.stale && !limit.expired ? new StaleConnection() : error;
  } finally {
    limit.clear();
    guard.close();
  }
}

interface Failed {
  readonly remoteCode: string;
  readonly remoteMessage?: string;
  readonly requestId?: string | undefined;
  readonly detail?: CallTrouble;
}

/** Finds the reason of what the SDK threw on the wire: the SDK keeps a message, and for API errors the code. */
function whatFailed(thrown: unknown, exchange: Readonly<Exchange>, timedOutAfterMs: number | undefined): Failed {
  const { status } = exchange;
  const onTheWire = failureOf(exchange, timedOutAfterMs);
  if (onTheWire !== undefined) {
    const { kind, trouble } = onTheWire;
    return { remoteCode: kind === 'TIMEOUT' || kind === 'NETWORK' ? kind : `HTTP_${status}`, detail: trouble };
  }
  const { code, message, requestId } = thrown as { code?: unknown; message?: unknown; requestId?: unknown };
  if (status === 200 && typeof code === 'string' && typeof requestId === 'string')
    return {
      remoteCode: code,
      ...(typeof message === 'string' ? { remoteMessage: message } : {}),
      requestId: requestIdOf(requestId),
    };
  if (status !== undefined) return { remoteCode: `HTTP_${status}` };
  // No answer and no error on the connection: the SDK or Node gave up before there was one.
  return { remoteCode: 'NETWORK' };
}

/** A plain object: neither a text nor the SDK's object for an event stream. */
function isEnvelope(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What is used of an SDK client. */
interface SdkClient {
  request(action: string, params: object, options: { signal: AbortSignal; skipSign: boolean }): Promise<unknown>;
}

/**
 * The file of each service, loaded when first needed: the whole SDK takes ten times as long. They are CommonJS: a chunk
 * of the bundle has the default export alone.
 */
const CLIENTS = {
  tcb: () => import('tencentcloud-sdk-nodejs/tencentcloud/services/tcb/v20180608/tcb_client.js'),
  ssm: () => import('tencentcloud-sdk-nodejs/tencentcloud/services/ssm/v20190923/ssm_client.js'),
  sts: () => import('tencentcloud-sdk-nodejs/tencentcloud/services/sts/v20180813/sts_client.js'),
} as const satisfies Record<Service, () => Promise<unknown>>;

/** Each is asked for once: to find a module again takes a tenth of what a call does. */
const modules: Partial<Record<Service, ReturnType<(typeof CLIENTS)[Service]>>> = {};

async function loaded(service: Service) {
  modules[service] ??= CLIENTS[service]();
  return modules[service];
}

interface SdkCall {
  readonly endpoint: URL;
  readonly region: string;
  readonly credential: TencentCredential | undefined;
  readonly agent: Agent;
}

function sdkConfig({ endpoint, region, credential, agent }: SdkCall) {
  return {
    credential: credential === undefined ? { secretId: '', secretKey: '' } : signingPair(credential),
    region,
    profile: {
      language: 'en-US',
      httpProfile: {
        protocol: `${endpoint.protocol}//`,
        endpoint: endpoint.host,
        agent,
        // Off: its timer stops at the head of the answer and is never cleared on abort. `deadline` covers the whole
        // call.
        reqTimeout: 0,
        headers: { 'Accept-Encoding': 'identity' },
      },
    },
  } as const;
}

function signingPair({ secretId, secretKey, token }: TencentCredential) {
  return { secretId, secretKey, ...(token === undefined ? {} : { token }) };
}

function parsedEndpoint(text: string): URL {
  const url = URL.parse(text);
  const plain = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!plain) throw new RotatorError('ERR_CONFIG', { problem: 'endpoint' });
  return url;
}
