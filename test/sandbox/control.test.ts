// The control interface over HTTP: every route does what its row says, and answers mistakes with what is wrong.

import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { behaviourSchema } from '../../src/sandbox/behaviour.ts';
import { ROUTES } from '../../src/sandbox/control-routes.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { askApple, ssmClient, tcbClient } from './clients.ts';

const NOW = Date.UTC(2026, 10, 22);
const APPLE = '/sandbox/environments/shop-1/providers/apple';
const OK = [200, { ok: true }];
const KEY = { teamId: 'TEAMSANDBX', keyId: 'SANDBOX001', clientIds: ['com.a'] };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, clock: { now: () => NOW } });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.world.reset());

async function call(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const answer = await fetch(sandbox.url + path, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return [answer.status, await answer.json()];
}

describe('environments and providers', () => {
  test('are made, listed, changed and removed', async () => {
    expect(await call('PUT', '/sandbox/environments/empty')).toEqual(OK);
    expect(await call('PUT', APPLE, { On: 'TRUE', Config: { ClientId: 'com.a', Scope: 'openid' } })).toEqual(OK);
    expect(await call('GET', '/sandbox/environments')).toEqual([
      200,
      {
        environments: [
          { envId: 'empty', providers: [] },
          { envId: 'shop-1', providers: ['apple'] },
        ],
      },
    ]);
    const provider = { Id: 'apple', On: 'TRUE', Config: { ClientId: 'com.a', Scope: 'openid' } };
    expect(await call('GET', APPLE)).toEqual([200, provider]);
    expect(await call('PATCH', APPLE, { On: 'FALSE', Config: { Scope: null, Extra: 1 } })).toEqual(OK);
    const changed = { Id: 'apple', On: 'FALSE', Config: { ClientId: 'com.a', Scope: null, Extra: 1 } };
    expect(await call('GET', '/sandbox/environments/shop-1/providers')).toEqual([200, { providers: [changed] }]);
    expect(await call('PATCH', APPLE, { On: 'TRUE' })).toEqual(OK);
    expect(sandbox.world.providers.get('shop-1', 'apple')).toEqual({ ...changed, On: 'TRUE' });
    expect(await call('DELETE', APPLE)).toEqual(OK);
    expect(await call('GET', APPLE)).toEqual([404, { error: 'no such provider' }]);
    expect(await call('DELETE', APPLE)).toEqual([404, { error: 'no such provider' }]);
    expect(await call('DELETE', '/sandbox/environments/shop-1')).toEqual(OK);
    expect(await call('DELETE', '/sandbox/environments/shop-1')).toEqual([404, { error: 'no such environment' }]);
  });

  test('the id is the path’s, whatever the body says', async () => {
    await call('PUT', APPLE, { Id: 'other', Config: {} });
    await call('PATCH', APPLE, { Id: 'other' });
    expect(sandbox.world.providers.get('shop-1', 'apple')).toEqual({ Id: 'apple', Config: {} });
  });

  test('what was put is what CloudBase shows', async () => {
    await call('PUT', APPLE, { Config: { ClientId: 'com.a' } });
    const { Data } = await tcbClient(sandbox.url).GetProviders({ EnvId: 'shop-1' });
    expect(Data?.[0]).toEqual({ Id: 'apple', Config: { ClientId: 'com.a' } });
  });
});

describe('secrets of a provider', () => {
  beforeEach(() => {
    sandbox.world.appleKeys.generate(KEY);
    sandbox.world.providers.put('shop-1', { Id: 'apple', Config: { ClientId: 'com.a', Scope: 's' } });
  });
  const claims = () => {
    const secret = String(sandbox.world.providers.get('shop-1', 'apple')?.Config['ClientSecret']);
    return JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString());
  };

  test.each([
    ['days', { expiresInDays: 5 }, 5 * 86_400, 180 * 86_400],
    ['seconds', { expiresInSeconds: 90 }, 90, 180 * 86_400],
    ['days of another lifetime', { expiresInDays: 5, lifetimeDays: 10 }, 5 * 86_400, 10 * 86_400],
    ['days ago', { expiresInDays: -1 }, -86_400, 180 * 86_400],
  ])('are minted and placed by %s', async (_, body, left, lifetime) => {
    const exp = NOW / 1000 + left;
    expect(await call('POST', `${APPLE}/secret`, { keyId: 'SANDBOX001', ...body })).toEqual([
      200,
      { expiresAt: new Date(exp * 1000).toISOString() },
    ]);
    expect(claims()).toMatchObject({ iss: 'TEAMSANDBX', sub: 'com.a', exp, iat: exp - lifetime });
    expect(sandbox.world.providers.get('shop-1', 'apple')?.Config['Scope']).toBe('s');
  });

  test.each([
    ['no end', { keyId: 'SANDBOX001' }, 'exactly one of expiresInDays and expiresInSeconds is wanted'],
    [
      'two ends',
      { keyId: 'SANDBOX001', expiresInDays: 1, expiresInSeconds: 1 },
      'exactly one of expiresInDays and expiresInSeconds is wanted',
    ],
    [
      'an unknown key',
      { keyId: 'NOBODY0001', expiresInDays: 1 },
      'no private half of key NOBODY0001: only generated keys can mint',
    ],
  ])('%s is refused', async (_, body, error) => {
    expect(await call('POST', `${APPLE}/secret`, body)).toEqual([400, { error }]);
  });

  test('a provider without ClientId, and none at all, are refused', async () => {
    const body = { keyId: 'SANDBOX001', expiresInDays: 1 };
    sandbox.world.providers.put('shop-1', { Id: 'apple', Config: {} });
    expect(await call('POST', `${APPLE}/secret`, body)).toEqual([400, { error: 'the provider has no ClientId' }]);
    sandbox.world.providers.delete('shop-1', 'apple');
    expect(await call('POST', `${APPLE}/secret`, body)).toEqual([404, { error: 'no such provider' }]);
  });
});

