// The simulated Apple as a judge: what it accepts, and each thing that it refuses. The secrets are signed here with
// jose, so that two implementations agree on them.
import { importPKCS8, type JWTHeaderParameters, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretFault } from '../../src/sandbox/apple.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { askApple } from './clients.ts';

const NOW = Date.UTC(2026, 10, 22) / 1000;
const LIMIT = 15_777_000;
const DAY = 86_400;
const IDS = { teamId: 'TEAMSANDBX', keyId: 'SANDBOX001', clientIds: ['com.a', 'com.b'] };

let sandbox: Sandbox;
let pem = '';
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, clock: { now: () => NOW * 1000 } });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.world.reset();
  pem = sandbox.world.appleKeys.generate(IDS).privateKeyPem;
});

const CLAIMS = { iss: 'TEAMSANDBX', sub: 'com.a', aud: 'https://appleid.apple.com', iat: NOW, exp: NOW + DAY };

async function signed(claims: Record<string, unknown> = {}, header: Partial<JWTHeaderParameters> = {}) {
  const key = await importPKCS8(pem, 'ES256');
  return new SignJWT({ ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'SANDBOX001', ...header })
    .sign(key);
}

const ACCEPTED = [400, { error: 'invalid_grant' }];
const REJECTED = [400, { error: 'invalid_client' }];

describe('accepts', () => {
  test.each([
    ['a secret as documented', {}],
    ['one that was issued this second', { iat: NOW }],
    ['one that expires next second', { exp: NOW + 1 }],
    ['one that reaches exactly to the limit', { exp: NOW + LIMIT }],
    ['one for another client id of the key', { sub: 'com.b' }],
  ])('%s', async (_, claims) => {
    const { sub } = { ...CLAIMS, ...claims };
    expect(await askApple(sandbox.url, sub, await signed(claims))).toEqual(ACCEPTED);
  });

  test('one whose key was registered by its public half', async () => {
    const { privateKeyPem, publicJwk } = sandbox.world.appleKeys.generate({ ...IDS, keyId: 'OTHER00001' });
    pem = privateKeyPem;
    sandbox.world.appleKeys.register({ ...IDS, keyId: 'SANDBOX001', publicJwk });
    expect(await askApple(sandbox.url, 'com.a', await signed())).toEqual(ACCEPTED);
  });

  test('one issued a little in the future, where leeway is given', async () => {
    sandbox.world.behaviour.appleLeewaySeconds = 30;
    expect(await askApple(sandbox.url, 'com.a', await signed({ iat: NOW + 30 }))).toEqual(ACCEPTED);
    expect(await askApple(sandbox.url, 'com.a', await signed({ iat: NOW + 31 }))).toEqual(REJECTED);
  });
});

describe('refuses', () => {
  test.each<[string, Record<string, unknown>, Partial<JWTHeaderParameters>, string]>([
    ['an unknown key id', {}, { kid: 'NOBODY0001' }, 'kid'],
    ['no key id', {}, { kid: undefined as never }, 'kid'],
    ['another team', { iss: 'TEAMOTHERS' }, {}, 'iss'],
    ['another client id than the one that asks', { sub: 'com.b' }, {}, 'sub'],
    ['another audience', { aud: 'https://appleid.apple.com/' }, {}, 'aud'],
    ['an issue in the future', { iat: NOW + 1 }, {}, 'iat'],
    ['no issue', { iat: undefined }, {}, 'iat'],
    ['no expiry', { exp: undefined }, {}, 'exp'],
    ['a secret that expires this second', { exp: NOW }, {}, 'exp'],
    ['a second beyond the limit', { exp: NOW + LIMIT + 1 }, {}, 'lifetime'],
  ])('%s', async (_, claims, header, why) => {
    const secret = await signed(claims, header);
    expect(secretFault(sandbox.world, 'com.a', secret)).toBe(why);
    expect(await askApple(sandbox.url, 'com.a', secret)).toEqual(REJECTED);
  });

  test('a client id that the key may not sign for', async () => {
    const secret = await signed({ sub: 'com.c' });
    expect(secretFault(sandbox.world, 'com.c', secret)).toBe('sub');
  });

  test('a revoked key', async () => {
    const secret = await signed();
    expect(sandbox.world.appleKeys.revoke('SANDBOX001')).toBe(true);
    expect(secretFault(sandbox.world, 'com.a', secret)).toBe('revoked');
    expect(sandbox.world.appleKeys.revoke('NOBODY0001')).toBe(false);
  });

  test('a signature by another key', async () => {
    pem = sandbox.world.appleKeys.generate({ ...IDS, keyId: 'OTHER00001' }).privateKeyPem;
    expect(secretFault(sandbox.world, 'com.a', await signed())).toBe('signature');
  });

  test('a DER signature', async () => {
    const { createSign } = await import('node:crypto');
    const text = (await signed()).split('.').slice(0, 2).join('.');
    const secret = `${text}.${createSign('sha256').update(text).sign(pem).toString('base64url')}`;
    expect(secretFault(sandbox.world, 'com.a', secret)).toBe('signature');
  });

  test('another algorithm', async () => {
    const { createHmac } = await import('node:crypto');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'HS256', kid: 'SANDBOX001' })}.${part(CLAIMS)}`;
    const secret = `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
    expect(secretFault(sandbox.world, 'com.a', secret)).toBe('alg');
  });

  test.each(['', 'x', 'a.b.c', 'eyJhbGciOiJFUzI1NiJ9.e30', 'bnVsbA.bnVsbA.x'])('not a JWT: %s', (secret) => {
    expect(secretFault(sandbox.world, 'com.a', secret)).toBe('not a JWT');
  });
});

