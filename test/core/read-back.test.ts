// Every cell of what may be read after a write: how the secret showed before, and what shows now.
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import type { ShownSecret } from '../../src/core/provider.ts';
import { judgeReadBack, type ReadBack } from '../../src/core/read-back.ts';
import { SECOND } from '../../src/core/time.ts';
import { NOW } from '../support/builders.ts';

function jwt(name: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', kid: name })}.${part(claims)}.${Buffer.alloc(64, name).toString('base64url')}`;
}

const ahead = NOW / SECOND + 1;
const CANDIDATE = jwt('CANDIDATE', { exp: ahead });
const OLD = jwt('OLD', { exp: ahead });
const THIRD = jwt('THIRD', { exp: ahead });

const clear = (text: string): ShownSecret => ({ shape: 'clear', text });
const digest = (text: string): ShownSecret => ({ shape: 'digest', text: fingerprint(text) });

const SHOWN = {
  'the candidate': clear(CANDIDATE),
  'the digest of the candidate': digest(CANDIDATE),
  'the old secret': clear(OLD),
  'the digest of the old secret': digest(OLD),
  'a third secret': clear(THIRD),
  'a third secret that expires now': clear(jwt('LATE', { exp: NOW / SECOND })),
  'a third secret without an expiry': clear(jwt('ENDLESS', {})),
  'three parts that are no JWT': clear('a.b.c'),
  'another digest': digest(THIRD),
  'a masked text': { shape: 'masked', text: '******' },
  'an empty text': { shape: 'empty', text: '' },
  null: { shape: 'null', text: null },
  'nothing at all': { shape: 'missing', text: null },
} as const satisfies Record<string, ShownSecret>;
type Row = Readonly<Record<keyof typeof SHOWN, ReadBack>>;

/** What is readable says the same, however the secret showed before. */
const READABLE = {
  'the candidate': 'arrived',
  'the digest of the candidate': 'arrived',
  'the old secret': 'still-old',
  'the digest of the old secret': 'still-old',
  'a third secret': 'conflict',
  'a third secret that expires now': 'unfit',
  'a third secret without an expiry': 'unfit',
  'three parts that are no JWT': 'unfit',
} as const;
/** It showed something: what does not show anything now has lost it. */
const HIDDEN: Row = {
  ...READABLE,
  'another digest': 'not-shown',
  'a masked text': 'not-shown',
  'an empty text': 'unfit',
  null: 'unfit',
  'nothing at all': 'unfit',
};
/** It showed nothing: nothing is what is to be expected. */
const NOTHING: Row = { ...HIDDEN, 'an empty text': 'not-shown', null: 'not-shown', 'nothing at all': 'not-shown' };

const TABLE: readonly { before: ShownSecret; now: Row }[] = [
  { before: clear(OLD), now: { ...HIDDEN, 'another digest': 'unfit', 'a masked text': 'unfit' } },
  { before: digest(OLD), now: HIDDEN },
  { before: { shape: 'masked', text: '******' }, now: HIDDEN },
  { before: { shape: 'empty', text: '' }, now: NOTHING },
  { before: { shape: 'null', text: null }, now: NOTHING },
  { before: { shape: 'missing', text: null }, now: NOTHING },
];

const written = (before: ShownSecret, beforeFingerprint: string | null) => ({
  candidateFingerprint: fingerprint(CANDIDATE),
  before,
  beforeFingerprint,
});

describe.each(TABLE)('where the secret showed as $before.shape', ({ before, now }) => {
  test.each(Object.entries(SHOWN))('%s', (name, shown) => {
    expect(judgeReadBack(written(before, fingerprint(OLD)), shown, NOW)).toBe(now[name as keyof Row]);
  });
});

describe('where the journal does not know the old secret', () => {
  test('the same text in clear is the old one', () => {
    expect(judgeReadBack(written(clear(OLD), null), clear(OLD), NOW)).toBe('still-old');
  });

  test('the same digest is the old one', () => {
    expect(judgeReadBack(written(digest(OLD), null), digest(OLD), NOW)).toBe('still-old');
  });

  test('the text whose digest showed before is the old one', () => {
    expect(judgeReadBack(written(digest(OLD), null), clear(OLD), NOW)).toBe('still-old');
  });

  test.each(['masked', 'empty', 'null', 'missing'] as const)(
    'a readable secret where it showed as %s is somebody else’s',
    (shape) => {
      const text = { masked: '***', empty: '', null: null, missing: null }[shape];
      expect(judgeReadBack(written({ shape, text }, null), clear(OLD), NOW)).toBe('conflict');
    },
  );

  test('a digest where it was masked tells nothing', () => {
    expect(judgeReadBack(written({ shape: 'masked', text: '***' }, null), digest(OLD), NOW)).toBe('not-shown');
  });
});

test('a third secret counts until the instant of its expiry, not at it', () => {
  const third = clear(jwt('LATE', { exp: NOW / SECOND }));
  expect(judgeReadBack(written(clear(OLD), null), third, NOW - 1)).toBe('conflict');
  expect(judgeReadBack(written(clear(OLD), null), third, NOW)).toBe('unfit');
});
