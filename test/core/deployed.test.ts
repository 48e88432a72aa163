// The deployed secret, as far as it can be known: read in clear, stood in for by the journal's record, or unknown;
// and what may be said of it at the boundaries of its life.
import { createPrivateKey } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, mintClientSecret } from '../../src/core/client-secret.ts';
import {
  type Deployed,
  deployedRecord,
  isExpired,
  isMissing,
  isReadableAndGood,
  isTooLong,
  lifetimeOf,
  mayBeWorking,
  readDeployed,
} from '../../src/core/deployed.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import type { ShownSecret } from '../../src/core/provider.ts';
import type { Shape } from '../../src/core/reasons.ts';
import type { WrittenRecord } from '../../src/core/records.ts';
import { objectionText } from '../../src/core/texts/en/objections.ts';
import { DAY, SECOND } from '../../src/core/time.ts';
import { aDeployed, aForeignSecret, anUnknownSecret, aWritten, NOW } from '../support/builders.ts';
import { IDS, newKey } from '../support/keys.ts';

const LIMIT = 15_777_000_000;
const OURS = 'b'.repeat(64);
const HMAC = 'c'.repeat(64);

let key: KeyMaterial;
let other: KeyMaterial;
beforeAll(async () => {
  [key, other] = [await newKey(), { ...(await newKey()), keyId: 'KEYFOREIGN' }];
});

const clear = (text: string): ShownSecret => ({ shape: 'clear', text });

type Claims = { readonly [name in 'iss' | 'sub' | 'aud' | 'iat' | 'exp' | 'nbf']?: string | number | undefined };

/** A secret signed by our key; what is undefined is left out. */
function sign(claims: Claims, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  const exp = NOW / SECOND + 86_400;
  const sound = { iss: IDS.teamId, sub: IDS.clientId, aud: 'https://appleid.apple.com', iat: NOW / SECOND - 300, exp };
  return new SignJWT({ ...sound, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: IDS.keyId, ...header })
    .sign(createPrivateKey(key.privateKeyPem));
}

