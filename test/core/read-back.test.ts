// Every cell of what may be read after a write: how the secret showed before, and what shows now; and a damaged secret
// of ours, in every form, told from a stranger's.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, mintClientSecret, parseClientSecret } from '../../src/core/client-secret.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import type { ShownSecret } from '../../src/core/provider.ts';
import { judgeReadBack, type ReadBack, type Written } from '../../src/core/read-back.ts';
import { shownSecret } from '../../src/core/shown-secret.ts';
import { DAY, SECOND } from '../../src/core/time.ts';
import { aKey, aWritten, NOW } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';
import { newKey } from '../support/keys.ts';

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
  'the candidate cut short': clear(CANDIDATE.slice(0, -1)),
  'the candidate in quotes': { shape: 'masked', text: `"${CANDIDATE}"` },
  'the old secret': clear(OLD),
  'the digest of the old secret': digest(OLD),
  'a third secret': clear(THIRD),
  'a third secret that expires now': clear(jwt('LATE', { exp: NOW / SECOND })),
  'a third secret without an expiry': clear(jwt('ENDLESS', {})),
  'three parts that are no JWT': clear('a.b.c'),
  'another digest': digest(THIRD),
  'a masked text': { shape: 'masked', text: '******' },
  'something that is not a text': { shape: 'masked', text: null },
  'an empty text': { shape: 'empty', text: '' },
  null: { shape: 'null', text: null },
  'nothing at all': { shape: 'missing', text: null },
} as const satisfies Record<string, ShownSecret>;
type Row = Readonly<Record<keyof typeof SHOWN, ReadBack>>;

/** It showed something, but nobody can read it: what does not show anything now has lost it. */
const OPAQUE: Row = {
  'the candidate': 'arrived',
  'the digest of the candidate': 'arrived',
  'the candidate cut short': 'unfit',
  'the candidate in quotes': 'unfit',
  // Nobody knows that it is the old one, where that did not show.
  'the old secret': 'conflict',
  'the digest of the old secret': 'still-old',
  'a third secret': 'conflict',
  'a third secret that expires now': 'unfit',
  'a third secret without an expiry': 'unfit',
  'three parts that are no JWT': 'not-shown',
  'another digest': 'not-shown',
  'a masked text': 'not-shown',
  'something that is not a text': 'not-shown',
  'an empty text': 'unfit',
  null: 'unfit',
  'nothing at all': 'unfit',
};
/** It showed in clear: what does not is spoiled. */
const CLEAR: Row = {
  ...OPAQUE,
  'the old secret': 'still-old',
  'three parts that are no JWT': 'unfit',
  'another digest': 'unfit',
  'a masked text': 'unfit',
  'something that is not a text': 'unfit',
};
/** It showed nothing: nothing is what is to be expected. */
const NOTHING: Row = { ...OPAQUE, 'an empty text': 'not-shown', null: 'not-shown', 'nothing at all': 'not-shown' };

const TABLE: readonly { before: ShownSecret; now: Row }[] = [
  { before: clear(OLD), now: CLEAR },
  { before: digest(OLD), now: OPAQUE },
  { before: { shape: 'masked', text: '******' }, now: OPAQUE },
  { before: { shape: 'empty', text: '' }, now: NOTHING },
  { before: { shape: 'null', text: null }, now: NOTHING },
  { before: { shape: 'missing', text: null }, now: NOTHING },
];

