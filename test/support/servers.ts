// Small servers on loopback: one that answers as a test says, and a real HTTP proxy (absolute form for http, CONNECT
// for https) that maps every host to a server of the test.
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Certificate } from './certificate.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** What arrived, in order. */
  readonly seen: Seen[];
  /** Connections that were made, whether or not a request came over them. */
  connections: number;
}

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** Starts a server that is closed with the test. With a certificate it speaks https. */
export async function serve(answer: Answer, certificate?: Certificate): Promise<TestServer> {
  const seen: Seen[] = [];
  const listener = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer(request, response, body);
    });
  };
  const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener);
  const port = await listen(server);
  const url = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const started: TestServer = { url, port, seen, connections: 0 };
  server.on('connection', () => {
    started.connections += 1;
  });
  onTestFinished(() => close(server));
  return started;
}

export interface TestProxy {
  readonly url: string;
  /** `CONNECT host:port` or `GET http://host/path`, in order. */
  readonly seen: string[];
  readonly authorizations: (string | undefined)[];
}

/** A proxy that takes every host for `target`; with `refuse` it answers every request with that status. */
export async function serveProxy(target: Pick<TestServer, 'port'> | undefined, refuse?: number): Promise<TestProxy> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const note = (request: http.IncomingMessage) => {
    seen.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
  };
  const server = http.createServer((request, response) => {
    note(request);
    const { pathname, search } = new URL(request.url ?? '');
    const { method = 'GET', headers } = request;
    const onward = http.request({ port: target?.port, path: `${pathname}${search}`, method, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    note(request);
    if (refuse !== undefined || target === undefined) {
      socket.end(`HTTP/1.1 ${refuse ?? 502} No\r\n\r\n`);
      return;
    }
    const onward = net.connect(target.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const [one, other] of [[onward, socket] as const, [socket, onward] as const]) {
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const port = await listen(server);
  onTestFinished(() => close(server));
  return { url: `http://127.0.0.1:${port}`, seen, authorizations };
}

/** A server that takes one connection, reads, and says nothing until the other side leaves. */
export async function serveSilence(): Promise<{ url: string; arrived: Promise<void>; closed: Promise<void> }> {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: closed, resolve: leave } = Promise.withResolvers<void>();
  const server = net.createServer((socket) => {
    socket.once('data', () => arrive());
    socket.once('close', () => leave());
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}`, arrived, closed };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: http.Server | https.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
