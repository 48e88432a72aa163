// What a client may cost, and what is no request at all: over raw sockets, by limits that are short enough to wait for.
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RequestAnswer } from '../../src/daemon/rotation-requests.ts';
import { startHttpServer } from '../../src/http/server.ts';
import { realClock } from '../support/clock.ts';
import { mustBeDocumented, type Reply, send, startHttpRig, TOKEN } from './rig.ts';

const PROBLEM = 'tag:apple-secret-rotator,2026:problem/';
type Rig = Awaited<ReturnType<typeof startHttpRig>>;

/** Sends bytes, and gives what came back until the server ended the connection. */
async function exchange({ port }: Rig, bytes: string): Promise<Reply> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part)).on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return parsed(Buffer.concat(parts).toString('utf8'));
}

function parsed(text: string): Reply {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 2)]),
  );
  return { status: Number(line.split(' ')[1]), headers, text: body, json: body === '' ? undefined : JSON.parse(body) };
}

/** A refusal that Node makes before there is a request has the form of all the others. */
function mustBe(reply: Reply, status: number, kind: string): void {
  expect(reply).toMatchObject({ status, json: { type: `${PROBLEM}${kind}` }, headers: { connection: 'close' } });
  mustBeDocumented('/healthz', 'GET', reply);
}