describe('a secret in clear', () => {
  test('of ours is read: who, until when, by which key, and whether our last write put it there', async () => {
    const {
      jwt,
      fingerprint: print,
      issuedAtMs,
      expiresAtMs,
    } = await mintClientSecret(key, { nowMs: NOW, lifetimeMs: 180 * DAY });
    const shown = clear(jwt);
    const read = {
      shown,
      knownFrom: 'read',
      fingerprint: print,
      ...IDS,
      issuedAt: issuedAtMs,
      expiresAt: expiresAtMs,
      signedByOurKey: true,
      defects: [],
      ours: false,
    };
    expect(await readDeployed(shown, IDS.clientId, null, key, NOW)).toEqual(read);
    expect(await readDeployed(shown, IDS.clientId, aWritten({ fingerprint: OURS }), key, NOW)).toEqual(read);
    const written = aWritten({ fingerprint: print });
    expect(await readDeployed(shown, IDS.clientId, written, key, NOW)).toEqual({ ...read, ours: true });
  });

  test('of another key is not signed by ours, and no worse for that', async () => {
    const { jwt } = await mintClientSecret(other, { nowMs: NOW, lifetimeMs: 30 * DAY });
    const deployed = await readDeployed(clear(jwt), IDS.clientId, null, key, NOW);
    expect(deployed).toMatchObject({ keyId: 'KEYFOREIGN', signedByOurKey: false, defects: [], ours: false });
    expect(isReadableAndGood(deployed, NOW)).toBe(true);
  });

  test.each<[string, Claims, Partial<JWTHeaderParameters>, string[]]>([
    ['a key id', {}, { kid: '' }, ['the header\'s kid is "", wanted the Key ID']],
    ['a team', { iss: '' }, {}, ['iss is "", wanted the Team ID']],
    ['a client', { sub: '' }, {}, ['sub is "", wanted the client id']],
    ['ids of its own', { iss: 'YOUR_TEAM_ID' }, {}, ['YOUR_TEAM_ID is a placeholder from a guide']],
    [
      'the right audience',
      { aud: 'https://appleid.apple.com/' },
      {},
      ['aud is "https://appleid.apple.com/", wanted https://appleid.apple.com'],
    ],
    [
      'the provider’s client',
      { sub: 'com.example.other' },
      {},
      ['sub is com.example.other, wanted com.example.shop.web'],
    ],
  ])('without %s has a defect: no login works with it, whoever signed it', async (_name, claims, header, defects) => {
    const deployed = await readDeployed(clear(await sign(claims, header)), IDS.clientId, null, key, NOW);
    expect(deployed.defects.map(objectionText)).toEqual(defects);
    expect(mayBeWorking(deployed, NOW)).toBe(false);
  });

  test('with a signature in DER form has a defect; cut short too', async () => {
    const [header, claims, signature = ''] = (await sign({})).split('.');
    const raw = Buffer.from(signature, 'base64url');
    const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), bytes]);
    const pair = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
    const der = Buffer.concat([Buffer.from([0x30, pair.length]), pair]);
    const defectsOf = async (bytes: Buffer) =>
      (
        await readDeployed(clear(`${header}.${claims}.${bytes.toString('base64url')}`), IDS.clientId, null, key, NOW)
      ).defects.map(objectionText);
    expect(await defectsOf(der)).toEqual(['the signature is in DER form, wanted 64 raw bytes']);
    expect(await defectsOf(raw.subarray(1))).toEqual(['the signature has 63 bytes, wanted 64']);
    expect(await defectsOf(raw)).toEqual([]);
  });

  test('of another algorithm has a defect', async () => {
    const [, claims, signature] = (await sign({})).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: IDS.keyId })).toString('base64url');
    const deployed = await readDeployed(clear(`${header}.${claims}.${signature}`), IDS.clientId, null, key, NOW);
    expect(deployed.defects.map(objectionText)).toEqual(['the algorithm is "RS256", wanted ES256']);
    expect(deployed.signedByOurKey).toBe(false);
  });

  test.each<[string, Claims]>([
    ['has expired', { exp: NOW / SECOND }],
    ['lives too long', { exp: (NOW + LIMIT) / SECOND + 1 }],
    ['is issued in the future: that passes', { iat: NOW / SECOND + 600 }],
    ['is not valid yet: that passes', { nbf: NOW / SECOND + 600 }],
  ])('that %s has no defect: there are reasons of their own for its life', async (_name, claims) => {
    expect((await readDeployed(clear(await sign(claims)), IDS.clientId, null, key, NOW)).defects).toEqual([]);
  });

  test('is not compared with a client id that the provider does not tell', async () => {
    const jwt = await sign({ sub: 'com.example.other' });
    expect((await readDeployed(clear(jwt), undefined, null, key, NOW)).defects).toEqual([]);
  });

  test('of which next to nothing is well-typed leaves null for the rest', async () => {
    const jwt = await sign({ iss: '', sub: '', iat: undefined, exp: undefined }, { kid: '' });
    expect(await readDeployed(clear(jwt), IDS.clientId, null, key, NOW)).toMatchObject({
      knownFrom: 'read',
      keyId: null,
      teamId: null,
      clientId: null,
      issuedAt: null,
      expiresAt: null,
      signedByOurKey: true,
    });
  });

  test('says foreign ids on one line, and without what looks like a secret', async () => {
    const jwt = await sign({ sub: `com\n${'x'.repeat(500)}` });
    const { defects } = await readDeployed(clear(jwt), 'com.example.shop.web', null, key, NOW);
    expect(defects.map(objectionText)).toEqual([
      expect.stringMatching(/^sub is com�x{75}…, wanted com\.example\.shop\.web$/),
    ]);
  });
});

