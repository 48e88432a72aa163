// Apple's token endpoint: the contract over the sandbox, which really verifies; then each answer by itself.

import { describe, expect, test } from 'vitest';
import { createTokenEndpointCheck } from '../../../src/adapters/apple/token-endpoint.ts';
import { callTrouble } from '../../../src/core/texts/en/calls.ts';
import { type AppleHarness, appleCheckContract } from '../../contract/apple-check.ts';
import { HandClock } from '../../support/clock.ts';
import { closedPort, serve } from '../../support/servers.ts';
import { sandbox } from '../../support/tencent.ts';

const CLIENT_ID = 'com.example.shop.web';
const KEY_ID = 'K1L2M3N4O5';

const SPOILED = {
  unavailable: { kind: 'status', status: 503 },
  reset: { kind: 'reset-before' },
  hang: { kind: 'hang' },
  nonsense: { kind: 'body', status: 400, body: '<html>' },
} as const;

appleCheckContract('the token endpoint', async (): Promise<AppleHarness> => {
  const { url, world } = await sandbox();
  const clock = new HandClock();
  world.appleKeys.generate({ teamId: 'A1B2C3D4E5', keyId: KEY_ID, clientIds: [CLIENT_ID] });
  const wish = { keyId: KEY_ID, clientId: CLIENT_ID };
  return {
    check: createTokenEndpointCheck({ tokenUrl: `${url}/auth/token`, clock, env: {}, timeoutMs: 1_000 }),
    clientId: CLIENT_ID,
    good: world.mintSecret({ ...wish, expiresInSeconds: 3_600 }),
    bad: world.mintSecret({ ...wish, expiresInSeconds: -3_600 }),
    arrived: () => world.requests.log.length,
    spoil: (how) => {
      world.faults.add({ service: 'apple', ...SPOILED[how] });
    },
    pass: (ms) => clock.advance(ms),
  };
});

const SECRET = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln';

/** The verdict, and why, as a person reads it. */
async function ask(tokenUrl: string, onAnswer?: (verdict: string) => void, timeoutMs = 5_000) {
  const check = createTokenEndpointCheck({
    tokenUrl,
    clock: new HandClock(),
    env: {},
    timeoutMs,
    ...(onAnswer === undefined ? {} : { onAnswer }),
  });
  const question = { clientId: CLIENT_ID, clientSecret: SECRET, signal: new AbortController().signal };
  const { verdict, detail } = await check.ask(question);
  return { verdict, detail: callTrouble(detail) };
}

test('the question is a form with the secret and a code that cannot exist', async () => {
  const server = await serve((_, response) => response.writeHead(400).end('{"error":"invalid_grant"}'));
  const heard: string[] = [];
  await ask(`${server.url}/auth/token`, (verdict) => heard.push(verdict));
  const [{ method, url, headers, body } = expect.fail('nothing arrived')] = server.seen;
  expect({ method, url, type: headers['content-type'] }).toEqual({
    method: 'POST',
    url: '/auth/token',
    type: 'application/x-www-form-urlencoded',
  });
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    client_id: CLIENT_ID,
    client_secret: SECRET,
    grant_type: 'authorization_code',
    code: 'no-such-code',
  });
  expect(heard).toEqual(['accepted']);
});

describe('an answer of', () => {
  test.each([
    [400, '{"error":"invalid_grant"}', 'accepted', 'invalid_grant'],
    [400, '{"error":"invalid_client","error_description":"x"}', 'rejected', 'invalid_client'],
    [400, '{"error":"invalid_request"}', 'unknown', 'invalid_request'],
    [400, '{"error":"unsupported_grant_type"}', 'unknown', 'unsupported_grant_type'],
    [400, '{"error":"a word of nobody we know"}', 'unknown', 'HTTP 400'],
    [400, '{"error":"constructor"}', 'unknown', 'HTTP 400'],
    [400, '{"error":{"invalid_grant":1}}', 'unknown', 'HTTP 400'],
    [400, 'null', 'unknown', 'HTTP 400'],
    [400, 'invalid_grant', 'unknown', 'HTTP 400'],
    [401, '{"error":"invalid_client"}', 'unknown', 'HTTP 401'],
    [200, '{"access_token":"x"}', 'unknown', 'HTTP 200'],
    [429, '', 'unknown', 'HTTP 429'],
    [500, '{"error":"invalid_client"}', 'unknown', 'HTTP 500'],
  ])('%i %s is %s (%s)', async (status, body, verdict, detail) => {
    const server = await serve((_, response) => response.writeHead(status).end(body));
    const heard: string[] = [];
    expect(await ask(server.url, (said) => heard.push(said))).toEqual({ verdict, detail });
    expect(heard).toEqual([verdict]);
  });

  test('a redirect is unknown, and carries nothing elsewhere', async () => {
    const thief = await serve((_, response) => response.writeHead(400).end('{"error":"invalid_grant"}'));
    const server = await serve((_, response) => response.writeHead(307, { location: thief.url }).end());
    expect(await ask(server.url)).toEqual({
      verdict: 'unknown',
      detail: 'the answer is a redirect (HTTP 307)',
    });
    expect(thief.connections).toBe(0);
  });

  test('nobody is unknown', async () => {
    expect(await ask(`http://127.0.0.1:${await closedPort()}`)).toEqual({
      verdict: 'unknown',
      detail: 'could not connect, or the connection was lost (ECONNREFUSED)',
    });
    const silent = await serve(() => undefined);
    expect(await ask(silent.url, undefined, 100)).toEqual({
      verdict: 'unknown',
      detail: 'no answer within 100 ms',
    });
  });
});

test('a proxy that cannot be used is unknown, and does not throw', async () => {
  const check = createTokenEndpointCheck({
    tokenUrl: 'https://apple.example.test/auth/token',
    clock: new HandClock(),
    env: { HTTPS_PROXY: 'socks5://127.0.0.1:1' },
  });
  const signal = new AbortController().signal;
  expect(await check.ask({ clientId: CLIENT_ID, clientSecret: SECRET, signal })).toEqual({
    verdict: 'unknown',
    detail: { trouble: 'network', code: 'ERR_CONFIG' },
  });
});