describe('time', () => {
  test('headers that trickle in are cut off', async () => {
    const rig = await startHttpRig({ limits: { headersTimeoutMs: 60, requestTimeoutMs: 120 } });
    mustBe(await exchange(rig, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: '), 408, 'request-timeout');
  });

  test('a body that trickles in is cut off', async () => {
    const rig = await startHttpRig({
      tokens: { token: TOKEN },
      limits: { headersTimeoutMs: 60, requestTimeoutMs: 120 },
    });
    const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    mustBe(await exchange(rig, `${head}Content-Length: 100\r\n\r\n{`), 408, 'request-timeout');
    expect(rig.state.asked).toEqual([]);
  });

  test('a connection that says nothing is closed, at first and after an answer', async () => {
    const rig = await startHttpRig({
      limits: { idleMs: 60, keepAliveMs: 60, headersTimeoutMs: 60, requestTimeoutMs: 120 },
    });
    await exchange(rig, '');
    expect((await exchange(rig, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')).status).toBe(200);
  });
});

describe('size', () => {
  test('headers over 16 KB are 431', async () => {
    const rig = await startHttpRig();
    const long = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(16 * 1024)}\r\n\r\n`;
    mustBe(await exchange(rig, long), 431, 'headers-too-large');
  });

  test('a path of that size too', async () => {
    const rig = await startHttpRig();
    mustBe(await exchange(rig, `GET /${'x'.repeat(17 * 1024)} HTTP/1.1\r\n\r\n`), 431, 'headers-too-large');
  });

  test('a body that is announced as too large is refused before it is sent', async () => {
    const rig = await startHttpRig({ tokens: { token: TOKEN }, limits: { idleMs: 200 } });
    const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    const reply = await exchange(rig, `${head}Content-Length: 99999999\r\n\r\n`);
    expect(reply).toMatchObject({ status: 413, json: { type: `${PROBLEM}body-too-large` } });
  });

  test('a body that turns out too large is refused before it has ended', async () => {
    const rig = await startHttpRig({ tokens: { token: TOKEN }, limits: { idleMs: 200 } });
    const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    const reply = await exchange(rig, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
    expect(reply).toMatchObject({ status: 413, json: { type: `${PROBLEM}body-too-large` } });
  });
});

describe('connections', () => {
  /** Connections that say nothing, open until the test ends. */
  async function idle({ port }: Rig, number: number): Promise<net.Socket[]> {
    const sockets: net.Socket[] = [];
    for (let i = 0; i < number; i += 1) {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      sockets.push(socket);
    }
    return sockets;
  }

  test('300 that ask nothing do not keep a health check out', async () => {
    const rig = await startHttpRig();
    await idle(rig, 300);
    expect((await rig.call('/healthz')).status).toBe(200);
  });

  test('the one that has been idle longest gives way, and one that is being answered does not', async () => {
    const rig = await startHttpRig({ tokens: { token: TOKEN }, limits: { maxConnectionsEach: 2 } });
    const turn = Promise.withResolvers<RequestAnswer>();
    const asked = Promise.withResolvers<void>();
    rig.state.onRequest = () => {
      asked.resolve();
      return turn.promise;
    };
    const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`;
    const reply = exchange(rig, head);
    await asked.promise;
    const [first] = await idle(rig, 1);
    const gone = once(first as net.Socket, 'close');
    expect((await rig.call('/healthz')).status).toBe(200);
    await gone;
    const { id } = await rig.putRotation({});
    turn.resolve({ kind: 'started', id });
    expect(await reply).toMatchObject({ status: 202 });
  });

  test('a second request before the first answer ends the connection, and costs next to no memory', async () => {
    let made = 0;
    const text = 'x'.repeat(1_000_000);
    const rig = await startHttpRig();
    rig.state.metrics = async () => {
      made += 1;
      return { contentType: 'text/plain', text };
    };
    const before = process.memoryUsage().rss;
    const pipelined = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(500);
    const closed = Array.from({ length: 20 }, async () => {
      const socket = net.connect(rig.port, '127.0.0.1');
      socket.on('error', () => undefined).pause();
      onTestFinished(() => void socket.destroy());
      socket.write(pipelined);
      // A paused socket is told of its end by the error of its next write.
      await vi.waitFor(() => {
        socket.write('\r\n');
        expect(socket.destroyed).toBe(true);
      }, 10_000);
    });
    await Promise.all(closed);
    expect(made).toBeLessThanOrEqual(2);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect((await rig.call('/healthz')).status).toBe(200);
  });
});

describe('what is no request', () => {
  test.each([
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a method that is none', 'FETCH /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s is 400', async (_, bytes) => {
    const rig = await startHttpRig();
    mustBe(await exchange(rig, bytes), 400, 'bad-request');
    expect((await rig.call('/healthz')).status).toBe(200);
  });

  test.each([
    ['no Host header', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['an empty one', 'GET /healthz HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n'],
    ['the same in HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n'],
  ])('%s is 400', async (_, bytes) => {
    const rig = await startHttpRig();
    mustBe(await exchange(rig, bytes), 400, 'bad-request');
  });

  test('a Host that is ours does not vouch for another host in the request line', async () => {
    const rig = await startHttpRig();
    const bytes = 'GET http://rebound.example/api/v1/targets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const { status } = await exchange(rig, bytes);
    expect(status).toBe(421);
  });

  test('an expectation other than 100-continue is 417', async () => {
    const rig = await startHttpRig();
    const bytes = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nConnection: close\r\n\r\n';
    mustBe(await exchange(rig, bytes), 417, 'expectation-failed');
  });
});

describe('methods and paths', () => {
  test('HEAD answers as GET does, without the body', async () => {
    const rig = await startHttpRig({ tokens: { readToken: TOKEN } });
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect(await rig.call(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await rig.call('/api/v1/targets', { method: 'HEAD' })).toMatchObject({ status: 401, text: '' });
  });

  test.each([
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/api/v1/targets', 'GET, HEAD'],
    ['PUT', '/api/v1/targets/shop', 'GET, HEAD'],
    ['OPTIONS', '/api/v1/rotations', 'GET, HEAD'],
    ['GET', '/api/v1/targets/shop/rotate', 'POST'],
    ['HEAD', '/api/v1/targets/shop/rotate', 'POST'],
    ['TRACE', '/metrics', 'GET, HEAD'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const rig = await startHttpRig();
    const { status, headers } = await rig.call(path, { method });
    expect([status, headers['allow']]).toEqual([405, allow]);
  });

  test.each([
    '/page',
    '/page/',
    '/page/main.tsx',
    '/targets',
    '/api',
    '/api/v1/targets/',
    '/healthz/',
    '/HEALTHZ',
    '//healthz',
    '/api/v1/targets/shop/rotate/now',
    '/..%2f',
  ])('%s is 404', async (path) => {
    const rig = await startHttpRig();
    expect(await rig.call(path)).toMatchObject({ status: 404, json: { type: `${PROBLEM}not-found` } });
  });
});

describe('listening', () => {
  const tools = { clock: realClock, emit: () => undefined, routes: [] };
  const tokens = () => ({ token: undefined, readToken: undefined });

  test('on a port that is taken is refused with the port', async () => {
    const rig = await startHttpRig();
    await expect(startHttpServer({ host: '127.0.0.1', port: rig.port, tokens, ...tools })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: `cannot listen on http.host 127.0.0.1, http.port ${rig.port}: the port is in use`,
      hint: 'Set another http.port, or stop the program that uses this one.',
    });
  });

  test.each([
    ['192.0.2.1', 'this machine has no such address'],
    ['no-such-host.invalid', 'there is no such host'],
  ])('on %s is refused', async (host, why) => {
    await expect(startHttpServer({ host, port: 0, tokens, ...tools })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(
        new RegExp(`^cannot listen on http.host ${host}, http.port 0: (?:${why}|EAI_AGAIN)$`),
      ),
    });
  });

  test('over IPv6 gives a URL that can be asked', async () => {
    const rig = await startHttpRig({ host: '::1' });
    expect(rig.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await rig.call('/healthz')).status).toBe(200);
  });
});

describe('closing', () => {
  async function waiting(): Promise<{ rig: Rig; reply: Promise<Reply>; answer: (answer: RequestAnswer) => void }> {
    const rig = await startHttpRig({ tokens: { token: TOKEN } });
    const turn = Promise.withResolvers<RequestAnswer>();
    const asked = Promise.withResolvers<void>();
    rig.state.onRequest = () => {
      asked.resolve();
      return turn.promise;
    };
    const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    const reply = exchange(rig, head);
    reply.catch(() => undefined);
    await asked.promise;
    return { rig, reply, answer: turn.resolve };
  }

  test('waits for a request that is being answered, takes no other, and may be asked for twice', async () => {
    const { rig, reply, answer } = await waiting();
    const closed = Promise.all([rig.server.close(), rig.server.close()]);
    await expect(send(`${rig.url}/healthz`)).rejects.toThrow(/ECONNREFUSED/);
    const { id } = await rig.putRotation({});
    answer({ kind: 'started', id });
    expect(await reply).toMatchObject({ status: 202, json: { id }, headers: { connection: 'close' } });
    await closed;
  });

  test('ends after 5 s whatever is still open', async () => {
    const { rig, reply } = await waiting();
    const closed = rig.server.close();
    await rig.clock.advance(5_000);
    expect((await reply).status).toBeNaN();
    await closed;
  });

  test('ends a connection that is kept for later at once', async () => {
    const rig = await startHttpRig();
    const socket = net.connect(rig.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    await Promise.all([rig.server.close(), once(socket, 'close')]);
  });
});

test('a client that goes away before its answer is no event, and nothing is printed', async () => {
  const printed = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  onTestFinished(() => void vi.restoreAllMocks());
  const rig = await startHttpRig({ tokens: { token: TOKEN } });
  const turn = Promise.withResolvers<RequestAnswer>();
  const asked = Promise.withResolvers<void>();
  rig.state.onRequest = () => {
    asked.resolve();
    return turn.promise;
  };
  const head = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
  const socket = net.connect(rig.port, '127.0.0.1');
  socket.write(head);
  await asked.promise;
  socket.destroy();
  const { id } = await rig.putRotation({});
  turn.resolve({ kind: 'started', id });
  expect((await rig.call('/healthz')).status).toBe(200);
  expect(rig.events).toEqual([]);
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});
