// Minting, reading and checking client secrets; the table of objections has vectors of its own in objections.test.ts.
import { createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  fingerprint,
  mintClientSecret,
  objections,
  parseClientSecret,
  throwawayControl,
  verifySignature,
} from '../../src/core/client-secret.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import { DAY } from '../../src/core/time.ts';
import { tries } from '../support/campaign.ts';
import { IDS, newKey, vector } from '../support/keys.ts';

const NOW = Date.UTC(2026, 10, 22, 16, 0, 0, 250);

let key: KeyMaterial;
let other: KeyMaterial;

beforeAll(async () => {
  [key, other] = await Promise.all([newKey(), newKey()]);
});

function mint(lifetimeMs = 180 * DAY, nowMs = NOW) {
  return mintClientSecret(key, { nowMs, lifetimeMs });
}

function decoded(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
}

describe('minting', () => {
  test('the header is alg and kid, the claims are the five that Apple names, and nothing else', async () => {
    const { jwt } = await mint();
    const [header, claims] = jwt.split('.').map((part, index) => (index < 2 ? decoded(part) : part));
    expect(header).toEqual({ alg: 'ES256', kid: IDS.keyId });
    expect(claims).toEqual({
      iss: IDS.teamId,
      sub: IDS.clientId,
      aud: 'https://appleid.apple.com',
      iat: Math.floor(NOW / 1000) - 300,
      exp: Math.floor(NOW / 1000) + 180 * 86_400,
    });
  });

  test('what it returns about the secret is what stands in it', async () => {
    const minted = await mint();
    const parsed = parseClientSecret(minted.jwt);
    expect(minted.fingerprint).toBe(parsed?.fingerprint);
    expect(minted.issuedAtMs).toBe(parsed?.issuedAtMs);
    expect(minted.expiresAtMs).toBe(parsed?.expiresAtMs);
  });

  const limit = (APPLE_MAX_LIFETIME_S - 600) * 1000;
  test.each([
    { name: 'just below the limit less ten minutes', lifetimeMs: limit - 1000, left: limit - 1000 },
    { name: 'at the limit less ten minutes', lifetimeMs: limit, left: limit },
    { name: 'a second above it', lifetimeMs: limit + 1000, left: limit },
    { name: 'far above it', lifetimeMs: 400 * DAY, left: limit },
    { name: 'seven days', lifetimeMs: 7 * DAY, left: 7 * DAY },
  ])('a lifetime $name ends where it should', async ({ lifetimeMs, left }) => {
    const { expiresAtMs } = await mint(lifetimeMs);
    expect(expiresAtMs).toBe(Math.floor(NOW / 1000) * 1000 + left);
  });

  test.each([Number.NaN, 0, -1, 999, Number.POSITIVE_INFINITY])(
    'a lifetime of %d ms is a mistake',
    async (lifetimeMs) => {
      await expect(mint(lifetimeMs)).rejects.toThrow(
        new TypeError('nowMs and lifetimeMs must be finite, a second at least'),
      );
    },
  );

  test('node:crypto, which did not sign it, finds 64 raw bytes that fit', async () => {
    const { jwt } = await mint();
    const [header, claims, signature = ''] = jwt.split('.');
    const raw = Buffer.from(signature, 'base64url');
    const { publicKey } = key;
    expect(raw).toHaveLength(64);
    expect(
      verify('sha256', Buffer.from(`${header}.${claims}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw),
    ).toBe(true);
  });

  test('as DER, OpenSSL accepts it', async () => {
    const { jwt } = await mint();
    const [header, claims, signature = ''] = jwt.split('.');
    const der = derOf(Buffer.from(signature, 'base64url'));
    const { publicKey } = key;
    for (const { text, fits } of [
      { text: `${header}.${claims}`, fits: true },
      { text: `${header}.${claims}A`, fits: false },
    ]) {
      expect(verify('sha256', Buffer.from(text), publicKey, der)).toBe(fits);
    }
  });

  test('jose takes it as a JWT of this issuer, subject and audience', async () => {
    const { jwt } = await mint();
    const { publicKey } = key;
    const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, {
      algorithms: ['ES256'],
      issuer: IDS.teamId,
      subject: IDS.clientId,
      audience: APPLE_AUDIENCE,
      currentDate: new Date(NOW),
    });
    expect(protectedHeader.kid).toBe(IDS.keyId);
    expect(payload.exp).toBeGreaterThan(NOW / 1000);
  });

  test('whatever is minted, Apple has nothing to object to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
        fc.integer({ min: 7 * DAY, max: 200 * DAY }),
        async (nowMs, lifetimeMs) => {
          const { jwt } = await mint(lifetimeMs, nowMs);
          const parsed = parseClientSecret(jwt);
          if (parsed === undefined) throw new Error('not a JWT');
          expect(await objections(parsed, { nowMs, publicKey: key.publicKey, expected: IDS })).toEqual([]);
        },
      ),
      { numRuns: tries(100) },
    );
  });
});

/** r and s as ASN.1, written out here so that no code under test takes part. */
function derOf(raw: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    const short = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const content = (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short;
    return Buffer.concat([Buffer.from([0x02, content.length]), content]);
  };
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

describe('reading', () => {
  test('a minted secret comes apart into what was put in', async () => {
    const { jwt } = await mint();
    expect(parseClientSecret(jwt)).toMatchObject({
      alg: 'ES256',
      ...IDS,
      audience: [APPLE_AUDIENCE],
      issuedAtMs: Math.floor(NOW / 1000) * 1000 - 300_000,
      canonical: true,
      fingerprint: fingerprint(jwt),
    });
  });

  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  test.each([
    ['nothing', ''],
    ['two parts', `${part({})}.${part({})}`],
    ['four parts', `${part({})}.${part({})}.AA.AA`],
    ['a header that is a list', `${part([])}.${part({})}.AA`],
    ['a header that is null', `${part(null)}.${part({})}.AA`],
    ['claims that are a text', `${part({})}.${part('x')}.AA`],
    ['a header that is not JSON', `${Buffer.from('{').toString('base64url')}.${part({})}.AA`],
    ['a header that is not UTF-8', `${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url')}.${part({})}.AA`],
    ['base64 instead of base64url', `${part({})}.${part({})}.AA==`],
    ['a signature of an impossible length', `${part({})}.${part({})}.A`],
    ['white space around it', ` ${part({})}.${part({})}.AA\n`],
    ['a line break at its end', `${part({})}.${part({})}.AA\n`],
    ['a masked secret', '********'],
    ['more than any secret has', `${part({ a: 'x'.repeat(20_000) })}.${part({})}.AA`],
  ])('%s is no client secret', (_name, text) => {
    expect(parseClientSecret(text)).toBeUndefined();
  });

  test('values of a wrong type are left out', () => {
    const jwt = `${part({ alg: 1, kid: null })}.${part({ iss: {}, sub: '', aud: [1, 'a'], iat: '5', exp: 1e300 })}.`;
    const parsed = parseClientSecret(jwt);
    expect(Object.keys(parsed ?? {}).sort()).toEqual(
      ['audience', 'canonical', 'claims', 'fingerprint', 'header', 'signature', 'signingInput'].sort(),
    );
    expect(parsed?.audience).toEqual(['a']);
  });

  test('no text makes it throw, nor what is said about it', async () => {
    const piece = fc.oneof(
      fc.base64String().map((text) => text.replaceAll('=', '')),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
      fc
        .record(
          {
            alg: fc.jsonValue(),
            kid: fc.jsonValue(),
            iss: fc.jsonValue(),
            sub: fc.jsonValue(),
            aud: fc.jsonValue(),
            iat: fc.jsonValue(),
            exp: fc.jsonValue(),
            nbf: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map(part),
    );
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(piece, piece, piece).map((three) => three.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const parsed = parseClientSecret(text);
        if (parsed === undefined) return;
        const found = await objections(parsed, { nowMs: NOW, publicKey: key.publicKey, expected: IDS });
        expect(found.length).toBeGreaterThan(0);
      }),
      { numRuns: tries(500) },
    );
  });
});

describe('the fingerprint', () => {
  test('is the lower-case hex SHA-256 of the characters (FIPS 180-4, the example of "abc")', () => {
    expect(fingerprint('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('checking the signature', () => {
  const { publicJwk } = JSON.parse(vector('client-secrets.json')) as { publicJwk: JsonWebKey };
  const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });

  test('the example of RFC 7515, appendix A.3, fits its key', async () => {
    const { vectors } = JSON.parse(vector('client-secrets.json')) as { vectors: { name: string; jwt: string }[] };
    const jwt = vectors.find(({ name }) => name === 'RFC 7515 appendix A.3')?.jwt ?? '';
    expect(await verifySignature(jwt, publicKey)).toBe(true);
    expect(await verifySignature(jwt, key.publicKey)).toBe(false);
  });

  test('its own key fits, another does not, and what is no JWT never does', async () => {
    const { jwt } = await mint();
    expect(await verifySignature(jwt, key.publicKey)).toBe(true);
    expect(await verifySignature(jwt, other.publicKey)).toBe(false);
    expect(await verifySignature('no JWT', key.publicKey)).toBe(false);
  });

  test('a DER signature does not fit, though its numbers would', async () => {
    const { jwt } = await mint();
    const input = jwt.slice(0, jwt.lastIndexOf('.'));
    const der = sign('sha256', Buffer.from(input), key.privateKey);
    expect(await verifySignature(`${input}.${der.toString('base64url')}`, key.publicKey)).toBe(false);
  });

  test('a public key of another kind is a mistake of the caller', async () => {
    const { jwt } = await mint();
    const { publicKey: wrong } = generateKeyPairSync('ed25519');
    await expect(verifySignature(jwt, wrong)).rejects.toThrow(new TypeError('publicKey is none of an elliptic curve'));
  });

  test('any single changed character is found', async () => {
    const { jwt } = await mint();
    const characters = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.');
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: jwt.length - 1 }), characters, async (at, character) => {
        fc.pre(jwt[at] !== character);
        const parsed = parseClientSecret(jwt.slice(0, at) + character + jwt.slice(at + 1));
        if (parsed === undefined) return;
        expect(await objections(parsed, { nowMs: NOW, publicKey: key.publicKey })).not.toEqual([]);
      }),
      { numRuns: tries(2000) },
    );
  });

  test('the last character holds bits that mean nothing: changed alone, they are found as well', async () => {
    const { jwt } = await mint();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(jwt.at(-1) ?? '') ^ 1] ?? '';
    const parsed = parseClientSecret(jwt.slice(0, -1) + last);
    if (parsed === undefined) throw new Error('not a JWT');
    expect(await verifySignature(parsed, key.publicKey)).toBe(true);
    const codes = (await objections(parsed, { nowMs: NOW, publicKey: key.publicKey })).map(({ code }) => code);
    expect(codes).toEqual(['EncodingDamaged']);
  });
});

describe('the calibration control', () => {
  test('has the header and claims of the candidate to the letter, and a signature that fits no key of ours', async () => {
    const { jwt } = await mint();
    const control = await throwawayControl(jwt);
    expect(control.split('.').slice(0, 2)).toEqual(jwt.split('.').slice(0, 2));
    const parsed = parseClientSecret(control);
    if (parsed === undefined) throw new Error('not a JWT');
    const found = await objections(parsed, { nowMs: NOW, publicKey: key.publicKey, expected: IDS });
    expect(found.map(({ code }) => code)).toEqual(['SignatureDoesNotFit']);
  });

  test('is another each time', async () => {
    const { jwt } = await mint();
    expect(await throwawayControl(jwt)).not.toBe(await throwawayControl(jwt));
  });

  test('what is no JWT has none', async () => {
    await expect(throwawayControl('no JWT')).rejects.toThrow(new TypeError('the candidate is not a JWT'));
  });
});