const written = (before: ShownSecret, beforeFingerprint: string | null = null): Written => ({
  candidate: { ...aWritten({ fingerprint: fingerprint(CANDIDATE) }), jwt: CANDIDATE },
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
    expect(judgeReadBack(written(clear(OLD)), clear(OLD), NOW)).toBe('still-old');
  });

  test('the same digest is the old one', () => {
    expect(judgeReadBack(written(digest(OLD)), digest(OLD), NOW)).toBe('still-old');
  });

  test('after a crash the fingerprint is enough', () => {
    const before = { shape: 'clear', text: null } as const;
    expect(judgeReadBack(written(before, fingerprint(OLD)), clear(OLD), NOW)).toBe('still-old');
    expect(judgeReadBack(written(before, fingerprint(OLD)), clear(THIRD), NOW)).toBe('conflict');
  });

  test('the same mask tells nothing', () => {
    const mask = { shape: 'masked', text: '***' } as const;
    expect(judgeReadBack(written(mask), mask, NOW)).toBe('not-shown');
    expect(judgeReadBack(written(mask), digest(OLD), NOW)).toBe('not-shown');
    // Nor does one that shows what all secrets of a key begin with.
    const beginning = { shape: 'masked', text: CANDIDATE.slice(0, 40) } as const;
    expect(judgeReadBack(written(beginning), beginning, NOW)).toBe('not-shown');
    expect(judgeReadBack(written(mask), beginning, NOW)).toBe('unfit');
  });
});

test('a third secret counts until the instant of its expiry, not at it', () => {
  const third = clear(jwt('LATE', { exp: NOW / SECOND }));
  expect(judgeReadBack(written(clear(OLD)), third, NOW - 1)).toBe('conflict');
  expect(judgeReadBack(written(clear(OLD)), third, NOW)).toBe('unfit');
});