describe('the form', () => {
  const post = async (fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${sandbox.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
    return [answer.status, await answer.json()];
  };
  const whole = async () => ({
    grant_type: 'authorization_code',
    code: 'c',
    client_id: 'com.a',
    client_secret: await signed(),
  });

  test.each(['grant_type', 'code', 'client_id', 'client_secret'])(
    'without %s it is an invalid request',
    async (field) => {
      expect(await post({ ...(await whole()), [field]: '' })).toEqual([400, { error: 'invalid_request' }]);
    },
  );

  test('another content type is an invalid request', async () => {
    expect(await post(await whole(), { 'content-type': 'application/json' })).toEqual([
      400,
      { error: 'invalid_request' },
    ]);
  });

  test('a refresh token is refused like a code; another grant is not supported', async () => {
    expect(await post({ ...(await whole()), grant_type: 'refresh_token', refresh_token: 'r' })).toEqual(ACCEPTED);
    expect(await post({ ...(await whole()), grant_type: 'password' })).toEqual([
      400,
      { error: 'unsupported_grant_type' },
    ]);
  });

  test('the log holds the fingerprint of the secret, not the secret', async () => {
    const fields = await whole();
    await post(fields);
    expect(sandbox.world.requests.log).toMatchObject([
      {
        service: 'apple',
        action: 'token',
        body: { client_id: 'com.a', client_secret: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
    expect(JSON.stringify(sandbox.world.requests.log)).not.toContain(fields.client_secret);
  });
});

describe('behaviour', () => {
  test('invalid_client and invalid_grant answer whatever is asked', async () => {
    sandbox.world.behaviour.apple = 'invalid_client';
    expect(await askApple(sandbox.url, 'com.a', await signed())).toEqual(REJECTED);
    sandbox.world.behaviour.apple = 'invalid_grant';
    expect(await askApple(sandbox.url, 'com.a', 'nonsense')).toEqual(ACCEPTED);
  });

  test('unavailable is HTTP 503', async () => {
    sandbox.world.behaviour.apple = 'unavailable';
    const answer = await fetch(`${sandbox.url}/auth/token`, { method: 'POST' });
    expect([answer.status, await answer.text()]).toEqual([503, 'unavailable']);
  });
});

describe('mintSecret', () => {
  const mint = (wish: object) => sandbox.world.mintSecret({ keyId: 'SANDBOX001', clientId: 'com.a', ...wish });
  const claims = (secret: string) =>
    JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString()) as { iat: number; exp: number };

  test.each([
    ['five days left of 180', { expiresInSeconds: 5 * DAY }, NOW - 175 * DAY, NOW + 5 * DAY],
    ['five days left of ten', { expiresInSeconds: 5 * DAY, lifetimeSeconds: 10 * DAY }, NOW - 5 * DAY, NOW + 5 * DAY],
    ['more left than its lifetime', { expiresInSeconds: 200 * DAY }, NOW, NOW + 200 * DAY],
    ['expired yesterday', { expiresInSeconds: -DAY }, NOW - 181 * DAY, NOW - DAY],
    ['fresh', {}, NOW, NOW + 180 * DAY],
    ['issued a day ago for two', { issuedAt: (NOW - DAY) * 1000, lifetimeSeconds: 2 * DAY }, NOW - DAY, NOW + DAY],
  ])('%s', (_, wish, iat, exp) => {
    expect(claims(mint(wish))).toMatchObject({ iat, exp });
  });

  test('the judge accepts what it mints', () => {
    expect(secretFault(sandbox.world, 'com.a', mint({ expiresInSeconds: DAY }))).toBeUndefined();
  });

  test('only generated keys can mint', () => {
    const { publicJwk } = sandbox.world.appleKeys.generate({ ...IDS, keyId: 'OTHER00001' });
    sandbox.world.appleKeys.register({ ...IDS, publicJwk });
    expect(() => mint({})).toThrow(new TypeError('no private half of key SANDBOX001: only generated keys can mint'));
  });

  test('a key that is not a P-256 key is not registered', () => {
    expect(() => sandbox.world.appleKeys.register({ ...IDS, publicJwk: { kty: 'RSA' } })).toThrow(
      new TypeError('publicJwk must be the public half of a P-256 key: kty, crv, x, y'),
    );
  });
});
