// What the journal keeps, as plain data: the identity of a target, and the beginnings of what is known.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING_SAID } from '../../src/core/answers.ts';
import {
  DEFECTS,
  EVIDENCE_DETAILS,
  EVIDENCE_KINDS,
  LOGIN_CAUSES,
  LOGIN_STATES,
  OUTCOMES,
  REASONS,
  SHAPES,
  TARGET_STATES,
  TRIGGERS,
  VERDICTS,
} from '../../src/core/reasons.ts';
import {
  AS_IT_IS,
  EMPTY_FLEET,
  emptyTargetState,
  NEVER_ASKED,
  reasonSchema,
  recordSchemas,
  targetKey,
} from '../../src/core/records.ts';

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
    wakeAt: null,
    retry: { failures: 0, nextAttemptAt: null },
    written: null,
    configKeys: [],
    proven: {},
    apple: { deployed: NEVER_ASKED, candidate: NEVER_ASKED, acceptedSecret: null },
    provider: { enabled: null, strangeHost: null, differs: [], trouble: null, since: null, at: null },
    loginCheck: null,
    replaced: null,
    secretFormHarmed: false,
    unproven: null,
    maybeWritten: null,
    providerChanges: [],
    dueSince: null,
  });
});

describe('a state that an earlier version wrote', () => {
  const { target, fleet } = recordSchemas(AS_IT_IS);
  const state = emptyTargetState(IDENTITY, 'shop');
  const without = (record: object, ...names: string[]) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

  test('is read as one of which nothing more is known', () => {
    const added = ['proven', 'apple', 'provider', 'loginCheck', 'replaced', 'secretFormHarmed', 'unproven'];
    expect(target.parse(without(state, ...added))).toEqual(state);
    expect(fleet.parse({ apple: {} })).toEqual(EMPTY_FLEET);
  });

  test('has a deployed secret that nobody has verified', () => {
    const deployed = { fingerprint: 'f', keyId: 'K', issuedAt: 1, expiresAt: 2, shape: 'clear' };
    expect(target.parse({ ...state, deployed }).deployed).toEqual({
      ...deployed,
      from: 'record',
      identity: null,
      defect: null,
    });
  });

  test('has what was said of Apple, and no more', () => {
    const known = { firstAskedAt: 1, answeredAt: 2, controlAskedAt: 3 };
    expect(fleet.parse({ apple: { url: known } }).apple).toEqual({ url: { ...NOTHING_SAID, ...known } });
  });
});

test('a new fleet has open lanes and knows nothing of Apple', () => {
  expect(EMPTY_FLEET).toEqual({ lanes: {}, apple: {}, keys: {}, skew: null, openSince: null });
});

test.each([
  ['TeamChanged', 'KeyChanged'],
  ['ClientChanged', 'KeyChanged'],
  ['SignatureInvalid', 'SecretInvalid'],
  ['LifetimeTooLong', 'SecretInvalid'],
  ['RenewalDue', 'RenewalDue'],
])('the reason %s of version 0.1.0 is read as %s', (old, reason) => {
  expect(reasonSchema.parse(old)).toBe(reason);
});

test('a reason that nobody knows is refused', () => {
  expect(reasonSchema.safeParse('Whim').success).toBe(false);
});

describe('the vocabularies that cross every border are pinned: renaming a word breaks somebody’s dashboard', () => {
  test.each([
    ['outcomes', OUTCOMES, ['succeeded', 'unverified', 'rolled-back', 'blocked', 'failed']],
    ['states', TARGET_STATES, ['healthy', 'rotated', 'due', 'pending', 'unverified', 'failed', 'unknown']],
    ['triggers', TRIGGERS, ['schedule', 'start', 'retry', 'cli', 'http']],
    ['verdicts', VERDICTS, ['accepted', 'rejected', 'unknown', 'not-asked']],
    [
      'reasons',
      REASONS,
      [
        'SecretMissing',
        'SecretUnreadable',
        'SecretExpired',
        'SecretInvalid',
        'RejectedByApple',
        'KeyChanged',
        'RenewalDue',
        'Requested',
      ],
    ],
    ['defects', DEFECTS, ['damaged', 'other-client', 'other-audience', 'too-long', 'never-expires', 'no-claims']],
    ['states of logins', LOGIN_STATES, ['works', 'fails', 'unknown']],
    ['causes of logins that fail', LOGIN_CAUSES, ['secret', 'provider', 'login-check']],
    ['kinds of evidence', EVIDENCE_KINDS, ['apple', 'secret', 'provider', 'login-check', 'clock']],
    [
      'details of evidence',
      EVIDENCE_DETAILS,
      [
        ...['accepted', 'rejected', 'rejected-once', 'rejected-uncounted', 'accepted-uncounted', 'identity-accepted'],
        ...['expired', 'valid', ...DEFECTS, 'missing', 'unreadable', 'stands-in', 'unproven'],
        ...['gone', 'environment-gone', 'not-found-once', 'switched-off', 'strange-host'],
        ...['invalid-client', 'invalid-client-once', 'never-compared'],
      ],
    ],
    ['shapes', SHAPES, ['clear', 'digest', 'masked', 'empty', 'null', 'missing']],
  ])('%s', (_name, words, pinned) => {
    expect(words).toEqual(pinned);
  });
});
