// The table of objections against vectors that another implementation signed, and the sentences it says.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { objections, parseClientSecret } from '../../src/core/client-secret.ts';
import { OBJECTION_CODES } from '../../src/core/reasons.ts';
import { objectionText } from '../../src/core/texts/en/objections.ts';
import { vector } from '../support/keys.ts';

interface Vectors {
  readonly publicJwk: JsonWebKey;
  readonly vectors: readonly {
    readonly name: string;
    readonly now: number;
    readonly jwt: string;
    readonly objections: readonly string[];
  }[];
}

const { publicJwk, vectors } = JSON.parse(vector('client-secrets.json')) as Vectors;
const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });

function parsed(name: string) {
  const found = vectors.find((one) => one.name === name);
  const secret = parseClientSecret(found?.jwt ?? '');
  if (secret === undefined || found === undefined) throw new Error(`no vector ${name}`);
  return { secret, nowMs: found.now * 1000 };
}

test.each(vectors)('$name: $objections', async ({ jwt, now, objections: wanted }) => {
  const secret = parseClientSecret(jwt);
  if (secret === undefined) throw new Error('not a JWT');
  const found = await objections(secret, { nowMs: now * 1000, publicKey });
  expect(found.map(({ code }) => code)).toEqual(wanted);
});

test('the order of the rules is pinned: it is the order in which a person fixes a secret', () => {
  expect(OBJECTION_CODES).toEqual([
    'EncodingDamaged',
    'AlgorithmNotEs256',
    'KeyIdMissing',
    'CriticalHeader',
    'IssuerMissing',
    'SubjectMissing',
    'PlaceholderLeftIn',
    'AudienceWrong',
    'IssuedAtMissing',
    'IssuedInFuture',
    'NotYetValid',
    'ExpiryMissing',
    'Expired',
    'LifetimeTooLong',
    'SignatureDer',
    'SignatureLength',
    'SignatureDoesNotFit',
    'KeyIdDiffers',
    'IssuerDiffers',
    'SubjectDiffers',
  ]);
});

describe('the ids that are expected', () => {
  const { secret, nowMs } = parsed('as Apple wants it');

  test('the same: nothing', async () => {
    const expected = { teamId: 'A1B2C3D4E5', clientId: 'com.example.shop.web', keyId: 'K1L2M3N4O5' };
    expect(await objections(secret, { nowMs, publicKey, expected })).toEqual([]);
  });

  test('others: each by name, in order', async () => {
    const expected = { teamId: 'ZZZZZ00000', clientId: 'com.example.other', keyId: 'ZZZZZ11111' };
    const found = await objections(secret, { nowMs, expected });
    expect(found.map((each) => `${each.code}: ${objectionText(each)}`)).toEqual([
      'KeyIdDiffers: kid is K1L2M3N4O5, wanted ZZZZZ11111',
      'IssuerDiffers: iss is A1B2C3D4E5, wanted ZZZZZ00000',
      'SubjectDiffers: sub is com.example.shop.web, wanted com.example.other',
    ]);
  });

  test('one that the secret does not have at all is missing, not different', async () => {
    const { secret: without } = parsed('no kid');
    const found = await objections(without, { nowMs, expected: { keyId: 'K1L2M3N4O5' } });
    expect(found.map(({ code }) => code)).toEqual(['KeyIdMissing']);
  });
});

describe('what is said', () => {
  test.each([
    ['RS256', 'the algorithm is "RS256", wanted ES256'],
    ['no kid', "the header's kid is missing, wanted the Key ID"],
    ['kid a number', "the header's kid is 1234567890, wanted the Key ID"],
    ['aud with a slash', 'aud is "https://appleid.apple.com/", wanted https://appleid.apple.com'],
    ['exp this second', 'it expired 0 s ago'],
    ['iat in a second', 'it was issued in the future: 1 s from now'],
    ['six months and a second', 'it expires 182 days from now, Apple allows 15777000 s (six months)'],
    ['DER signature', 'the signature is in DER form, wanted 64 raw bytes'],
    ['signature cut by a byte', 'the signature has 63 bytes, wanted 64'],
    ['ids of a guide', 'YOUR_TEAM_ID is a placeholder from a guide'],
    ['nbf in a second', 'it is not valid until 1 s from now (nbf)'],
  ])('%s: %s', async (name, message) => {
    const { secret, nowMs } = parsed(name);
    const found = await objections(secret, { nowMs, publicKey });
    expect(found.map(objectionText)).toEqual([message]);
  });

  test('a claim that would command the terminal is shown without its commands', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hostile = parseClientSecret(`${part({ alg: '\u001b[31mES256\u202e', kid: 'x' })}.${part({})}.AAAA`);
    if (hostile === undefined) throw new Error('not a JWT');
    const found = await objections(hostile, { nowMs: 0 });
    expect(found.map(objectionText)).toContain('the algorithm is "\uFFFDES256\uFFFD", wanted ES256');
  });

  test('what is valid from this second on is valid', async () => {
    const { secret, nowMs } = parsed('nbf in a second');
    expect(await objections(secret, { nowMs: nowMs + 1000, publicKey })).toEqual([]);
  });

  test('without a public key nothing is said about whose signature it is', async () => {
    const { secret, nowMs } = parsed('signed by another key');
    expect(await objections(secret, { nowMs })).toEqual([]);
  });
});
