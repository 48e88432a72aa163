// The public login interface of the simulated CloudBase, as our own check and as a plain client meet it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLoginChecks } from '../../src/adapters/login/public-interface.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { HandClock } from '../support/clock.ts';

const ENV = 'shop-1';
const CLIENT_ID = 'com.a';
const KEY = { teamId: 'TEAMSANDBX', keyId: 'SANDBOX001', clientIds: [CLIENT_ID] };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  const { world } = sandbox;
  world.reset();
  world.appleKeys.generate(KEY);
  store(3_600);
});

/** The provider holds a secret that expires after so many seconds. */
function store(expiresInSeconds: number) {
  const ClientSecret = sandbox.world.mintSecret({ keyId: KEY.keyId, clientId: CLIENT_ID, expiresInSeconds });
  sandbox.world.providers.put(ENV, { Id: 'apple', Config: { ClientId: CLIENT_ID, ClientSecret } });
}

async function ask(headers: Record<string, string> = { 'x-device-id': 'd' }, envId = ENV, providerId = 'apple') {
  const answer = await fetch(`${sandbox.url}/login/${envId}/auth/v1/provider/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ provider_id: providerId, provider_code: 'no-such-code' }),
  });
  return [answer.status, await answer.text()] as const;
}
const error = (word: string) => expect.stringContaining(`"error":"${word}"`);

async function check() {
  const checks = createLoginChecks({ clock: new HandClock(), env: {}, newId: () => 'device' });
  const { signal } = new AbortController();
  const { verdict } = await checks(`${sandbox.url}/login/{envId}`).ask({ envId: ENV, providerId: 'apple', signal });
  return verdict;
}

describe('what Apple says about the stored secret is passed on', () => {
  test('a good one, an expired one, a spoilt one', async () => {
    expect([await ask(), await check()]).toEqual([[400, error('invalid_grant')], 'unknown']);
    store(-1);
    expect([await ask(), await check()]).toEqual([[400, error('invalid_client')], 'rejected']);
    store(3_600);
    sandbox.world.patchConfig(ENV, 'apple', { ClientSecret: '' });
    expect(await ask()).toEqual([400, error('invalid_client')]);
  });

  test('one of a key that was revoked', async () => {
    sandbox.world.appleKeys.revoke(KEY.keyId);
    expect(await check()).toBe('rejected');
  });

  test.each([
    ['invalid_client', 400, 'invalid_client'],
    ['invalid_grant', 400, 'invalid_grant'],
    ['unavailable', 502, 'unavailable'],
  ] as const)('also where Apple always answers %s', async (apple, status, word) => {
    sandbox.world.behaviour.apple = apple;
    expect(await ask()).toEqual([status, error(word)]);
  });
});

test.each([
  ['opaque', 400, error('login_failed')],
  ['keyed', 401, error('invalid_client')],
  ['captcha', 200, expect.stringContaining('<html>')],
  ['throttled', 429, error('resource_exhausted')],
  ['unavailable', 503, 'unavailable'],
] as const)('%s: nothing is known of the secret, though it has expired', async (login, status, body) => {
  store(-1);
  sandbox.world.behaviour.login = login;
  expect([await ask(), await check()]).toEqual([[status, body], 'unknown']);
});

test('a publishable key opens what wants one', async () => {
  sandbox.world.behaviour.login = 'keyed';
  expect(await ask({ 'x-device-id': 'd', authorization: 'Bearer key' })).toEqual([400, error('invalid_grant')]);
});

test('a device id is wanted', async () => {
  expect(await ask({})).toEqual([400, error('invalid_argument')]);
});

test.each([
  ['no environment', 'nowhere', 'apple'],
  ['no provider', ENV, 'google'],
])('there is %s of that name', async (_, envId, providerId) => {
  expect(await ask(undefined, envId, providerId)).toEqual([404, error('not_found')]);
});

test('a provider that is switched off takes no login', async () => {
  const { world } = sandbox;
  world.providers.put(ENV, { Id: 'apple', On: 'FALSE', Config: {} });
  expect(await ask()).toEqual([404, error('not_found')]);
});

test('what arrived is listed, and faults fit the service', async () => {
  const { world } = sandbox;
  world.faults.add({ service: 'login', action: 'token', kind: 'error', code: 'internal', status: 500, times: 1 });
  expect(await ask()).toEqual([500, error('internal')]);
  expect(world.requests.log).toMatchObject([
    { service: 'login', action: 'token', envId: ENV, body: { provider_id: 'apple', provider_code: 'no-such-code' } },
  ]);
});
