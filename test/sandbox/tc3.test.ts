// The signature check, by Tencent Cloud's official example and by what must be refused.
import { expect, test } from 'vitest';
import type { Credential } from '../../src/sandbox/credentials.ts';
import { type Tc3Check, type Tc3Request, tc3Signature, verifyTc3 } from '../../src/sandbox/tc3.ts';

// "Signature v3", Tencent Cloud API documentation: DescribeInstances of cvm.
const TIMESTAMP = 1551113065;
const KEY = 'Gu5t9xGARNpq86cd98joQYCN3*******';
const ID = 'AKIDexample';
const PAYLOAD = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
const SIGNATURE = '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c';

function example(headers: Record<string, string> = {}, payload = PAYLOAD): Tc3Request {
  return {
    method: 'POST',
    path: '/',
    query: '',
    payload,
    headers: {
      host: 'cvm.tencentcloudapi.com',
      'content-type': 'application/json; charset=utf-8',
      'x-tc-timestamp': String(TIMESTAMP),
      authorization: authorization(),
      ...headers,
    },
  };
}

function authorization({ id = ID, date = '2019-02-25', service = 'cvm', signed = 'content-type;host' } = {}): string {
  return `TC3-HMAC-SHA256 Credential=${id}/${date}/${service}/tc3_request, SignedHeaders=${signed}, Signature=${SIGNATURE}`;
}

function check(overrides: Partial<Tc3Check> = {}, credential: Partial<Credential> = {}): Tc3Check {
  return {
    services: ['cvm'],
    credential: (id) => (id === ID ? { secretKey: KEY, ...credential } : undefined),
    clocks: [TIMESTAMP * 1000],
    nowMs: TIMESTAMP * 1000,
    ...overrides,
  };
}

test('the official example has the official signature', () => {
  const headers = [
    ['content-type', 'application/json; charset=utf-8'],
    ['host', 'cvm.tencentcloudapi.com'],
  ] as const;
  const text = {
    method: 'POST',
    path: '/',
    query: '',
    headers,
    payload: PAYLOAD,
    timestamp: TIMESTAMP,
    service: 'cvm',
  };
  expect(tc3Signature(text, KEY)).toBe(SIGNATURE);
});

test('capitals in a signed header do not matter', () => {
  const sent = { 'content-type': 'Application/JSON; Charset=UTF-8' };
  expect(verifyTc3(example(sent), check())).toEqual({ ok: true, secretId: ID });
});

test.each([
  ['content-type', 'host'],
  ['host', 'content-type'],
])('a good signature over %s alone is refused: %s must be signed', (signed) => {
  const request = example();
  const value = request.headers[signed] ?? '';
  const signature = tc3Signature({ ...request, headers: [[signed, value]], timestamp: TIMESTAMP, service: 'cvm' }, KEY);
  const header = authorization({ signed }).replace(SIGNATURE, signature);
  expect(verifyTc3(example({ authorization: header }), check())).toEqual({
    ok: false,
    code: 'AuthFailure.SignatureFailure',
    message: 'the signature does not match the request',
  });
});

test('the official example is accepted', () => {
  expect(verifyTc3(example(), check())).toEqual({ ok: true, secretId: ID });
});

test('the host may be sent with the port that was not signed', () => {
  expect(verifyTc3(example({ host: 'cvm.tencentcloudapi.com:443' }), check())).toEqual({ ok: true, secretId: ID });
});

const late = { clocks: [(TIMESTAMP + 301) * 1000] };
const early = { clocks: [(TIMESTAMP - 301) * 1000] };

test.each<[string, Tc3Request, Tc3Check, string, string]>([
  [
    'another key',
    example(),
    check({}, { secretKey: 'other' }),
    'SignatureFailure',
    'the signature does not match the request',
  ],
  ['another body', example({}, '{}'), check(), 'SignatureFailure', 'the signature does not match the request'],
  ['another host', example({ host: 'a.b' }), check(), 'SignatureFailure', 'the signature does not match the request'],
  [
    'another content type',
    example({ 'content-type': 'application/json' }),
    check(),
    'SignatureFailure',
    'the signature does not match the request',
  ],
  [
    'another service',
    example(),
    check({ services: ['tcb'] }),
    'SignatureFailure',
    'the signature does not match the request',
  ],
  [
    'a date that is not the timestamp’s',
    example({ authorization: authorization({ date: '2019-02-26' }) }),
    check(),
    'SignatureFailure',
    'the signature does not match the request',
  ],
  [
    'a timestamp 301 s old',
    example(),
    check(late),
    'SignatureExpire',
    'the timestamp differs from the server time by more than five minutes',
  ],
  [
    'a timestamp 301 s ahead',
    example(),
    check(early),
    'SignatureExpire',
    'the timestamp differs from the server time by more than five minutes',
  ],
  [
    'an unknown id',
    example({ authorization: authorization({ id: 'AKIDother' }) }),
    check(),
    'SecretIdNotFound',
    'the SecretId is not found',
  ],
  [
    'a missing token',
    example(),
    check({}, { token: 't' }),
    'TokenFailure',
    'the token does not belong to the SecretId',
  ],
  [
    'another token',
    example({ 'x-tc-token': 'u' }),
    check({}, { token: 't' }),
    'TokenFailure',
    'the token does not belong to the SecretId',
  ],
  [
    'a token where none belongs',
    example({ 'x-tc-token': 'u' }),
    check(),
    'TokenFailure',
    'the token does not belong to the SecretId',
  ],
  [
    'a token that expires now',
    example({ 'x-tc-token': 't' }),
    check({}, { token: 't', expiresAt: TIMESTAMP * 1000 }),
    'TokenFailure',
    'the token has expired',
  ],
  [
    'no authorization',
    example({ authorization: '' }),
    check(),
    'InvalidAuthorization',
    'the Authorization or X-TC-Timestamp header is missing or malformed',
  ],
  [
    'no timestamp',
    example({ 'x-tc-timestamp': '' }),
    check({ clocks: [0] }),
    'InvalidAuthorization',
    'the Authorization or X-TC-Timestamp header is missing or malformed',
  ],
])('%s is refused', (_, request, rules, code, message) => {
  expect(verifyTc3(request, rules)).toEqual({ ok: false, code: `AuthFailure.${code}`, message });
});

test('a timestamp exactly five minutes off is fresh', () => {
  expect(verifyTc3(example(), check({ clocks: [(TIMESTAMP + 300) * 1000] })).ok).toBe(true);
  expect(verifyTc3(example(), check({ clocks: [(TIMESTAMP - 300) * 1000] })).ok).toBe(true);
});

test('a timestamp that is fresh by one of several clocks is fresh', () => {
  expect(verifyTc3(example(), check({ clocks: [0, TIMESTAMP * 1000] })).ok).toBe(true);
});

test('a token is good until the millisecond before it expires', () => {
  const rules = check({}, { token: 't', expiresAt: TIMESTAMP * 1000 + 1 });
  expect(verifyTc3(example({ 'x-tc-token': 't' }), rules).ok).toBe(true);
});
