// The guard itself, under clients that would go elsewhere.
import http from 'node:http';
import { expect, test } from 'vitest';
import { guardedAgent } from '../../src/net/agent.ts';
import { serve } from '../support/servers.ts';

function get(url: string, agent: http.Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    http
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
