// Requests to the HTTP interface, random and damaged: each is answered, with a problem document where it is refused;
// bytes that are no request do not end the service or hold it up.
import net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { READ_TOKEN, send, startHttpRig, TOKEN } from '../http/rig.ts';
import { anyJson, anyText, damaged, survive } from '../support/hostile.ts';

const PATHS = [
  '/',
  '/healthz',
  '/metrics',
  '/openapi.json',
  '/api/v1/targets',
  '/api/v1/targets/shop',
  '/api/v1/rotations?limit=5',
  '/api/v1/alerts',
  '/api/v1/targets/shop/rotate',
];
/** What a header and a request line can hold: Node's client refuses the rest. */
const visible = fc.string({ maxLength: 300, unit: fc.constantFrom(...'aZ09-_;=," :/%?&.*\\<>\'~') });
const headers = fc.dictionary(
  fc.constantFrom(
    'host',
    'authorization',
    'content-type',
    'accept',
    'idempotency-key',
    'origin',
    'x-forwarded-for',
    'cookie',
  ),
  fc.oneof(visible, fc.constantFrom(`Bearer ${READ_TOKEN}`, 'application/json', 'localhost', '*/*')),
);
const path = fc.oneof(
  fc.constantFrom(...PATHS),
  fc.tuple(fc.constantFrom(...PATHS), visible).map(([known, more]) => `${known}${more.replaceAll(' ', '%20')}`),
  anyText.map((text) => `/${encodeURIComponent(text.toWellFormed()).slice(0, 6_000)}`),
);

test('a request of any form is answered', async () => {
  const rig = await startHttpRig({ tokens: { token: TOKEN, readToken: READ_TOKEN } });
  const request = fc.record({
    path,
    method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PURGE'),
    headers,
    body: fc.option(fc.oneof(anyText, anyJson), { nil: undefined }),
  });
  await survive(request, async ({ path: asked, body, ...call }) => {
    rig.events.length = 0;
    const reply = await send(`${rig.url}${asked}`, { ...call, ...(body === undefined ? {} : { body }) });
    expect(rig.events).toEqual([]);
    expect(reply.status).toBeLessThan(500);
    expect(reply.text.length).toBeLessThan(100_000);
    if (reply.status >= 400) expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  });
});

test('bytes of any form leave the service as it was', async () => {
  const rig = await startHttpRig();
  const valid = `POST /api/v1/targets/shop/rotate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`;
  const chunked = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n';
  const bytes = fc.oneof(
    anyText.map((text) => Buffer.from(text)),
    damaged(valid, chunked).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 2_000 }),
  );
  await survive(bytes, async (sent) => {
    rig.events.length = 0;
    const socket = net.connect(rig.port, '127.0.0.1').on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.resume().end(sent);
    await closed;
    expect((await send(`${rig.url}/healthz`)).status).toBe(200);
  });
});