describe('where the secret cannot be read', () => {
  const shown: Readonly<Record<Exclude<Shape, 'clear'>, ShownSecret>> = {
    digest: { shape: 'digest', text: OURS },
    masked: { shape: 'masked', text: '******' },
    empty: { shape: 'empty', text: '' },
    null: { shape: 'null', text: null },
    missing: { shape: 'missing', text: null },
  };
  const record = (overrides: Partial<WrittenRecord>) =>
    aWritten({ fingerprint: OURS, thumbprint: key.thumbprint, ...overrides });
  const from = async (now: ShownSecret, written: WrittenRecord | null) =>
    readDeployed(now, IDS.clientId, written, key, NOW);
  const hidden = ['masked', 'empty', 'null', 'missing'] as const;

  test.each(hidden.flatMap((before) => hidden.map((now) => [before, now] as const)))(
    'left as %s and shown as %s, the record stands in if that is the same',
    async (before, now) => {
      const deployed = await from(shown[now], record({ shape: before }));
      expect(deployed.knownFrom).toBe(before === now ? 'record' : 'none');
      expect(deployed.ours).toBe(before === now);
    },
  );

  test.each(hidden)('left in clear and shown as %s, somebody changed it', async (now) => {
    expect((await from(shown[now], record({ shape: 'clear' }))).knownFrom).toBe('none');
  });

  test.each(['clear', 'digest', ...hidden] as const)(
    'left as %s, the digest of our secret stands for it',
    async (shape) => {
      expect((await from(shown.digest, record({ shape }))).knownFrom).toBe('record');
    },
  );

  test('a digest of its own kind stands for it if it is the one that showed after our write', async () => {
    const now: ShownSecret = { shape: 'digest', text: HMAC };
    expect((await from(now, record({ shape: 'digest', shownDigest: HMAC }))).knownFrom).toBe('record');
    expect((await from(now, record({ shape: 'digest', shownDigest: OURS }))).knownFrom).toBe('none');
    expect((await from(now, record({ shape: 'digest', shownDigest: null }))).knownFrom).toBe('none');
  });

  test('the record says everything but defects', async () => {
    expect(await from(shown.masked, record({ shape: 'masked' }))).toEqual({
      shown: shown.masked,
      knownFrom: 'record',
      fingerprint: OURS,
      teamId: 'A1B2C3D4E5',
      clientId: 'com.example.shop.web',
      keyId: 'K1L2M3N4O5',
      issuedAt: NOW - 80 * DAY,
      expiresAt: NOW + 100 * DAY,
      signedByOurKey: true,
      defects: [],
      ours: true,
    });
  });

  test('a record of another public key is not signed by ours', async () => {
    const deployed = await from(shown.masked, record({ shape: 'masked', thumbprint: other.thumbprint }));
    expect(deployed).toMatchObject({ knownFrom: 'record', signedByOurKey: false });
  });

  test.each(Object.entries(shown))('without a record nothing is known of one shown as %s', async (_name, now) => {
    expect(await from(now, null)).toEqual({ ...anUnknownSecret(now.shape), shown: now });
  });

  test('three parts that are no JWT are as opaque as a mask', async () => {
    expect(await from(clear('a.b.c'), null)).toEqual({
      ...anUnknownSecret('masked'),
      shown: { shape: 'masked', text: 'a.b.c' },
    });
    expect((await from(clear('a.b.c'), record({ shape: 'clear' }))).knownFrom).toBe('none');
  });
});

