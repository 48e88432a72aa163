// The agent that every call leaves through, one for each call. It permits one request to one origin, so that no client
// above it can send anything elsewhere (the Tencent SDK follows redirects, and posts body and token again). It verifies
// certificates, uses proxies as proxy.ts says, and takes a bounded, uncompressed answer. It also notes what happened on
// the wire, which the clients above it drop. Connections are new, or for reads kept from one call to the next.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type Env, proxyEnvFor } from './proxy.ts';

/** Far above any answer of the services that we call; a larger one could fill the memory. */
export const MAX_ANSWER_BYTES = 1_000_000;

/**
 * How long a kept connection may be idle: from the first read of a pass to its last. Servers close theirs after 5 s at
 * the earliest, as Node's own does; with more, a request would more often meet a connection that has just ended.
 */
const IDLE_MS = 4_000;

/** What was seen of one call. */
export interface Exchange {
  /** The connection was made, so the request may have reached the other side. */
  sent: boolean;
  /** The connection was kept from an earlier call, and ended before anything of the answer arrived. */
  stale: boolean;
  status: number | undefined;
  /** The answer's Date header, in ms since the epoch. */
  dateMs: number | undefined;
  /** Why the answer was not read to its end. */
  refused: 'too-large' | 'encoded' | undefined;
  /** The connection ended in the middle of the answer. */
  cut: boolean;
  /** The first error of the connection. */
  error: Error | undefined;
}

export interface GuardedAgent {
  readonly agent: http.Agent;
  readonly exchange: Readonly<Exchange>;
  /** Ends every connection of the call, a proxy's tunnel included, but one that is kept. Call it in `finally`. */
  close(): void;
}

export interface GuardOptions {
  readonly env: Env;
  /** Default: MAX_ANSWER_BYTES. */
  readonly maxBytes?: number;
  /** Certificate authorities in place of the usual ones, PEM. */
  readonly ca?: string;
  /**
   * See keepingAgent. Only for a call that may be made again when its connection turns out to be stale. Through a proxy
   * each call has a connection of its own.
   */
  readonly keep?: http.Agent | undefined;
  /** Called when the connection is made, so that the request leaves. */
  readonly onSent?: () => void;
  /** Called when the head of the answer has arrived. */
  readonly onAnswer?: () => void;
  /** Called when it is certain that the answer will not be complete: cut off, too long, or compressed. */
  readonly onBroken?: () => void;
}

/** What keeps the connections of calls to `url` from one call to the next. */
export function keepingAgent({ protocol }: URL): http.Agent {
  const settings = { keepAlive: true, timeout: IDLE_MS };
  return protocol === 'https:' ? new https.Agent({ ...settings, rejectUnauthorized: true }) : new http.Agent(settings);
}

/** An agent for one request to the origin of `url`. Throws ERR_CONFIG if the proxy's setting cannot be used. */
export function guardedAgent(url: URL, options: GuardOptions): GuardedAgent {
  const guard = new Guard(url, options);
  const proxyEnv = proxyEnvFor(url, options.env);
  const trust = options.ca === undefined ? {} : { ca: options.ca };
  const { keep } = options;
  if (keep !== undefined && proxyEnv === undefined) {
    const agent: http.Agent = Object.create(keep);
    agent.addRequest = (request, destination) => {
      guard.admit(request, destination);
      keep.addRequest(request, { ...destination, ...trust });
    };
    return { agent, exchange: guard.exchange, close: () => guard.close() };
  }
  const settings = { keepAlive: false, ...(proxyEnv === undefined ? {} : { proxyEnv }) };
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({ ...settings, rejectUnauthorized: true, ...trust })
      : new http.Agent(settings);
  const addRequest = agent.addRequest.bind(agent);
  agent.addRequest = (request, destination) => {
    guard.admit(request, destination);
    addRequest(request, destination);
  };
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (...args) => guard.hold(createConnection(...args));
  return { agent, exchange: guard.exchange, close: () => guard.close() };
}

