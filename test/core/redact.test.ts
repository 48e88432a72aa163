// The one redaction: no secret comes through in any nesting, and what is none comes through as it is.
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { mintClientSecret } from '../../src/core/client-secret.ts';
import { RotatorError } from '../../src/core/errors.ts';
import { redact, redactText } from '../../src/core/redact.ts';
import { DAY } from '../../src/core/time.ts';
import { NOW } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';
import { newKey, newP8 } from '../support/keys.ts';

const PEM = newP8();
const DER = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
let JWT = '';
beforeAll(async () => {
  JWT = (await mintClientSecret(await newKey(), { nowMs: NOW, lifetimeMs: DAY })).jwt;
});

const base64 = (text: string) => Buffer.from(text).toString('base64url');

describe('a text', () => {
  test.each<[string, () => string, string]>([
    ['a JWT', () => `got ${JWT}, thanks`, 'got [redacted JWT], thanks'],
    ['a JWT cut off in its signature', () => JWT.slice(0, -20), '[redacted JWT]'],
    ['a JWT cut off in its claims', () => JWT.slice(0, 70), '[redacted JWT]'],
    ['the header of a JWT alone', () => JWT.slice(0, 30), '[redacted JWT]'],
    ['what a JWT’s signature is over', () => JWT.slice(0, JWT.lastIndexOf('.')), '[redacted JWT]'],
    ['two of them', () => `${JWT} ${JWT}`, '[redacted JWT] [redacted JWT]'],
    ['one inside a URL', () => `https://x/?client_secret=${JWT}&a=b`, 'https://x/?client_secret=[redacted JWT]&a=b'],
    [
      'one whose header begins with a space',
      () => `${base64('{ "alg": "ES256" }')}.${base64('{ "sub": "x" }')}.${'s'.repeat(86)}`,
      '[redacted JWT]',
    ],
    [
      'one whose header begins with a line end',
      () => `${base64('{\n  "alg": "ES256" }')}.${base64('{\n  "sub": "x" }')}.${'s'.repeat(86)}`,
      '[redacted JWT]',
    ],
    ['a private key', () => `key:\n${PEM}end`, 'key:\n[redacted private key]\nend'],
    ['a private key with written line ends', () => JSON.stringify(PEM), '"[redacted private key]\\n"'],
    ['a private key on one line', () => PEM.replaceAll('\n', ' '), '[redacted private key] '],
    ['a private key cut off', () => PEM.slice(0, 120), '[redacted private key]'],
    [
      'a private key in SEC1 form',
      () => DER.export({ type: 'sec1', format: 'pem' }).toString().trim(),
      '[redacted private key]',
    ],
    ['the body of a private key', () => PEM.split('\n').slice(1, -2).join('\n'), '[redacted private key]'],
    [
      'the body of one in SEC1 form',
      () => DER.export({ type: 'sec1', format: 'der' }).toString('base64'),
      '[redacted private key]',
    ],
    [
      'the body of one without its public half',
      () =>
        Buffer.from(
          `3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420${'ab'.repeat(32)}`,
          'hex',
        ).toString('base64'),
      '[redacted private key]',
    ],
    [
      'an access key id of Tencent',
      () => 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE denied',
      '[redacted access key id] denied',
    ],
    [
      'an access key id of AWS',
      () => 'AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE',
      '[redacted access key id] and [redacted access key id]',
    ],
    ['a bearer token', () => 'authorization: Bearer abcdefgh12345', 'authorization: [redacted authorization]'],
    ['a basic authorization', () => 'Basic dXNlcjpwYXNz', '[redacted authorization]'],
    ['a TC3 signature', () => 'TC3-HMAC-SHA256 Credential=x, Signature=y\nnext', '[redacted authorization]\nnext'],
    ['an AWS signature', () => '"AWS4-HMAC-SHA256 Credential=x, Signature=y"', '"[redacted authorization]"'],
  ])('with %s is shown without it', (_name, text, shown) => {
    expect(redactText(text())).toBe(shown);
  });

  test.each([
    ['a fingerprint', 'a3f5'.repeat(16)],
    ['a key id and a team', 'key K1L2M3N4O5 of team A1B2C3D4E5'],
    ['a UUID', '0192f3a4-5b6c-7d8e-9f00-112233445566'],
    ['a request id', 'RequestId 8f9d-41'],
    ['an Apple endpoint', 'https://appleid.apple.com/auth/authorize?response_mode=form_post'],
    ['a callback', 'https://shop-prod-1g2h3j.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback'],
    ['a word that begins like a header', 'the eyewitness.statement was read'],
    ['a name that looks like a JWT', 'newgateway-proxy.example-shop.com'],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----'],
    ['a bearer of nothing', 'Bearer of bad news'],
  ])('with %s is shown as it is', (_name, text) => {
    expect(redactText(text)).toBe(text);
  });

  test('redacted once is redacted: a second time changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        for (const secret of [JWT, PEM, 'AKIAIOSFODNN7EXAMPLE']) {
          const once = redactText(`${before} ${secret} ${after}`);
          expect(redactText(once)).toBe(once);
        }
      }),
    );
  });
});