describe('of a secret it is said', () => {
  const recorded = (overrides: Partial<Deployed>) => aDeployed({ knownFrom: 'record', ...overrides });
  interface Said {
    readonly missing: boolean;
    readonly expired: boolean;
    readonly tooLong: boolean;
    readonly works: boolean;
    readonly good: boolean;
  }
  const fine: Said = { missing: false, expired: false, tooLong: false, works: true, good: true };
  test.each<[string, Deployed, Said]>([
    ['that it is good', aDeployed(), fine],
    ['that it is good, though of another key', aForeignSecret(), fine],
    ['1 ms before its expiry, that it is good', aDeployed({ expiresAt: NOW + 1 }), fine],
    [
      'at its expiry, that it has expired',
      aDeployed({ expiresAt: NOW }),
      { ...fine, expired: true, works: false, good: false },
    ],
    ['15 777 000 s before its expiry, that it is good', aDeployed({ expiresAt: NOW + LIMIT }), fine],
    [
      '1 ms earlier, that Apple refuses it',
      aDeployed({ expiresAt: NOW + LIMIT + 1 }),
      { ...fine, tooLong: true, works: false, good: false },
    ],
    [
      'without an expiry, that Apple refuses it',
      aDeployed({ expiresAt: null }),
      { ...fine, tooLong: true, works: false, good: false },
    ],
    [
      'with a defect, that it works for nobody',
      aDeployed({ defects: [{ code: 'AudienceWrong', found: null, wanted: null }] }),
      { ...fine, works: false, good: false },
    ],
    ['stood in for by the record, that it works, and cannot be put back', recorded({}), { ...fine, good: false }],
    [
      'stood in for by the record, that it has expired',
      recorded({ expiresAt: NOW }),
      { ...fine, expired: true, works: false, good: false },
    ],
    ['shown masked, that it may be working', anUnknownSecret('masked'), { ...fine, good: false }],
    ['shown as a digest, that it may be working', anUnknownSecret('digest'), { ...fine, good: false }],
    [
      'shown empty, that there is none',
      anUnknownSecret('empty'),
      { ...fine, missing: true, works: false, good: false },
    ],
    [
      'shown as null, that there is none',
      anUnknownSecret('null'),
      { ...fine, missing: true, works: false, good: false },
    ],
    [
      'not shown, that there is none',
      anUnknownSecret('missing'),
      { ...fine, missing: true, works: false, good: false },
    ],
    [
      'not shown, but so since our write, that it works',
      recorded({ shown: { shape: 'missing', text: null } }),
      { ...fine, good: false },
    ],
  ])('%s', (_name, deployed, said) => {
    expect({
      missing: isMissing(deployed),
      expired: isExpired(deployed, NOW),
      tooLong: isTooLong(deployed, NOW),
      works: mayBeWorking(deployed, NOW),
      good: isReadableAndGood(deployed, NOW),
    }).toEqual(said);
  });
});

describe('its lifetime', () => {
  test.each<[string, Partial<Deployed>, number]>([
    ['is exp − iat', {}, 180 * DAY],
    ['is the policy’s without an iat', { issuedAt: null }, 7 * DAY],
    ['is the policy’s without an exp', { expiresAt: null }, 7 * DAY],
    ['is the policy’s where exp is iat', { issuedAt: NOW, expiresAt: NOW }, 7 * DAY],
    ['is 1 ms where exp is 1 ms after iat', { issuedAt: NOW, expiresAt: NOW + 1 }, 1],
    ['is the policy’s where exp is before iat', { issuedAt: NOW, expiresAt: NOW - 1 }, 7 * DAY],
  ])('%s', (_name, overrides, lifetime) => {
    expect(lifetimeOf(aDeployed(overrides), 7 * DAY)).toBe(lifetime);
  });
});

test('the journal keeps of it the fingerprint, the ids and instants, and how it shows: never its text', async () => {
  const jwt = await sign({});
  const record = deployedRecord(await readDeployed(clear(jwt), IDS.clientId, null, key, NOW));
  expect(record).toEqual({
    fingerprint: fingerprint(jwt),
    keyId: IDS.keyId,
    issuedAt: NOW - 300 * SECOND,
    expiresAt: NOW + DAY,
    shape: 'clear',
  });
});
