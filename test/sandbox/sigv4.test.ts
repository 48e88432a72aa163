// AWS's signature check, by the example of the "Signature Version 4 signing process" (ListUsers of IAM).
import { expect, test } from 'vitest';
import type { Incoming } from '../../src/sandbox/exchange.ts';
import { type SigV4Check, verifySigV4 } from '../../src/sandbox/sigv4.ts';

const AT = Date.UTC(2015, 7, 30, 12, 36, 0);
const SIGNATURE = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
const MISMATCH = 'the request signature we calculated does not match the one you provided';

function example(headers: Record<string, string> = {}): Incoming {
  return {
    method: 'GET',
    path: '/',
    query: 'Action=ListUsers&Version=2010-05-08',
    body: Buffer.alloc(0),
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=${SIGNATURE}`,
      ...headers,
    },
  };
}

function check(overrides: Partial<SigV4Check> = {}): SigV4Check {
  return {
    service: 'iam',
    credential: (id) => (id === 'AKIDEXAMPLE' ? { secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' } : undefined),
    clocks: [AT],
    nowMs: AT,
    ...overrides,
  };
}

test('the official example is accepted', () => {
  expect(verifySigV4(example(), check())).toEqual({ ok: true, accessKeyId: 'AKIDEXAMPLE', region: 'us-east-1' });
});

test('it is fresh for five minutes either way', () => {
  for (const clock of [AT - 300_000, AT + 300_000])
    expect(verifySigV4(example(), check({ clocks: [clock] })).ok).toBe(true);
  for (const clock of [AT - 300_001, AT + 300_001])
    expect(verifySigV4(example(), check({ clocks: [clock] }))).toEqual({
      ok: false,
      code: 'InvalidSignatureException',
      message: 'Signature expired: the date differs from the server time',
    });
});

test.each<[string, Incoming, SigV4Check]>([
  ['another service', example(), check({ service: 'secretsmanager' })],
  ['another host', example({ host: 'sts.amazonaws.com' }), check()],
  ['another query', { ...example(), query: 'Action=DeleteUser' }, check()],
  ['another body', { ...example(), body: Buffer.from('x') }, check()],
  ['another second', example({ 'x-amz-date': '20150830T123601Z' }), check()],
])('%s does not fit the signature', (_, incoming, rules) => {
  expect(verifySigV4(incoming, rules)).toEqual({ ok: false, code: 'InvalidSignatureException', message: MISMATCH });
});

test('without a date nothing is fresh', () => {
  expect(verifySigV4(example({ 'x-amz-date': '' }), check())).toMatchObject({
    code: 'InvalidSignatureException',
    message: 'Signature expired: the date differs from the server time',
  });
});