/** How a request fails whose connection the other side has ended. */
const GONE: readonly string[] = ['ECONNRESET', 'EPIPE'];

/** The part of the options that Node hands to `addRequest` that says where the request would go. */
interface Destination {
  readonly host?: string | null;
  readonly port?: string | number | null;
}

declare module 'http' {
  interface Agent {
    /** Not documented, and stable since Node 0.12: called once for each request, before a connection is made. */
    addRequest(request: ClientRequest, options: Destination): void;
  }
}

class Guard {
  readonly exchange: Exchange = {
    sent: false,
    stale: false,
    status: undefined,
    dateMs: undefined,
    refused: undefined,
    cut: false,
    error: undefined,
  };
  readonly #origin: string;
  readonly #defaultPort: string;
  readonly #maxBytes: number;
  readonly #options: GuardOptions;
  readonly #connections: Duplex[] = [];
  #request: http.ClientRequest | undefined;

  constructor(url: URL, options: GuardOptions) {
    this.#defaultPort = url.protocol === 'https:' ? '443' : '80';
    this.#origin = this.#place({ host: url.hostname, port: url.port });
    this.#maxBytes = options.maxBytes ?? MAX_ANSWER_BYTES;
    this.#options = options;
  }

  /** Throws unless the request is the expected one; that ends it before it has a socket. */
  admit(request: http.ClientRequest, destination: Destination): void {
    if (this.#request !== undefined)
      throw new Error('a second request of one call, as after a redirect, is not permitted');
    if (this.#place(destination) !== this.#origin) throw new Error('a request to another host is not permitted');
    this.#request = request;
    request.on('error', (error: NodeJS.ErrnoException) => {
      const { exchange } = this;
      const isGone = exchange.status === undefined && GONE.includes(error.code ?? '');
      exchange.stale ||= isGone && request.reusedSocket;
      exchange.error ??= error;
    });
    request.once('socket', (socket) => this.#watchConnection(socket));
    request.prependOnceListener('response', (response) => this.#watchAnswer(request, response));
  }

  hold<T extends Duplex | null | undefined>(connection: T): T {
    if (connection) this.#connections.push(connection);
    return connection;
  }

  close(): void {
    // Ends the connection, unless the answer is complete: then it may serve the next call.
    this.#request?.destroy();
    for (const connection of this.#connections) {
      connection.on('error', () => undefined);
      connection.destroy();
    }
  }

  #place({ host, port }: Destination): string {
    return `${(host ?? '').toLowerCase().replace(/^\[|\]$/g, '')} ${String(port || this.#defaultPort)}`;
  }

  #watchConnection(socket: Socket): void {
    const stands = () => {
      this.exchange.sent = true;
      this.#options.onSent?.();
    };
    if (socket instanceof TLSSocket) {
      // A tunnelled connection is handed over with its handshake done, a direct one before it began.
      if (socket.getFinished() !== undefined) stands();
      else socket.once('secureConnect', stands);
    } else if (socket.connecting) socket.once('connect', stands);
    else stands();
  }

  #watchAnswer(request: http.ClientRequest, response: http.IncomingMessage): void {
    const { exchange } = this;
    exchange.status = response.statusCode;
    const dateMs = Date.parse(response.headers.date ?? '');
    if (!Number.isNaN(dateMs)) exchange.dateMs = dateMs;
    this.#options.onAnswer?.();
    response.once('close', () => {
      exchange.cut = !response.complete;
      if (exchange.cut) this.#options.onBroken?.();
    });
    const refuse = (refused: 'too-large' | 'encoded') => {
      exchange.refused ??= refused;
      request.destroy(new Error(`the answer is ${refused}`));
      this.#options.onBroken?.();
    };
    // The number of compressed bytes says nothing about what they unpack to; we asked for `identity`.
    if ((response.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') refuse('encoded');
    const length = response.headers['content-length'];
    if (Number(length ?? 0) > this.#maxBytes) refuse('too-large');
    // Node takes no more than what was announced.
    if (length !== undefined) return;
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > this.#maxBytes) refuse('too-large');
    });
  }
}
