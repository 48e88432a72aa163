// The deployed secret, as far as it can be known: read in clear, stood in for by the journal's record, or unknown; and
// what makes it certainly useless (design.md, "Logins").
import fc from 'fast-check';
import { type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, type MintedSecret, mintClientSecret } from '../../src/core/client-secret.ts';
import {
  type Deployed,
  type DeployedContext,
  deployedRecord,
  isExpired,
  isMissing,
  isReadableAndGood,
  isUseless,
  readDeployed,
} from '../../src/core/deployed.ts';
import { identityId } from '../../src/core/identity.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import type { ShownSecret } from '../../src/core/provider.ts';
import { DEFECTS, type Shape } from '../../src/core/reasons.ts';
import type { WrittenRecord } from '../../src/core/records.ts';
import { DAY, MINUTE, SECOND } from '../../src/core/time.ts';
import { aDeployed, aForeignSecret, anUnknownSecret, aWritten, NOW } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';
import { IDS, newKey } from '../support/keys.ts';

const LIMIT = 15_777_000_000;
const OURS = 'b'.repeat(64);
const HMAC = 'c'.repeat(64);

let key: KeyMaterial;
let other: KeyMaterial;
/** Ours, made now. */
let minted: MintedSecret;
let written: WrittenRecord;
beforeAll(async () => {
  [key, other] = [await newKey(), { ...(await newKey()), keyId: 'KEYFOREIGN' }];
  minted = await mintClientSecret(key, { nowMs: NOW, lifetimeMs: 180 * DAY });
  written = recordOf(key, minted);
});

function recordOf({ thumbprint, keyId }: KeyMaterial, made: MintedSecret): WrittenRecord {
  const { fingerprint: print, issuedAtMs: issuedAt, expiresAtMs: expiresAt } = made;
  return aWritten({ fingerprint: print, thumbprint, keyId, issuedAt, expiresAt });
}

const clear = (text: string): ShownSecret => ({ shape: 'clear', text });
const masked = (text: string): ShownSecret => ({ shape: 'masked', text });
const read = (shown: ShownSecret, overrides: Partial<DeployedContext> = {}) =>
  readDeployed(shown, {
    clientId: IDS.clientId,
    written: null,
    maybeWritten: null,
    key,
    acceptedSecret: null,
    now: NOW,
    ...overrides,
  });

type Claims = { readonly [name in 'iss' | 'sub' | 'aud' | 'iat' | 'exp' | 'nbf']?: unknown };