describe('a structure', () => {
  const SECRET_NAMES = [
    'clientSecret',
    'ClientSecret',
    'client_secret',
    'privateKey',
    'private_key',
    'secretKey',
    'SecretString',
    'secretBinary',
    'password',
    'token',
    'readToken',
    'authorization',
    'Authorization',
    'routingKey',
    'tmpSecretKey',
    'securityToken',
    'X-TC-Token',
  ];

  test.each(SECRET_NAMES)('never shows the text under %s, whatever it is', (name) => {
    expect(redact({ [name]: 'hunter2' })).toEqual({ [name]: '[redacted, 7 characters]' });
    expect(redact({ deep: [{ [name]: ['hunter2', ['hunter2']] }] })).toEqual({
      deep: [{ [name]: ['[redacted, 7 characters]', ['[redacted, 7 characters]']] }],
    });
  });

  test('shows an empty value under a secret’s name, and values that are not text', () => {
    const plain = { token: '', password: null, secretKey: undefined, clientSecret: { shape: 'clear' }, privateKey: 0 };
    expect(redact(plain)).toEqual(plain);
  });

  test('shows what is under other names', () => {
    const plain = { tokenUrl: 'https://x', keyId: 'K', secretName: 'apple-key', secretId: 'prod/apple', tokens: 'a' };
    expect(redact(plain)).toEqual(plain);
  });

  test('lets no JWT and no private key through in any nesting, as a value or as a name', () => {
    // Text that itself begins like a secret would be mistaken for one that got through.
    const words = fc.string().filter((text) => !/eyJ|KEY/.test(text));
    const { nested } = fc.letrec<{ nested: (secret: string) => unknown }>((tie) => ({
      nested: fc.oneof(
        { maxDepth: 5, depthSize: 'large' },
        fc.tuple(words, words).map(
          ([a, b]) =>
            (secret: string) =>
              `${a} ${secret} ${b}`,
        ),
        tie('nested').map((inner) => (secret: string) => [1, inner(secret)]),
        fc.tuple(words, tie('nested')).map(([name, inner]) => (secret: string) => ({
          a: 1,
          [name]: inner(secret),
        })),
        tie('nested').map((inner) => (secret: string) => ({ [`x ${secret}`]: inner(secret) })),
        words.map((text) => (secret: string) => new Error(`${text} ${secret}`)),
      ),
    }));
    fc.assert(
      fc.property(nested, (put) => {
        for (const secret of [JWT, PEM]) {
          const shown = JSON.stringify(redact(put(secret)));
          expect(shown).not.toContain(secret.slice(30, 60));
          expect(shown).not.toMatch(/eyJ|PRIVATE KEY/);
        }
      }),
      { numRuns: tries(500) },
    );
  });

  test('leaves plain data as it is, and the original untouched', () => {
    const plain = { a: [1, true, null, 'text', { b: 2 }], when: new Date(0), big: 1n, none: undefined };
    const copy = redact(plain);
    expect(copy).toEqual(plain);
    expect(copy).not.toBe(plain);
  });

  test('cuts cycles, also through a list under a secret’s name, and shows twice what is there twice', () => {
    const circle: Record<string, unknown> = { name: 'a' };
    circle['self'] = circle;
    const list: unknown[] = ['x'];
    list.push(list);
    const twice = { b: 1 };
    expect(redact({ circle, token: list, one: twice, two: twice })).toEqual({
      circle: { name: 'a', self: '[circular]' },
      token: ['[redacted, 1 character]', '[circular]'],
      one: { b: 1 },
      two: { b: 1 },
    });
  });

  test('drops functions and symbols', () => {
    expect(redact({ f: () => JWT, s: Symbol(JWT) })).toEqual({ f: undefined, s: undefined });
    expect(redact(() => 1)).toBeUndefined();
  });

  test('shows of an error its name, its message and its code', () => {
    const error = new RotatorError('ERR_INTERNAL', { said: `found ${JWT}` }, { cause: new Error(PEM) });
    expect(redact({ error })).toEqual({
      error: { name: 'RotatorError', message: 'unexpected: found [redacted JWT]', code: 'ERR_INTERNAL' },
    });
    expect(redact(Object.assign(new TypeError('x'), { code: 7 }))).toEqual({ name: 'TypeError', message: 'x' });
  });
});
