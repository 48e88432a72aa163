// Plain calls over real sockets: bounds, aborts, redirects, proxies, certificates.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../src/net/failure.ts';
import { type HttpRequest, request } from '../../src/net/request.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { closedPort, serve, serveProxy, serveSilence } from '../support/servers.ts';

const HOST = 'tcb.example.test';
const certificate = selfSignedCertificate([HOST]);

function call(overrides: Partial<HttpRequest> & Pick<HttpRequest, 'url'>) {
  const signal = new AbortController().signal;
  return request({ method: 'GET', timeoutMs: 5_000, signal, env: {}, ...overrides });
}

async function failure(promise: Promise<unknown>): Promise<CallFailure> {
  const error = await promise.then(
    () => expect.fail('the call went well'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CallFailure)) throw error;
  return error;
}

describe('an answer', () => {
  test('comes with status, headers, body and the time of its Date header', async () => {
    const server = await serve((_, response) => {
      response.writeHead(400, { date: 'Sun, 22 Nov 2026 10:00:00 GMT', 'x-kind': 'test' });
      response.end('{"error":"größer"}');
    });
    const answer = await call({ url: `${server.url}/a?b=c`, method: 'POST', body: 'k=ü', headers: { 'x-own': '1' } });
    expect(answer).toMatchObject({
      status: 400,
      body: '{"error":"größer"}',
      dateMs: Date.UTC(2026, 10, 22, 10),
      headers: { 'x-kind': 'test' },
    });
    expect(server.seen).toMatchObject([
      { method: 'POST', url: '/a?b=c', body: 'k=ü', headers: { 'x-own': '1', 'accept-encoding': 'identity' } },
    ]);
  });

  test('without a Date header has no dateMs', async () => {
    const server = await serve((_, response) => {
      response.sendDate = false;
      response.end('x');
    });
    expect(await call({ url: server.url })).not.toHaveProperty('dateMs');
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('with status %i is not followed', async (status) => {
    const second = await serve((_, response) => response.end('stolen'));
    const first = await serve((_, response) => response.writeHead(status, { location: second.url }).end());
    const error = await failure(call({ url: first.url, method: 'POST', body: 'client_secret=s' }));
    expect(error).toMatchObject({ kind: 'REDIRECTED', message: `the answer is a redirect (HTTP ${status})` });
    expect(second.connections).toBe(0);
  });
});

describe('bounds', () => {
  test('an answer that says it is over the limit is not read', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-length': '1000001' }).write('x'));
    expect(await failure(call({ url: server.url }))).toMatchObject({
      kind: 'TOO_LARGE',
      message: 'the answer is too long',
    });
  });

  test('an answer that goes on and on is cut at the limit', async () => {
    const server = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
        response.once('drain', more);
      };
      more();
    });
    expect(await failure(call({ url: server.url }))).toMatchObject({ kind: 'TOO_LARGE' });
  });

  test('an answer of exactly the limit is read, one byte more is not', async () => {
    const server = await serve((incoming, response) => response.end('x'.repeat(Number(incoming.url?.slice(1)))));
    expect((await call({ url: `${server.url}/100`, maxBytes: 100 })).body).toHaveLength(100);
    expect(await failure(call({ url: `${server.url}/101`, maxBytes: 100 }))).toMatchObject({ kind: 'TOO_LARGE' });
  });

  test('a compressed answer is refused: its size says nothing about what it unpacks to', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const server = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect(await failure(call({ url: server.url }))).toMatchObject({
      kind: 'ENCODED',
      message: 'the answer is compressed, which was not asked for',
    });
  });

  test('a server that never answers is given up after the time limit', async () => {
    const server = await serve(() => undefined);
    expect(await failure(call({ url: server.url, timeoutMs: 50 }))).toMatchObject({
      kind: 'TIMEOUT',
      message: 'no answer within 50 ms',
      sent: true,
    });
  });

  test('a drip that never ends is given up too: the limit covers the whole call', async () => {
    const server = await serve((_, response) => {
      const drip = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(drip));
    });
    expect(await failure(call({ url: server.url, timeoutMs: 100 }))).toMatchObject({ kind: 'TIMEOUT' });
  });
});

describe('the network', () => {
  test('nothing listening: told by its code, and certainly not sent', async () => {
    expect(await failure(call({ url: `http://127.0.0.1:${await closedPort()}` }))).toMatchObject({
      kind: 'NETWORK',
      message: 'could not connect, or the connection was lost (ECONNREFUSED)',
      sent: false,
    });
  });

  test('a connection lost before the answer: may have been sent', async () => {
    const server = await serve((incoming) => incoming.socket.destroy());
    expect(await failure(call({ url: server.url }))).toMatchObject({ kind: 'NETWORK', sent: true });
  });

  test.each([
    ['with a length', { 'content-length': '100' }],
    ['in chunks', {}],
  ])('an answer %s that is cut off', async (_, headers) => {
    const server = await serve((incoming, response) => {
      response.writeHead(200, headers);
      response.write('{"half":', () => incoming.socket.destroy());
    });
    expect(await failure(call({ url: server.url }))).toMatchObject({
      kind: 'NETWORK',
      message: 'the connection was lost in the middle of the answer',
    });
  });

  test('a certificate that nobody vouches for is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const server = await serve((_, response) => response.end('x'), certificate);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await failure(call({ url: server.url }))).toMatchObject({
        kind: 'NETWORK',
        message: 'the certificate of the other side is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
        sent: false,
      });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(server.seen).toEqual([]);
  });

  test('a certificate for another host is refused', async () => {
    const server = await serve((_, response) => response.end('x'), certificate);
    expect(await failure(call({ url: server.url, ca: certificate.cert }))).toMatchObject({
      message: 'could not connect, or the connection was lost (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
    expect(server.seen).toEqual([]);
  });
});

