// CloudBase's public login interface: what is asked, and that nothing but Apple's own word in its answer says anything.
import { describe, expect, test } from 'vitest';
import { createLoginChecks } from '../../../src/adapters/login/public-interface.ts';
import { callTrouble } from '../../../src/core/texts/en/calls.ts';
import { HandClock } from '../../support/clock.ts';
import { closedPort, serve } from '../../support/servers.ts';

const never = new AbortController().signal;
const QUESTION = { envId: 'shop-1g2h3j', providerId: 'apple', signal: never };

function checks(clock = new HandClock(), timeoutMs = 5_000) {
  let ids = 0;
  return createLoginChecks({
    clock,
    env: {},
    timeoutMs,
    newId: () => {
      ids += 1;
      return `device-${ids}`;
    },
  });
}

/** The verdict, and why, as a person reads it. */
async function ask(endpoint: string, timeoutMs?: number) {
  const { verdict, detail } = await checks(undefined, timeoutMs)(endpoint).ask(QUESTION);
  return { verdict, detail: callTrouble(detail) };
}

test.each(['', '/', '/login/{envId}', '/login/{envId}/'])(
  'asks below an endpoint that ends with "%s" to exchange a code that cannot exist',
  async (path) => {
    const server = await serve((_, response) => response.writeHead(400).end('{}'));
    await ask(`${server.url}${path}`);
    const [{ method, url, headers, body } = expect.fail('nothing arrived')] = server.seen;
    const base = path.includes('login') ? '/login/shop-1g2h3j' : '';
    expect({ method, url, type: headers['content-type'], device: headers['x-device-id'] }).toEqual({
      method: 'POST',
      url: `${base}/auth/v1/provider/token`,
      type: 'application/json',
      device: 'device-1',
    });
    expect(JSON.parse(body)).toEqual({ provider_id: 'apple', provider_code: 'no-such-code' });
    expect(headers).not.toHaveProperty('authorization');
  },
);

test('the id of the environment may stand in the host', async () => {
  const server = await serve((_, response) => response.writeHead(400).end('{}'));
  const check = checks()(`http://{envId}:${server.port}`);
  await check.ask({ ...QUESTION, envId: '127.0.0.1' });
  expect(server.seen).toHaveLength(1);
});

const INVALID = '{"error":"invalid_client"}';
const WRAPPED = '{"error":"provider_failed","error_description":"apple: HTTP 400 {\\"error\\":\\"invalid_client\\"}"}';

describe('an answer of', () => {
  test.each([
    [400, INVALID],
    [200, INVALID],
    [422, INVALID],
    [400, WRAPPED],
    [400, '{"error":"failed","error_code":"invalid_client"}'],
  ])('%i %s is a rejection', async (status, body) => {
    const server = await serve((_, response) => response.writeHead(status).end(body));
    expect(await ask(server.url)).toEqual({ verdict: 'rejected', detail: 'invalid_client' });
  });

  test.each([
    ...[401, 403, 404, 408, 429, 500, 502, 503].flatMap((status) => [
      [status, INVALID],
      [status, WRAPPED],
    ]),
    [400, '{"error":"invalid_grant"}'],
    [400, '{"error":"invalid_client_id"}'],
    [400, '{"error":"not-invalid_client"}'],
    [400, '{"error":"opaque","error_description":"login failed"}'],
    [400, '{"error":{"invalid_client":true}}'],
    [400, '{"other":"invalid_client"}'],
    [400, 'null'],
    [400, 'invalid_client'],
    [200, '<html>invalid_client</html>'],
    [200, '{"provider_token":"invalid_client"}'],
    [400, ''],
  ] as [number, string][])('%i %s says nothing', async (status, body) => {
    const server = await serve((_, response) => response.writeHead(status).end(body));
    expect(await ask(server.url)).toEqual({ verdict: 'unknown', detail: `HTTP ${status}` });
  });

  test('a redirect says nothing, and carries nothing elsewhere', async () => {
    const thief = await serve((_, response) => response.writeHead(400).end(INVALID));
    const server = await serve((_, response) => response.writeHead(307, { location: thief.url }).end(INVALID));
    expect(await ask(server.url)).toEqual({ verdict: 'unknown', detail: 'the answer is a redirect (HTTP 307)' });
    expect(thief.connections).toBe(0);
  });

  test('nobody says nothing', async () => {
    expect(await ask(`http://127.0.0.1:${await closedPort()}`)).toEqual({
      verdict: 'unknown',
      detail: 'could not connect, or the connection was lost (ECONNREFUSED)',
    });
    const silent = await serve(() => undefined);
    expect(await ask(silent.url, 100)).toEqual({ verdict: 'unknown', detail: 'no answer within 100 ms' });
  });
});

test('neither a proxy that cannot be used nor an id that fits no host throws', async () => {
  const env = { HTTPS_PROXY: 'socks5://127.0.0.1:1' };
  const proxied = createLoginChecks({ clock: new HandClock(), env, newId: () => 'x' });
  expect(await proxied('https://login.example').ask(QUESTION)).toEqual({
    verdict: 'unknown',
    detail: { trouble: 'network', code: 'ERR_CONFIG' },
  });
  expect(await checks()('https://{envId}.example').ask({ ...QUESTION, envId: 'a b' })).toEqual({
    verdict: 'unknown',
    detail: { trouble: 'network', code: null },
  });
});

test('at most one question a second goes out, over every endpoint, each with an id of its own', async () => {
  const server = await serve((_, response) => response.writeHead(400).end(INVALID));
  const clock = new HandClock();
  const of = checks(clock);
  await of(server.url).ask(QUESTION);
  const second = of(`${server.url}/{envId}`).ask(QUESTION);
  await clock.advance(1_039);
  expect(server.seen).toHaveLength(1);
  await clock.advance(1);
  await second;
  expect(server.seen.map(({ headers }) => headers['x-device-id'])).toEqual(['device-1', 'device-2']);
});

test('a question that is aborted rejects with the reason: while it waits, and under way', async () => {
  const server = await serve(() => undefined);
  const check = checks()(server.url);
  const [first, second] = [new AbortController(), new AbortController()];
  const underWay = check.ask({ ...QUESTION, signal: first.signal });
  const waiting = check.ask({ ...QUESTION, signal: second.signal });
  const reason = new Error('stopping');
  second.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  first.abort(reason);
  await expect(underWay).rejects.toBe(reason);
});