describe('behaviour, faults and the seed', () => {
  test('behaviour is shown and changed', async () => {
    const [, before] = await call('GET', '/sandbox/behaviour');
    expect(before).toEqual(sandbox.world.behaviour);
    const changed = { ...sandbox.world.behaviour, showSecret: 'masked', staleReads: 2 };
    expect(await call('PATCH', '/sandbox/behaviour', { showSecret: 'masked', staleReads: 2 })).toEqual([200, changed]);
    expect(sandbox.world.behaviour).toEqual(changed);
  });

  test('a wrong behaviour is answered with what is wrong, and nothing changes', async () => {
    const [status, body] = await call('PATCH', '/sandbox/behaviour', { staleReads: 1, apple: 'sometimes', more: 1 });
    expect(status).toBe(400);
    expect(body).toEqual({
      error:
        'apple: Invalid option: expected one of "real"|"invalid_client"|"invalid_grant"|"unavailable"; Unrecognized key: "more"',
    });
    expect(sandbox.world.behaviour.staleReads).toBe(0);
  });

  test('faults are added, listed and removed', async () => {
    const fault = { service: 'tcb', kind: 'status', status: 500, times: 2 };
    const [status, { id }] = (await call('POST', '/sandbox/faults', fault)) as [number, { id: string }];
    expect(status).toBe(200);
    await call('POST', '/sandbox/faults', { service: 'apple', kind: 'hang' });
    expect(await call('GET', '/sandbox/faults')).toEqual([
      200,
      {
        faults: [
          { id, ...fault },
          { id: expect.any(String), service: 'apple', kind: 'hang' },
        ],
      },
    ]);
    expect(await call('DELETE', `/sandbox/faults/${id}`)).toEqual(OK);
    expect(await call('DELETE', `/sandbox/faults/${id}`)).toEqual([404, { error: 'no such fault' }]);
    expect(await call('DELETE', '/sandbox/faults')).toEqual(OK);
    expect(sandbox.world.faults.list()).toEqual([]);
    expect(await call('POST', '/sandbox/faults', { service: 'tcb', kind: 'redirect' })).toEqual([
      400,
      { error: 'location: a redirect needs a location' },
    ]);
  });

  test('the seed starts the shares again', async () => {
    sandbox.world.faults.add({ service: 'inbox', kind: 'status', status: 500, share: 0.5 });
    const draw = async () => {
      expect(await call('PUT', '/sandbox/seed', { seed: 3 })).toEqual(OK);
      const drawn: number[] = [];
      for (let n = 0; n < 12; n += 1) drawn.push((await fetch(`${sandbox.url}/inbox/a`)).status);
      return drawn;
    };
    expect(await draw()).toEqual(await draw());
  });
});