describe('abort', () => {
  test('before the call: nothing is sent', async () => {
    const server = await serve((_, response) => response.end('x'));
    const reason = new Error('stopping');
    await expect(call({ url: server.url, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.connections).toBe(0);
  });

  test('while waiting: rejects with the reason and ends the connection', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const server = await serve((incoming) => {
      incoming.socket.once('close', () => close());
      arrive();
    });
    const controller = new AbortController();
    const answer = call({ url: server.url, signal: controller.signal });
    await arrived;
    const reason = new Error('stopping');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await closed;
  });

  test('while a proxy keeps the tunnel waiting: its connection ends too', async () => {
    const proxy = await serveSilence();
    const controller = new AbortController();
    const answer = call({ url: `https://${HOST}/`, env: { HTTPS_PROXY: proxy.url }, signal: controller.signal });
    await proxy.arrived;
    controller.abort(new Error('stopping'));
    await expect(answer).rejects.toThrow('stopping');
    await proxy.closed;
  });
});

describe('proxies', () => {
  test('https goes through HTTPS_PROXY by CONNECT, with its certificate verified', async () => {
    const server = await serve((_, response) => response.end('tunnelled'), certificate);
    const proxy = await serveProxy(server);
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//user:pa%20ss@') };
    expect((await call({ url: `https://${HOST}/x`, env, ca: certificate.cert })).body).toBe('tunnelled');
    expect(proxy.seen).toEqual([`CONNECT ${HOST}:443`]);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:pa ss').toString('base64')}`]);
    expect(await failure(call({ url: `https://${HOST}/x`, env }))).toMatchObject({
      message: 'the certificate of the other side is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
  });

  test('http goes through HTTP_PROXY in absolute form, and not through HTTPS_PROXY', async () => {
    const server = await serve((_, response) => response.end('forwarded'));
    const proxy = await serveProxy(server);
    const other = await serveProxy(server);
    const env = { http_proxy: proxy.url, HTTPS_PROXY: other.url };
    expect((await call({ url: `http://${HOST}/x?y=z`, env })).body).toBe('forwarded');
    expect(proxy.seen).toEqual([`GET http://${HOST}/x?y=z`]);
    expect(other.seen).toEqual([]);
  });

  test('a redirect that comes through a proxy is not followed either', async () => {
    const server = await serve((_, response) => response.writeHead(307, { location: 'http://else.test/' }).end());
    const proxy = await serveProxy(server);
    const error = await failure(call({ url: `http://${HOST}/`, env: { HTTP_PROXY: proxy.url } }));
    expect(error).toMatchObject({ kind: 'REDIRECTED' });
    expect(proxy.seen).toEqual([`GET http://${HOST}/`]);
  });

  test.each([HOST, `.${HOST}`, '.example.test', '*', `else.test, ${HOST}`])(
    'NO_PROXY %s leaves the host out',
    async (noProxy) => {
      const proxy = await serveProxy(undefined);
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: noProxy };
      const error = await failure(call({ url: `https://${HOST}/`, env }));
      expect(error.message).toMatch(/^could not connect, or the connection was lost \((ENOTFOUND|EAI_AGAIN)\)$/);
      expect(proxy.seen).toEqual([]);
    },
  );

  test('loopback is never proxied', async () => {
    const server = await serve((_, response) => response.end('direct'));
    const proxy = await serveProxy(undefined, 502);
    expect((await call({ url: server.url, env: { HTTP_PROXY: proxy.url } })).body).toBe('direct');
    expect(proxy.seen).toEqual([]);
  });

  test('a proxy that refuses the tunnel is told by its status, without its password', async () => {
    const proxy = await serveProxy(undefined, 407);
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//user:hunter2@') };
    const error = await failure(call({ url: `https://${HOST}/`, env }));
    expect(error).toMatchObject({
      kind: 'NETWORK',
      message: 'could not connect, or the connection was lost (ERR_PROXY_TUNNEL, HTTP 407)',
      sent: false,
    });
    expect(`${error.cause}`).not.toContain('hunter2');
  });

  test('a proxy without a scheme is taken as http', async () => {
    const server = await serve((_, response) => response.end('forwarded'));
    const proxy = await serveProxy(server);
    const env = { HTTP_PROXY: proxy.url.replace('http://', '') };
    expect((await call({ url: `http://${HOST}/`, env })).body).toBe('forwarded');
  });

  test.each([
    ['socks5://user:hunter2@127.0.0.1:1080', 'HTTPS_PROXY holds a socks5:// proxy, wanted an http:// or https:// URL'],
    ['http://user:hunter2@:x', 'HTTPS_PROXY holds text that is no URL, wanted an http:// or https:// URL'],
  ])('a proxy that cannot be used (%s) is an error, not a detour', async (value, message) => {
    const answer = call({ url: `https://${HOST}/`, env: { HTTPS_PROXY: value } });
    await expect(answer).rejects.toMatchObject({ code: 'ERR_CONFIG', message });
  });
});
