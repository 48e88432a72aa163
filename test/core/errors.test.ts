// The one error class: every code is classified, every failure has a next step, and a fault of the program is told
// apart from trouble that an operator can understand.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asRotatorError, type ErrorCode, REMEDIES, RotatorError } from '../../src/core/errors.ts';
import { aRemote } from '../../src/core/texts/call-examples.ts';
import { modulesBelow } from '../support/modules.ts';

const PASSES: readonly ErrorCode[] = [
  'ERR_KEY_SOURCE_UNAVAILABLE',
  'ERR_CREDENTIALS_UNAVAILABLE',
  'ERR_CLOUDBASE_THROTTLED',
  'ERR_CLOUDBASE_UNAVAILABLE',
  'ERR_CLOUDBASE_NETWORK',
  'ERR_CLOUDBASE_TIMEOUT',
  'ERR_CLOUDBASE_BAD_ANSWER',
  'ERR_CLOUDBASE_CLOCK',
  'ERR_APPLE_REJECTED_ONCE',
  'ERR_APPLE_UNKNOWN',
  'ERR_CLOCK_SKEWED',
  'ERR_LEASE_HELD',
  'ERR_LEASE_LOST',
  'ERR_PROVIDER_MOVING',
  'ERR_SUPERSEDED',
  'ERR_INTERRUPTED',
  'ERR_NOT_APPLIED',
  'ERR_ROLLED_BACK',
  'ERR_ROLLBACK_FAILED',
  'ERR_READ_BACK',
  'ERR_OUTCOME_UNKNOWN',
  'ERR_LANE_CLOSED',
  'ERR_CHANNEL_THROTTLED',
  'ERR_CHANNEL_UNAVAILABLE',
  'ERR_JOURNAL_UNWRITABLE',
  'ERR_INTERNAL',
];

describe('the codes', () => {
  test('that may pass are these; every other one wants a person', () => {
    const passing = Object.entries(REMEDIES).filter(([, remedy]) => remedy === 'passes');
    expect(passing.map(([code]) => code).sort()).toEqual([...PASSES].sort());
    expect(new Set(Object.values(REMEDIES))).toEqual(new Set(['passes', 'person']));
  });

  test('are ERR_ and words in capitals', () => {
    for (const code of Object.keys(REMEDIES)) expect(code).toMatch(/^ERR(_[A-Z]+)+$/);
  });

  test('are all in use: a code that nothing throws would be a promise to nobody', () => {
    const root = new URL('../../src/', import.meta.url).pathname;
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const sources = files
      .filter((file) => file !== 'core/errors.ts')
      .map((file) => readFileSync(join(root, file), 'utf8'));
    const unused = Object.keys(REMEDIES).filter((code) => !sources.some((source) => source.includes(`'${code}'`)));
    expect(unused.filter((code) => code !== 'ERR_INTERNAL')).toEqual([]);
  });
});

describe('a RotatorError', () => {
  test('carries its code, its hint and its class', () => {
    const error = new RotatorError('ERR_INTERRUPTED', { problem: 'no-new' });
    expect(error).toMatchObject({
      name: 'RotatorError',
      code: 'ERR_INTERRUPTED',
      stored: { code: 'ERR_INTERRUPTED', params: { problem: 'no-new' } },
      message: 'the program is stopping, so no rotation begins',
      hint: 'Ask again when it runs again.',
      remedy: 'passes',
      ambiguous: false,
    });
    expect([error.requestId, error.remoteCode, error.cause, 'cause' in error]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
    expect(error).toBeInstanceOf(Error);
  });

  test('keeps what the remote side said, and why', () => {
    const cause = new Error('reset');
    const error = new RotatorError('ERR_CLOUDBASE_NETWORK', aRemote('network'), {
      cause,
      requestId: 'r-1',
      remoteCode: 'NETWORK',
      ambiguous: true,
    });
    expect(error).toMatchObject({ cause, requestId: 'r-1', remoteCode: 'NETWORK', ambiguous: true, remedy: 'passes' });
  });
});

describe('whatever was thrown becomes a RotatorError', () => {
  test('which it may be already: then it is the same one', () => {
    const error = new RotatorError('ERR_LEASE_HELD', null);
    expect(asRotatorError(error)).toBe(error);
  });

  test.each([
    ['an Error', new TypeError('x is not a function'), 'unexpected: x is not a function'],
    ['a text', 'boom', 'unexpected: boom'],
    ['nothing', undefined, 'unexpected: undefined'],
    ['a symbol', Symbol('s'), 'unexpected: Symbol(s)'],
  ])('from %s', (_name, thrown, message) => {
    const error = asRotatorError(thrown);
    expect(error).toMatchObject({ code: 'ERR_INTERNAL', message, remedy: 'passes' });
    expect(error.hint).toMatch(/^Report this/);
    expect(error.cause).toBe(thrown);
  });
});

test('no error is made of a sentence: those stand in the catalogue', () => {
  const sentence = /new RotatorError\(\s*[^,()]+,\s*(?:['"`]|\{[^}]*\bhint\b)/;
  const found = modulesBelow('src').filter(({ code }) => sentence.test(code));
  expect(found.map(({ path }) => path)).toEqual([]);
  expect(sentence.test("new RotatorError('ERR_CONFLICT', `somebody wrote`)")).toBe(true);
});
