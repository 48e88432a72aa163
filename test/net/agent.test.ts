// The guard itself, under clients that would go elsewhere.
import http from 'node:http';
import https from 'node:https';
import { describe, expect, test } from 'vitest';
import { type GuardOptions, guardedAgent, keepingAgent } from '../../src/net/agent.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { serve, serveProxy } from '../support/servers.ts';

function get(url: string, agent: http.Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    (url.startsWith('https:') ? https : http)
      .get(url, { agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
      .on('error', reject);
  });
}

test('the one request to the one host is let through and written down', async () => {
  const server = await serve((_, response) => {
    response.writeHead(201, { date: 'Sun, 22 Nov 2026 10:00:00 GMT' }).end('x');
  });
  const { agent, exchange, close } = guardedAgent(new URL(server.url), { env: {} });
  expect(exchange.sent).toBe(false);
  expect(await get(server.url, agent)).toBe(201);
  expect(exchange).toEqual({
    sent: true,
    stale: false,
    status: 201,
    dateMs: Date.UTC(2026, 10, 22, 10),
    refused: undefined,
    cut: false,
    error: undefined,
  });
  close();
});

test('a second request is refused before it has a connection', async () => {
  const server = await serve((_, response) => response.end('x'));
  const { agent, close } = guardedAgent(new URL(server.url), { env: {} });
  await get(server.url, agent);
  await expect(get(server.url, agent)).rejects.toThrow('a second request of one call, as after a redirect, is not');
  expect(server.connections).toBe(1);
  close();
});

test.each(['http://localhost:PORT/', 'http://127.0.0.2:PORT/', 'http://127.0.0.1:1/'])(
  'a request to %s, which is not the host that was named, is refused',
  async (elsewhere) => {
    const server = await serve((_, response) => response.end('x'));
    const { agent, close } = guardedAgent(new URL(server.url), { env: {} });
    const url = elsewhere.replace('PORT', String(server.port));
    await expect(get(url, agent)).rejects.toThrow('a request to another host is not permitted');
    expect(server.connections).toBe(0);
    close();
  },
);

describe('a connection that is kept', () => {
  const kept = { 'http:': keepingAgent(new URL('http://a')), 'https:': keepingAgent(new URL('https://a')) };
  const guarded = (url: string, options: Partial<GuardOptions> = {}) =>
    guardedAgent(new URL(url), { env: {}, keep: kept[url.startsWith('https:') ? 'https:' : 'http:'], ...options });
  const keep = async (url: string, options: Partial<GuardOptions> = {}) => {
    const { agent, close } = guarded(url, options);
    try {
      return await get(url, agent);
    } finally {
      close();
    }
  };

  test.each([
    ['a second request', (url: string) => url, 'a second request of one call, as after a redirect, is not'],
    ['another host', () => 'http://127.0.0.1:1/', 'a request to another host is not permitted'],
  ])('serves one request of the call, never %s', async (_, second, complaint) => {
    const server = await serve((_, response) => response.end('x'));
    await keep(server.url);
    const { agent, close } = guarded(server.url);
    if (second(server.url) === server.url) await get(server.url, agent);
    await expect(get(second(server.url), agent)).rejects.toThrow(complaint);
    expect(server.connections).toBe(1);
    close();
  });

  test('is verified by what the call trusts, and serves no call that trusts something else', async () => {
    const certificate = selfSignedCertificate(['localhost']);
    const server = await serve((_, response) => response.end('x'), certificate);
    const url = `https://localhost:${server.port}/`;
    for (let calls = 0; calls < 3; calls += 1) expect(await keep(url, { ca: certificate.cert })).toBe(200);
    expect(server.connections).toBe(1);
    await expect(keep(url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('is not there behind a proxy: each call has one of its own', async () => {
    const certificate = selfSignedCertificate(['tcb.example.test']);
    const server = await serve((_, response) => response.end('x'), certificate);
    const proxy = await serveProxy(server);
    const options = { ca: certificate.cert, env: { HTTPS_PROXY: proxy.url } };
    for (let calls = 0; calls < 2; calls += 1) expect(await keep('https://tcb.example.test/', options)).toBe(200);
    expect(proxy.seen).toEqual(['CONNECT tcb.example.test:443', 'CONNECT tcb.example.test:443']);
    expect(server.connections).toBe(2);
  });
});
