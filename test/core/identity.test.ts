// Who a secret speaks for, and the keys that Apple has accepted: which of two ids was probably mistyped, and what an
// acceptance deletes.
import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Identity,
  identityId,
  type KeyConflict,
  type KnownKeys,
  keyConflict,
  keyName,
  withAcceptedKey,
} from '../../src/core/identity.ts';
import { aKey } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';

describe('the text of an identity', () => {
  test('is a digest of the key and the ids, and of nothing else', () => {
    const name = createHash('sha256').update('A1B2C3D4E5|com.example.shop.web|K1L2M3N4O5|thumbprint-of-our-key');
    expect(identityId(aKey())).toBe(name.digest('hex'));
    expect(identityId(aKey(generateKeyPairSync('ec', { namedCurve: 'P-256' })))).toBe(identityId(aKey()));
  });

  test('differs as soon as anything differs that Apple’s answer depends on', () => {
    const field = fc.constantFrom('teamId', 'clientId', 'keyId', 'thumbprint');
    fc.assert(
      fc.property(field, fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), (name, value) => {
        fc.pre(aKey()[name] !== value);
        expect(identityId(aKey({ [name]: value }))).not.toBe(identityId(aKey()));
      }),
    );
  });

  test('of a key is team and key id', () => {
    expect(keyName(aKey())).toBe('A1B2C3D4E5|K1L2M3N4O5');
  });
});

const { teamId, keyId, thumbprint } = aKey();
const KNOWN: KnownKeys = { [keyId]: { teamId, thumbprint }, OTHERKEYXX: { teamId, thumbprint: 'of another key' } };

describe('a key', () => {
  test.each<[string, Partial<Identity>, KeyConflict | undefined]>([
    ['that is known is no contradiction', {}, undefined],
    ['that is known, for another client, neither', { clientId: 'com.example.other' }, undefined],
    ['of which nothing is known, neither', { keyId: 'NEWKEYNEWK', thumbprint: 'new' }, undefined],
    ['named like a method of objects, neither', { keyId: 'constructor', thumbprint: 'new' }, undefined],
    ['with another private key', { thumbprint: 'swapped' }, { mixup: 'other-private-key', keyId, known: null }],
    [
      'with the private key of another known one',
      { thumbprint: 'of another key' },
      { mixup: 'other-private-key', keyId, known: null },
    ],
    [
      'under a mistyped id',
      { keyId: 'K1L2M3N405' },
      { mixup: 'other-key-id', keyId: 'K1L2M3N405', known: 'K1L2M3N4O5' },
    ],
    ['in another team', { teamId: 'ANOTHERTEA' }, { mixup: 'other-team', keyId, known: 'A1B2C3D4E5' }],
  ])('%s', (_name, overrides, conflict) => {
    expect(keyConflict(KNOWN, aKey(overrides))).toEqual(conflict);
  });

  test('contradicts nothing in a new journal', () => {
    expect(keyConflict({}, aKey())).toBeUndefined();
  });
});

describe('an acceptance', () => {
  test('of what is known changes nothing', () => {
    expect(withAcceptedKey(KNOWN, aKey())).toBe(KNOWN);
  });

  test('of a new key adds it', () => {
    const key = aKey({ keyId: 'NEWKEYNEWK', thumbprint: 'new' });
    expect(withAcceptedKey(KNOWN, key)).toEqual({ ...KNOWN, NEWKEYNEWK: { teamId, thumbprint: 'new' } });
  });

  test('deletes what contradicts it, and nothing else', () => {
    expect(withAcceptedKey(KNOWN, aKey({ thumbprint: 'of another key' }))).toEqual({
      [keyId]: { teamId, thumbprint: 'of another key' },
    });
    expect(withAcceptedKey(KNOWN, aKey({ teamId: 'ANOTHERTEA' }))).toEqual({
      ...KNOWN,
      [keyId]: { teamId: 'ANOTHERTEA', thumbprint },
    });
  });

  test('whatever was accepted before: the accepted key contradicts nothing then, and each key is known once', () => {
    const key = fc
      .record({
        teamId: fc.constantFrom('TEAM1', 'TEAM2'),
        keyId: fc.constantFrom('KEY1', 'KEY2', 'KEY3'),
        thumbprint: fc.constantFrom('a', 'b', 'c'),
      })
      .map((ids) => aKey(ids));
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 10 }), (accepted) => {
        let known: KnownKeys = {};
        for (const each of accepted) {
          const conflict = keyConflict(known, each);
          const before = known;
          known = withAcceptedKey(known, each);
          expect(keyConflict(known, each)).toBeUndefined();
          if (conflict === undefined) expect(known).toMatchObject(before);
        }
        const prints = Object.values(known).map((each) => each.thumbprint);
        expect(new Set(prints).size).toBe(prints.length);
      }),
      { numRuns: tries(300) },
    );
  });
});