/** A secret; what is undefined is left out. */
function sign(claims: Claims, by: KeyMaterial = key, kid: string = IDS.keyId): Promise<string> {
  const exp = NOW / SECOND + 86_400;
  const sound = { iss: IDS.teamId, sub: IDS.clientId, aud: 'https://appleid.apple.com', iat: NOW / SECOND - 300, exp };
  return new SignJWT({ ...sound, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(by.privateKey);
}

describe('a secret in clear', () => {
  test('of ours is read: who, until when, whose identity, and whether our last write put it there', async () => {
    const shown = clear(minted.jwt);
    const found = {
      shown,
      from: 'read',
      fingerprint: minted.fingerprint,
      ...IDS,
      issuedAt: minted.issuedAtMs,
      expiresAt: minted.expiresAtMs,
      identity: identityId(key),
      defect: null,
      ours: false,
    };
    expect(await read(shown)).toEqual(found);
    expect(await read(shown, { written: aWritten({ fingerprint: OURS }) })).toEqual(found);
    expect(await read(shown, { written })).toEqual({ ...found, ours: true });
  });

  test('of ours keeps its identity when the key source has another key', async () => {
    const deployed = await read(clear(minted.jwt), { written, key: other });
    expect(deployed).toMatchObject({ ours: true, identity: identityId(written), defect: null });
  });

  test('of another key has no identity that we could know, and is no worse for that', async () => {
    const { jwt } = await mintClientSecret(other, { nowMs: NOW, lifetimeMs: 30 * DAY });
    const deployed = await read(clear(jwt), { written });
    expect(deployed).toMatchObject({ keyId: 'KEYFOREIGN', identity: null, defect: null, ours: false });
    expect(isReadableAndGood(deployed, NOW)).toBe(true);
  });

  test.each<[string, Claims, string]>([
    ['team', { iss: undefined }, IDS.keyId],
    ['client', { sub: undefined }, IDS.keyId],
    ['key id', {}, ''],
  ])('of our key without a %s has no identity', async (_name, claims, kid) => {
    expect((await read(clear(await sign(claims, key, kid)))).identity).toBeNull();
  });

  test('of which next to nothing is well-typed leaves null for the rest', async () => {
    const jwt = await sign({ iss: '', sub: '', iat: undefined, exp: undefined }, key, '');
    expect(await read(clear(jwt))).toMatchObject({
      ...{ from: 'read', keyId: null, teamId: null, clientId: null, issuedAt: null, expiresAt: null, identity: null },
    });
  });
});

describe('a certain defect', () => {
  test.each<[string, Deployed['defect'], Claims]>([
    ['another client', 'other-client', { sub: 'com.example.other' }],
    ['no client', 'other-client', { sub: undefined }],
    ['another audience', 'other-audience', { aud: 'https://appleid.apple.com/' }],
    ['no audience', 'other-audience', { aud: undefined }],
    ['Apple among its audiences', null, { aud: ['x', 'https://appleid.apple.com'] }],
    ['no expiry', 'never-expires', { exp: undefined }],
    ['15 777 000 s left', null, { exp: (NOW + LIMIT) / SECOND }],
    ['1 s more left', 'too-long', { exp: (NOW + LIMIT) / SECOND + 1 }],
    ['an issue in the future, which passes', null, { iat: NOW / SECOND + 600 }],
    ['a beginning in the future, which passes', null, { nbf: NOW / SECOND + 600 }],
    ['an expiry in the past, which has a reason of its own', null, { exp: NOW / SECOND }],
    ['another team, for all that we know', null, { iss: 'ANOTHERTEA' }],
  ])('of one with %s: %s, whoever signed it', async (_name, defect, claims) => {
    for (const by of [key, other]) {
      const deployed = await read(clear(await sign(claims, by)));
      expect(deployed).toMatchObject({ from: 'read', defect });
      // There is none where Apple ever accepted this very secret, but a wrong `sub` always.
      const accepted = await read(deployed.shown, { acceptedSecret: deployed.fingerprint });
      expect(accepted.defect).toBe(defect === 'other-client' ? defect : null);
      expect((await read(deployed.shown, { acceptedSecret: OURS })).defect).toBe(defect);
    }
  });

  test('is no other client where the provider does not tell its own', async () => {
    expect((await read(clear(await sign({ sub: 'com.example.other' })), { clientId: undefined })).defect).toBeNull();
  });

  /** Ours, with other bytes as the signature. */
  const forged = () => {
    const [header, claims, signature = ''] = minted.jwt.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    return [
      bytes.subarray(0, 63),
      bytes.subarray(0, 20),
      Buffer.alloc(0),
      Buffer.alloc(64, 7),
      Buffer.concat([bytes, bytes]),
    ].map((each) => `${header}.${claims}.${each.toString('base64url')}`);
  };

  test('of our claims with another signature: it is a damaged copy of ours', async () => {
    for (const text of forged()) {
      expect(await read(clear(text), { written })).toMatchObject({ from: 'read', defect: 'damaged', ours: false });
      // A write that may have arrived is ours too.
      expect((await read(clear(text), { maybeWritten: written })).defect).toBe('damaged');
      // To somebody who has never written it, it is a secret of somebody else.
      expect((await read(clear(text))).defect).toBeNull();
      expect(
        (await read(clear(text), { written: { ...written, issuedAt: written.issuedAt + SECOND } })).defect,
      ).toBeNull();
    }
  });

  test('of none: ours itself, and another one of our key with the same claims', async () => {
    expect((await read(clear(minted.jwt), { written })).defect).toBeNull();
    const again = await mintClientSecret(key, { nowMs: NOW, lifetimeMs: 180 * DAY });
    expect(again.fingerprint).not.toBe(minted.fingerprint);
    expect((await read(clear(again.jwt), { written })).defect).toBeNull();
    // Also where the key source has another key by now.
    expect((await read(clear(minted.jwt), { written, key: other })).defect).toBeNull();
  });

  test.each<[string, (jwt: string) => string]>([
    ['in quotes', (jwt) => `"${jwt}"`],
    ['with a line end', (jwt) => `${jwt}\n`],
    ['in lines', (jwt) => jwt.replace(/(.{64})/g, '$1\r\n')],
    ['with white space in front', (jwt) => ` \t${jwt}`],
    ['with a blank that does not break', (jwt) => `\u00a0${jwt}`],
    ['with a byte order mark', (jwt) => `\ufeff${jwt}`],
    ['with zero-width characters', (jwt) => `\u200b${jwt.slice(0, 40)}\u200d${jwt.slice(40)}\u2060`],
  ])('of ours %s', async (_name, damage) => {
    const text = damage(minted.jwt);
    expect(await read(masked(text), { written })).toEqual({
      ...{ shown: masked(text), from: 'read', fingerprint: fingerprint(text), ...IDS, defect: 'damaged', ours: false },
      ...{ issuedAt: minted.issuedAtMs, expiresAt: minted.expiresAtMs, identity: identityId(key) },
    });
    // A write of ours that failed may have left it.
    const handled = new Set([minted.fingerprint]);
    expect(await read(masked(text), { handled })).toMatchObject({ from: 'read', defect: 'damaged', ours: false });
    // Of somebody else's nobody can tell what it was.
    expect(await read(masked(text))).toMatchObject({ from: 'none', defect: null });
  });

  const encoded = (value: string) => Buffer.from(value).toString('base64url');
  const HEADER = encoded('{"alg":"ES256","kid":"K1L2M3N4O5"}');
  test.each<[string, Deployed['defect'], string]>([
    ['a header and claims that do not decode', 'no-claims', `${HEADER}.AAAA.AAAA`],
    ['a header and claims that are no object', 'no-claims', `${HEADER}.${encoded('7')}.AAAA`],
    ['a header and no claims', 'no-claims', `${HEADER}..AAAA`],
    ['a header alone: it may be a mask that shows the beginning', null, HEADER],
    ['a header and a piece', null, `${HEADER}.eyJpc3M`],
    ['a header without an algorithm', null, `${encoded('{}')}.AAAA.AAAA`],
    ['three parts that decode to nothing', null, 'a.b.c'],
    ['a mask', null, '******'],
    ['far too many characters', null, `${HEADER}.${'A'.repeat(20_000)}.AAAA`],
  ])('of %s: %s', async (_name, defect, text) => {
    const deployed = await read(clear(text), { written: { ...written, shape: 'masked' } });
    expect(deployed).toMatchObject({ defect, from: defect === null ? expect.any(String) : 'read' });
    expect(isUseless(deployed, NOW)).toBe(defect !== null);
  });

  test.each([HEADER, `${HEADER}.eyJpc3M`])(
    'of %s where our last write showed in clear: it breaks off',
    async (text) => {
      const deployed = await read(clear(text), { written });
      expect(deployed).toMatchObject({ defect: 'no-claims', from: 'read', ours: false });
    },
  );

  test('is never seen in what our own key signed for this provider, whatever its dates within Apple’s limit', async () => {
    const lifetimes = fc.tuple(fc.integer({ min: 1, max: 180 }), fc.integer({ min: -200, max: 0 }));
    await fc.assert(
      fc.asyncProperty(lifetimes, async ([days, ago]) => {
        const { jwt } = await mintClientSecret(key, { nowMs: NOW + ago * DAY, lifetimeMs: days * DAY });
        const deployed = await read(clear(jwt), { written, maybeWritten: written });
        expect(deployed).toMatchObject({ defect: null, identity: identityId(key) });
        expect(isUseless(deployed, NOW)).toBe(days + ago <= 0);
      }),
      { numRuns: tries(50) },
    );
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
  const from = async (now: ShownSecret, record: Partial<WrittenRecord> | null) =>
    read(now, { written: record && aWritten({ fingerprint: OURS, ...record }) });
  const hidden = ['masked', 'empty', 'null', 'missing'] as const;

  test.each(hidden.flatMap((before) => hidden.map((now) => [before, now] as const)))(
    'left as %s and shown as %s, the record stands in if that is the same',
    async (before, now) => {
      const deployed = await from(shown[now], { shape: before });
      expect(deployed.from).toBe(before === now ? 'record' : 'none');
      expect(deployed.ours).toBe(before === now);
    },
  );

  test.each(hidden)('left in clear and shown as %s, somebody changed it', async (now) => {
    expect((await from(shown[now], { shape: 'clear' })).from).toBe('none');
  });

  test('something that is not a text is as opaque as a mask', async () => {
    expect((await from({ shape: 'masked', text: null }, { shape: 'masked' })).from).toBe('record');
    expect((await from({ shape: 'masked', text: null }, null)).from).toBe('none');
  });

  test.each(['clear', 'digest', ...hidden] as const)(
    'left as %s, the digest of our secret stands for it',
    async (shape) => {
      expect((await from(shown.digest, { shape })).from).toBe('record');
    },
  );

  test('a digest of its own kind stands for it if it is the one that showed after our write', async () => {
    const now: ShownSecret = { shape: 'digest', text: HMAC };
    expect((await from(now, { shape: 'digest', shownDigest: HMAC })).from).toBe('record');
    expect((await from(now, { shape: 'digest', shownDigest: OURS })).from).toBe('none');
    expect((await from(now, { shape: 'digest', shownDigest: null })).from).toBe('none');
  });

  test('the record says everything but defects: somebody may have replaced it', async () => {
    const record = aWritten({ fingerprint: OURS, shape: 'masked' });
    expect(await from(shown.masked, { shape: 'masked' })).toEqual({
      ...{ shown: shown.masked, from: 'record', fingerprint: OURS, defect: null, ours: true },
      ...{ teamId: 'A1B2C3D4E5', clientId: 'com.example.shop.web', keyId: 'K1L2M3N4O5' },
      ...{ issuedAt: NOW - 80 * DAY, expiresAt: NOW + 100 * DAY, identity: identityId(record) },
    });
  });

  test('a write that may have arrived does not stand in', async () => {
    const maybeWritten = aWritten({ fingerprint: OURS, shape: 'masked' });
    expect((await read(shown.masked, { maybeWritten })).from).toBe('none');
  });

  test.each(Object.entries(shown))('without a record nothing is known of one shown as %s', async (_name, now) => {
    expect(await from(now, null)).toEqual({ ...anUnknownSecret(now.shape), shown: now });
  });

  test('three parts that are no JWT are as opaque as a mask', async () => {
    expect(await from(clear('a.b.c'), null)).toEqual({ ...anUnknownSecret('masked'), shown: masked('a.b.c') });
    expect((await from(clear('a.b.c'), { shape: 'clear' })).from).toBe('none');
    expect((await from(clear('a.b.c'), { shape: 'masked' })).from).toBe('record');
  });
});

describe('of a secret it is said', () => {
  const recorded = (overrides: Partial<Deployed>) => aDeployed({ from: 'record', ...overrides });
  interface Said {
    readonly missing: boolean;
    readonly expired: boolean;
    readonly useless: boolean;
    readonly good: boolean;
  }
  const fine: Said = { missing: false, expired: false, useless: false, good: true };
  const unseen: Said = { ...fine, good: false };
  const useless: Said = { ...fine, useless: true, good: false };
  test.each<[string, Deployed, Said]>([
    ['that it is good', aDeployed(), fine],
    ['that it is good, though of another key', aForeignSecret(), fine],
    ['1 ms before its expiry, that it is good', aDeployed({ expiresAt: NOW + 1 }), fine],
    ['at its expiry, that it is useless', aDeployed({ expiresAt: NOW }), { ...useless, expired: true }],
    ...DEFECTS.map((defect): [string, Deployed, Said] => [
      `that is ${defect}: useless`,
      aDeployed({ defect }),
      useless,
    ]),
    ['stood in for by the record, that it cannot be put back', recorded({}), unseen],
    [
      'stood in for by the record, past its expiry: never certainly useless',
      recorded({ expiresAt: NOW }),
      { ...unseen, expired: true },
    ],
    ['shown masked, that nothing is certain', anUnknownSecret('masked'), unseen],
    ['shown as a digest, that nothing is certain', anUnknownSecret('digest'), unseen],
    ['shown empty, that it is missing', anUnknownSecret('empty'), { ...unseen, missing: true }],
    ['shown as null, that it is missing', anUnknownSecret('null'), { ...unseen, missing: true }],
    ['not shown, that it is missing', anUnknownSecret('missing'), { ...unseen, missing: true }],
    [
      'not shown, but so since our write, that it is not missing',
      recorded({ shown: { shape: 'missing', text: null } }),
      unseen,
    ],
  ])('%s', (_name, deployed, said) => {
    expect({
      missing: isMissing(deployed),
      expired: isExpired(deployed, NOW),
      useless: isUseless(deployed, NOW),
      good: isReadableAndGood(deployed, NOW),
    }).toEqual(said);
  });
});

test('the journal keeps of it the fingerprint, the ids and instants, and how it shows: never its text', async () => {
  const jwt = await sign({});
  expect(deployedRecord(await read(clear(jwt)))).toEqual({
    fingerprint: fingerprint(jwt),
    keyId: IDS.keyId,
    issuedAt: NOW - 5 * MINUTE,
    expiresAt: NOW + DAY,
    shape: 'clear',
    from: 'read',
    identity: identityId(key),
    defect: null,
  });
});