describe('Apple’s keys', () => {
  test('are generated, listed by their public half, and revoked', async () => {
    const [, made] = (await call('POST', '/sandbox/apple/keys', KEY)) as [number, Record<string, unknown>];
    expect(made).toEqual({ privateKeyPem: expect.stringContaining('PRIVATE KEY'), publicJwk: expect.any(Object) });
    const key = { ...KEY, publicJwk: made['publicJwk'] };
    expect(await call('GET', '/sandbox/apple/keys')).toEqual([200, { keys: [{ ...key, revoked: false }] }]);
    expect(await call('DELETE', '/sandbox/apple/keys/SANDBOX001')).toEqual(OK);
    expect(await call('GET', '/sandbox/apple/keys')).toEqual([200, { keys: [{ ...key, revoked: true }] }]);
    expect(await call('DELETE', '/sandbox/apple/keys/NOBODY0001')).toEqual([404, { error: 'no such key' }]);
  });

  test('are registered by PEM, base64 DER or JWK', async () => {
    const { privateKeyPem, publicJwk } = sandbox.world.appleKeys.generate(KEY);
    const secret = sandbox.world.mintSecret({ keyId: 'SANDBOX001', clientId: 'com.a' });
    const key = createPublicKey(privateKeyPem);
    const forms = [
      { publicKey: key.export({ format: 'pem', type: 'spki' }).toString() },
      { publicKey: key.export({ format: 'der', type: 'spki' }).toString('base64') },
      { publicJwk },
    ];
    for (const form of forms) {
      await call('POST', '/sandbox/reset');
      expect(await call('POST', '/sandbox/apple/keys', { ...KEY, ...form })).toEqual(OK);
      expect(await askApple(sandbox.url, 'com.a', secret)).toEqual([400, { error: 'invalid_grant' }]);
    }
  });

  test('a text that is not a public key is refused', async () => {
    expect(await call('POST', '/sandbox/apple/keys', { ...KEY, publicKey: 'x' })).toEqual([
      400,
      { error: 'publicKey is not a public key in PEM or base64 DER (openssl ec -pubout)' },
    ]);
  });
});

describe('secret stores and credentials', () => {
  test.each(['ssm', 'aws'] as const)('%s secrets are put and deleted', async (store) => {
    const secrets = store === 'ssm' ? sandbox.world.ssmSecrets : sandbox.world.awsSecrets;
    const path = `/sandbox/secrets/${store}`;
    expect(await call('PUT', path, { name: 'apple', text: 'pem', state: 'denied' })).toEqual(OK);
    expect(secrets.get({ name: 'apple' })).toMatchObject({ state: 'denied', versions: [{ text: 'pem' }] });
    expect(await call('PUT', path, { name: 'apple', binary: 'cGVt', region: 'eu-west-1' })).toEqual(OK);
    expect(secrets.get({ name: 'apple', region: 'eu-west-1' })?.versions[0]?.binary?.toString()).toBe('pem');
    expect(await call('DELETE', `${path}?name=apple&region=eu-west-1`)).toEqual(OK);
    expect(await call('DELETE', `${path}?name=apple`)).toEqual(OK);
    expect(await call('DELETE', `${path}?name=apple`)).toEqual([404, { error: 'no such secret' }]);
    expect(await call('DELETE', path)).toEqual([400, { error: 'name is missing' }]);
    expect(await call('PUT', path, { name: 'apple' })).toEqual([400, { error: 'a secret has either text or binary' }]);
  });

  test('versions of SSM and stages of AWS are named by their own words', async () => {
    await call('PUT', '/sandbox/secrets/ssm', { name: 'apple', text: 'pem', version: 'v1' });
    const answer = await ssmClient(sandbox.url).GetSecretValue({ SecretName: 'apple', VersionId: 'v1' });
    expect(answer.SecretString).toBe('pem');
    await call('PUT', '/sandbox/secrets/aws', { name: 'apple', text: 'pem', stage: 'AWSPREVIOUS' });
    expect(sandbox.world.awsSecrets.get({ name: 'apple' })?.versions[0]?.label).toBe('AWSPREVIOUS');
    expect((await call('PUT', '/sandbox/secrets/aws', { name: 'apple', text: 'pem', version: 'v1' }))[0]).toBe(400);
  });

  test('access keys are made known and unknown', async () => {
    sandbox.world.providers.addEnvironment('shop-1');
    const get = () =>
      tcbClient(sandbox.url, { secretId: 'AKIDmine', secretKey: 'k' })
        .GetProviders({ EnvId: 'shop-1' })
        .then(
          () => 'OK',
          (error: { code: string }) => error.code,
        );
    expect(await get()).toBe('AuthFailure.SecretIdNotFound');
    expect(await call('PUT', '/sandbox/credentials/AKIDmine', { secretKey: 'k' })).toEqual(OK);
    expect(await get()).toBe('OK');
    const nothing = { secretKey: 'k', policy: { version: '2.0', statement: [] } };
    expect(await call('PUT', '/sandbox/credentials/AKIDmine', nothing)).toEqual(OK);
    expect(await get()).toBe('UnauthorizedOperation');
    expect(await call('DELETE', '/sandbox/credentials/AKIDmine')).toEqual(OK);
    expect(await call('DELETE', '/sandbox/credentials/AKIDmine')).toEqual([404, { error: 'no such access key' }]);
  });
});

