// The six ways in which a client secret may show.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { fingerprint } from '../../src/core/parsed-secret.ts';
import type { ShownSecret } from '../../src/core/provider.ts';
import { SHAPES } from '../../src/core/reasons.ts';
import { fingerprintShown, shownSecret, showsNothing } from '../../src/core/shown-secret.ts';

const JWT = `eyJ${'h'.repeat(30)}.${'c'.repeat(40)}.${'s'.repeat(86)}`;
const DIGEST = fingerprint(JWT);

describe('a client secret shows', () => {
  test.each<[string, Json | undefined, ShownSecret]>([
    ['clear as a JWT', JWT, { shape: 'clear', text: JWT }],
    ['clear as three parts without a signature', 'a.b.', { shape: 'clear', text: 'a.b.' }],
    ['as a digest', DIGEST, { shape: 'digest', text: DIGEST }],
    ['as a digest in capitals', DIGEST.toUpperCase(), { shape: 'digest', text: DIGEST }],
    ['masked as 63 hex digits', DIGEST.slice(1), { shape: 'masked', text: DIGEST.slice(1) }],
    ['masked as asterisks', '******', { shape: 'masked', text: '******' }],
    ['masked as half a JWT', 'eyJhb***', { shape: 'masked', text: 'eyJhb***' }],
    ['masked as a JWT with a line end', `${JWT}\n`, { shape: 'masked', text: `${JWT}\n` }],
    ['masked as two parts', 'a.b', { shape: 'masked', text: 'a.b' }],
    ['masked as something that is not a text', { a: 1 }, { shape: 'masked', text: null }],
    ['masked as a number', 0, { shape: 'masked', text: null }],
    ['empty', '', { shape: 'empty', text: '' }],
    ['null', null, { shape: 'null', text: null }],
    ['missing', undefined, { shape: 'missing', text: null }],
  ])('%s', (_name, value, shown) => {
    expect(shownSecret(value)).toEqual(shown);
  });

  test('nothing if it is empty, null or missing', () => {
    expect(SHAPES.filter(showsNothing)).toEqual(['empty', 'null', 'missing']);
  });
});

test.each<[string, Json | undefined, string | null]>([
  ['in clear has the fingerprint of its text', JWT, DIGEST],
  ['as a digest has that digest', DIGEST.toUpperCase(), DIGEST],
  ['that is masked has none', '******', null],
  ['that is empty has none', '', null],
  ['that is missing has none', undefined, null],
])('a secret that shows %s', (_name, value, print) => {
  expect(fingerprintShown(shownSecret(value))).toBe(print);
});
