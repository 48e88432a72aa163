// What the journal keeps, as plain data: the identity of a target, and the beginnings of what is known.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OUTCOMES, SHAPES, TARGET_STATES, TRIGGERS, VERDICTS } from '../../src/core/reasons.ts';
import { EMPTY_FLEET, emptyTargetState, targetKey } from '../../src/core/records.ts';

const IDENTITY = { endpoint: 'https://tcb.tencentcloudapi.com', envId: 'shop-1g2h3j', providerId: 'apple' };

describe('the key of a target', () => {
  test('is endpoint, environment and provider', () => {
    expect(targetKey(IDENTITY)).toBe('https://tcb.tencentcloudapi.com|shop-1g2h3j|apple');
  });

  test.each(['/', '//'])('does not depend on %s at the end of the endpoint', (end) => {
    expect(targetKey({ ...IDENTITY, endpoint: `${IDENTITY.endpoint}${end}` })).toBe(targetKey(IDENTITY));
  });

  test('does not depend on the name, which may change without losing history', () => {
    expect(emptyTargetState(IDENTITY, 'one').key).toBe(emptyTargetState(IDENTITY, 'two').key);
  });

  test('differs as soon as the identity does', () => {
    const id = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
    const identity = fc.record({ endpoint: fc.webUrl({ validSchemes: ['https'] }), envId: id, providerId: id });
    const bare = (endpoint: string) => endpoint.replace(/\/+$/, '');
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        fc.pre(!a.endpoint.includes('|') && !b.endpoint.includes('|'));
        const same = bare(a.endpoint) === bare(b.endpoint) && a.envId === b.envId && a.providerId === b.providerId;
        expect(targetKey(a) === targetKey(b)).toBe(same);
      }),
    );
  });
});

test('of a new target nothing is known, and every field is there', () => {
  expect(emptyTargetState(IDENTITY, 'shop')).toEqual({
    ...IDENTITY,
    key: 'https://tcb.tencentcloudapi.com|shop-1g2h3j|apple',
    name: 'shop',
    state: 'unknown',
    reason: null,
    error: null,
    lastPassAt: null,
    lastGatherAt: null,
    lastSuccessAt: null,
    lastRotationAt: null,
    deployed: null,
    renewalAt: null,
    retry: { failures: 0, nextAttemptAt: null },
    written: null,
    configKeys: [],
    keyThumbprints: {},
    acceptedKeys: {},
    foreign: [],
    maybeWritten: null,
    providerChanges: [],
    providerDisabled: false,
    dueSince: null,
    appleAsked: null,
  });
});

test('a new fleet has open lanes and knows nothing of Apple', () => {
  expect(EMPTY_FLEET).toEqual({ lanes: {}, apple: {} });
});

describe('the vocabularies that cross every border are pinned: renaming a word breaks somebody’s dashboard', () => {
  test.each([
    ['outcomes', OUTCOMES, ['succeeded', 'unverified', 'rolled-back', 'blocked', 'failed']],
    ['states', TARGET_STATES, ['healthy', 'rotated', 'due', 'pending', 'unverified', 'failed', 'unknown']],
    ['triggers', TRIGGERS, ['schedule', 'start', 'retry', 'cli', 'http']],
    ['verdicts', VERDICTS, ['accepted', 'rejected', 'unknown', 'not-asked']],
    ['shapes', SHAPES, ['clear', 'digest', 'masked', 'empty', 'null', 'missing']],
  ])('%s', (_name, words, pinned) => {
    expect(words).toEqual(pinned);
  });
});