describe('a damaged secret of ours is told from a stranger’s', () => {
  let key: KeyMaterial;
  let made: Written['candidate'] & { readonly jwt: string };
  beforeAll(async () => {
    key = await newKey();
    made = await candidateOf(key, NOW);
  });

  async function candidateOf(by: KeyMaterial, nowMs: number, lifetimeMs = 180 * DAY) {
    const {
      jwt: text,
      fingerprint: print,
      issuedAtMs: issuedAt,
      expiresAtMs: expiresAt,
    } = await mintClientSecret(by, {
      nowMs,
      lifetimeMs,
    });
    const { teamId, clientId, keyId, thumbprint } = by;
    return { ...{ jwt: text, fingerprint: print, issuedAt, expiresAt }, teamId, clientId, keyId, thumbprint };
  }

  /** How it is judged, whatever showed before; undefined: that depends. */
  function judged(text: string, candidate: Written['candidate'] = made): ReadBack | undefined {
    const judges = TABLE.map(({ before }) =>
      judgeReadBack({ candidate, before, beforeFingerprint: fingerprint(OLD) }, shownSecret(text), NOW),
    );
    return new Set(judges).size === 1 ? judges[0] : undefined;
  }

  const halves = (text: string): [string, string] => [text.slice(0, 90), text.slice(90)];
  const FORMS: readonly (readonly [string, (text: string) => string])[] = [
    ['without its last character', (text) => text.slice(0, -1)],
    ['without its first character', (text) => text.slice(1)],
    ['cut to 255 characters', (text) => text.slice(0, 255)],
    ['cut to 128 characters', (text) => text.slice(0, 128)],
    ['cut to its last 24 characters', (text) => text.slice(-24)],
    ['cut at both ends', (text) => text.slice(10, -10)],
    ['without its signature', (text) => text.slice(0, text.lastIndexOf('.'))],
    ['without its header', (text) => text.slice(text.indexOf('.') + 1)],
    ['with a line end', (text) => `${text}\n`],
    ['with a CRLF', (text) => `${text}\r\n`],
    ['with white space around it', (text) => `  ${text}\t`],
    ['with a line end in it', (text) => halves(text).join('\n')],
    ['with a blank that does not break', (text) => `${text}\u00a0`],
    ['with a byte order mark', (text) => `\ufeff${text}`],
    ['with a zero-width space', (text) => halves(text).join('\u200b')],
    ['with a soft hyphen', (text) => halves(text).join('\u00ad')],
    ['in double quotes', (text) => `"${text}"`],
    ['in single quotes', (text) => `'${text}'`],
    ['in back quotes', (text) => `\`${text}\``],
    ['in quotes and cut', (text) => `"${text.slice(0, 200)}`],
    ['with a line end and cut', (text) => `${text.slice(0, 200)}\n`],
    ['twice', (text) => text + text],
    ['with something before it', (text) => `Bearer ${text}`],
    ['with more after it', (text) => `${text}.AAAA`],
    ['with a longer signature', (text) => `${text}AAAA`],
    ['with another signature', (text) => `${text.slice(0, text.lastIndexOf('.'))}.${'A'.repeat(86)}`],
    ['with no signature', (text) => text.slice(0, text.lastIndexOf('.') + 1)],
  ];

  test.each(FORMS)('%s', async (_name, damage) => {
    expect(judged(damage(made.jwt))).toBe('unfit');
    // The same done to a stranger's is not taken for ours: either it is readable, or nobody knows.
    const stranger = await candidateOf({ ...(await newKey()), keyId: 'STRANGERXX' }, NOW + DAY);
    const text = damage(stranger.jwt);
    expect(judgeReadBack({ ...written(SHOWN['a masked text']), candidate: made }, shownSecret(text), NOW)).toBe(
      parseClientSecret(text) === undefined ? 'not-shown' : 'conflict',
    );
  });

  test('whole is not damaged', () => {
    expect(judged(made.jwt)).toBe('arrived');
  });

  test('cut to fewer than 24 characters it may be a mask', () => {
    expect(judged(made.jwt.slice(0, 23))).toBeUndefined();
    expect(judgeReadBack({ ...written(clear(OLD)), candidate: made }, shownSecret(made.jwt.slice(0, 23)), NOW)).toBe(
      'unfit',
    );
  });

  test('after a crash its claims are all that is known', () => {
    const afterCrash = { ...made, jwt: null };
    const [header, claims] = made.jwt.split('.');
    for (const signature of ['', 'A'.repeat(86), 'A'.repeat(10)])
      expect(judged(`${header}.${claims}.${signature}`, afterCrash)).toBe('unfit');
    expect(judged(`"${made.jwt}"`, afterCrash)).toBe('unfit');
    expect(judged(made.jwt, afterCrash)).toBe('arrived');
  });

  test('a stranger’s is a conflict, whichever of its claims is another one', async () => {
    const others = fc.record({
      teamId: fc.constantFrom(aKey().teamId, 'ANOTHERTEA'),
      clientId: fc.constantFrom(aKey().clientId, 'com.example.other'),
      keyId: fc.constantFrom(aKey().keyId, 'ANOTHERKEY'),
      later: fc.integer({ min: 0, max: 2 }),
      shorter: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(others, async ({ later, shorter, ...ids }) => {
        const stranger = await candidateOf({ ...key, ...ids }, NOW + later * SECOND, (180 - shorter) * DAY);
        const isOther = later + shorter > 0 || Object.entries(ids).some(([name, id]) => id !== aKey()[name as 'keyId']);
        // Two daemons that mint within one second make the same claims; the lease keeps them apart.
        expect(judged(stranger.jwt)).toBe(isOther ? 'conflict' : 'unfit');
      }),
      { numRuns: tries(60) },
    );
  });

  test('any piece of ours of 24 characters or more, in any wrapping, is ours', () => {
    const wrapping = fc.constantFrom('', '"', "'", ' ', '\n', '\t', '\u200b', '\ufeff', '\u2060', '\u00a0', '\r\n');
    fc.assert(
      fc.property(fc.nat(), fc.nat(), wrapping, wrapping, (from, length, before, after) => {
        const start = from % (made.jwt.length - 24);
        const piece = made.jwt.slice(start, start + 24 + (length % made.jwt.length));
        const text = before + piece + after;
        expect(judged(text)).toBe(text === made.jwt ? 'arrived' : 'unfit');
      }),
      { numRuns: tries(500) },
    );
  });

  test('whatever shows: it is never taken for arrived but by its fingerprint, nor for ours by chance', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.stringMatching(/^[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{0,40}$/),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(...TABLE), (text, { before }) => {
        const shown = shownSecret(text);
        const verdict = judgeReadBack({ ...written(before), candidate: made }, shown, NOW);
        expect(verdict).not.toBe('arrived');
        if (before.shape !== 'clear' && text !== '') expect(verdict).not.toBe('unfit');
      }),
      { numRuns: tries(500) },
    );
  });
});