describe('what arrived', () => {
  test('requests and messages are listed and emptied', async () => {
    await fetch(`${sandbox.url}/inbox/ops`, { method: 'POST', body: '{"a":1}' });
    expect(await call('GET', '/sandbox/requests')).toEqual([
      200,
      { requests: [{ at: NOW, service: 'inbox', action: 'ops', body: { a: 1 } }] },
    ]);
    expect(await call('GET', '/sandbox/inbox')).toMatchObject([200, { messages: [{ name: 'ops', body: { a: 1 } }] }]);
    expect(await call('DELETE', '/sandbox/requests')).toEqual(OK);
    expect(await call('DELETE', '/sandbox/inbox')).toEqual(OK);
    expect(await call('GET', '/sandbox/requests')).toEqual([200, { requests: [] }]);
    expect(await call('GET', '/sandbox/inbox')).toEqual([200, { messages: [] }]);
  });

  test('a reset forgets everything', async () => {
    sandbox.world.providers.put('shop-1', { Id: 'apple', Config: {} });
    sandbox.world.appleKeys.generate(KEY);
    sandbox.world.faults.add({ service: 'aws', kind: 'hang' });
    sandbox.world.behaviour.staleReads = 3;
    sandbox.world.credentials.clear();
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'x' });
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'x' });
    sandbox.world.cvmRole = undefined;
    sandbox.world.requests.before('inbox', 'ops', () => {
      throw new Error('not forgotten');
    });
    await fetch(`${sandbox.url}/inbox/other`);
    expect(await call('POST', '/sandbox/reset')).toEqual(OK);
    const { world } = sandbox;
    expect(world.providers.environments()).toEqual([]);
    expect(world.appleKeys.list()).toEqual([]);
    expect(world.faults.list()).toEqual([]);
    expect(world.behaviour.staleReads).toBe(0);
    expect(world.credentials.size).toBe(2);
    expect(world.ssmSecrets.get({ name: 'apple' }) ?? world.awsSecrets.get({ name: 'apple' })).toBeUndefined();
    expect(world.cvmRole).toBe('sandbox-role');
    expect([world.requests.log, world.inbox]).toEqual([[], []]);
    expect((await fetch(`${sandbox.url}/inbox/ops`)).status).toBe(200);
  });
});

describe('the interface itself', () => {
  test('is listed by GET /sandbox/ and GET /sandbox', async () => {
    const [status, listed] = await call('GET', '/sandbox/');
    expect(status).toBe(200);
    expect(listed).toEqual({
      routes: ROUTES.map(({ method, path, does, body = null }) => ({ method, path, does, body })),
    });
    expect(await call('GET', '/sandbox')).toEqual([200, listed]);
  });

  test('the example of every route fits its definition', () => {
    for (const { path, body, schema } of ROUTES) {
      expect(body === undefined, path).toBe(schema === undefined);
      if (schema !== undefined) expect(schema.safeParse(body).error, path).toBeUndefined();
    }
  });

  test('every route is documented', async () => {
    const text = await readFile('docs/sandbox.md', 'utf8');
    for (const { method, path } of ROUTES) expect(text).toContain(`\`${method} ${path}\``);
  });

  test('every behaviour is documented, with each of its words and an example that is accepted', async () => {
    const text = await readFile('docs/sandbox.md', 'utf8');
    const missing = Object.entries(behaviourSchema.shape).flatMap(([name, schema]) => {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      const [, example = '{"example":"none"}'] = /\| `(\{.*\})` \|$/.exec(row) ?? [];
      const words = [...JSON.stringify(z.toJSONSchema(schema)).matchAll(/"enum":\[([^\]]*)\]/g)].flatMap(([, list]) =>
        JSON.parse(`[${list}]`),
      );
      behaviourSchema.partial().parse(JSON.parse(example));
      return words.filter((word) => !new RegExp(`\`"?${word}"?\``).test(row)).map((word) => `${name}: ${word}`);
    });
    expect(missing).toEqual([]);
  });

  test('an unknown route and a body that is not JSON are errors', async () => {
    expect(await call('GET', '/sandbox/nothing')).toEqual([404, { error: 'no such route; see GET /sandbox/' }]);
    expect(await call('POST', '/sandbox/faults', '{')).toEqual([400, { error: 'the body is not JSON' }]);
  });

  test('a page that reaches loopback by another name is refused', async () => {
    const { port } = new URL(sandbox.url);
    const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, string]>();
    const headers = { host: 'evil.example:4180' };
    request({ host: '127.0.0.1', port, path: '/sandbox/behaviour', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve([answer.statusCode, text]));
    })
      .on('error', reject)
      .end();
    expect(await promise).toEqual([421, '{"error":"the host evil.example is not this sandbox"}']);
  });
});
