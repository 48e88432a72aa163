// What is wrong with a target, condition by condition, each at its boundary and one millisecond before it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectTarget, type TargetFacts } from '../../../src/alerts/detect/detect.ts';
import type { Finding } from '../../../src/core/alerts/conditions.ts';
import { createWindow } from '../../../src/core/cron.ts';
import { type ErrorCode, REMEDIES } from '../../../src/core/errors.ts';
import type { TargetState } from '../../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import { anAsked, anError, aWatched, aWatchedState, inShort, left, targetFacts } from '../../support/alert-facts.ts';
import { anyTarget } from '../../support/any-record.ts';
import { aWritten, NOW } from '../../support/builders.ts';

type Row = [name: string, found: string[], state: Partial<TargetState>, overrides?: Partial<TargetFacts>];

function look(state: Partial<TargetState>, overrides: Partial<TargetFacts> = {}): Finding[] {
  return detectTarget(targetFacts(state, overrides));
}

/** The finding of one condition, which must be there. */
function only<Name extends Finding['condition']>(
  name: Name,
  state: Partial<TargetState>,
  overrides: Partial<TargetFacts> = {},
): Extract<Finding, { condition: Name }> {
  const found = look(state, overrides).find(({ condition }) => condition === name);
  if (found === undefined) throw new Error(`${name} is not found`);
  return found as Extract<Finding, { condition: Name }>;
}

function table(rows: Row[]): void {
  test.each(rows)('%s', (_name, found, state, overrides) => {
    expect(inShort(look(state, overrides))).toEqual(found);
  });
}

/** 02:00 to 06:00 UTC, every day. */
const NIGHTLY = createWindow({ cron: '0 2 * * *', durationMs: 4 * HOUR, timezone: 'UTC' });
/** At NOW, a Sunday at ten, the windows of Saturday and Sunday night have closed. */
const withWindow = (window = NIGHTLY) => ({
  target: aWatched({ policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window } }),
});

test('nothing is wrong with a target that is checked, and renewed in time', () => {
  expect(look({})).toEqual([]);
});

describe('RenewalOverdue', () => {
  const due = (ms: number): Partial<TargetState> => ({ state: 'due', reason: 'RenewalDue', renewalAt: NOW - ms });

  table([
    ['not when renewal has been due for a day less 1 ms', [], due(DAY - 1)],
    ['when renewal has been due for a day', ['RenewalOverdue warning'], due(DAY)],
    [
      'when a rotation was put off a day ago, though renewal is not due',
      ['RenewalOverdue warning'],
      { dueSince: NOW - DAY },
    ],
    ['not when it was put off a day less 1 ms ago', [], { dueSince: NOW - DAY + 1 }],
    ['whatever the state says', ['RenewalOverdue warning'], { ...due(DAY), state: 'healthy', reason: null }],
    ['by the earlier of the two', ['RenewalOverdue warning'], { ...due(DAY), dueSince: NOW - 1 }],
    ['not by an instant in the future', [], { dueSince: NOW + DAY, renewalAt: NOW + 1 }],
    ['not for a target that is watched for less than a day', [], due(9 * DAY), { watchedSince: NOW - DAY + 1 }],
    [
      'not while a person is asked',
      ['AdoptionPending warning'],
      { ...due(9 * DAY), state: 'pending', error: anError('ERR_ADOPTION_REQUIRED') },
    ],
    [
      'critical when less than half of renewBefore is left',
      ['RenewalOverdue critical', 'SecretExpiring warning'],
      { ...due(30 * DAY), ...left(30 * DAY - 1) },
    ],
    [
      'a warning when half of it is left',
      ['RenewalOverdue warning', 'SecretExpiring warning'],
      { ...due(30 * DAY), ...left(30 * DAY) },
    ],
    ['a warning where the expiry is not known', ['RenewalOverdue warning'], { ...due(30 * DAY), deployed: null }],
    ['not critical on the first day either', ['SecretExpiring warning'], { ...due(DAY - 1), ...left(29 * DAY) }],
  ]);

  describe('with a maintenance window', () => {
    table([
      ['not after one window', [], due(20 * HOUR + 12 * HOUR - 1), withWindow()],
      // Due since Friday noon: Saturday's and Sunday's windows have passed.
      ['when two windows have passed', ['RenewalOverdue warning'], due(46 * HOUR), withWindow()],
      [
        'not while the second one is open',
        [],
        { renewalAt: NOW - 42 * HOUR, lastGatherAt: NOW - 7 * HOUR },
        { ...withWindow(), now: NOW - 6 * HOUR },
      ],
      ['not by what was left of a window that was open', [], due(31 * HOUR), withWindow()],
      [
        'critical all the same when half of renewBefore is used up',
        ['RenewalOverdue critical', 'SecretExpiring warning'],
        { ...due(26 * HOUR), ...left(29 * DAY) },
        withWindow(),
      ],
      [
        'when a window that never shuts was open for three days',
        ['RenewalOverdue warning'],
        due(3 * DAY),
        withWindow(createWindow({ cron: '0 * * * *', durationMs: 4 * HOUR, timezone: 'UTC' })),
      ],
      [
        'never by a window that does not open',
        [],
        due(50 * DAY),
        withWindow({ isOpen: () => false, nextOpening: () => undefined }),
      ],
    ]);

    test('tells how many have passed, up to ten', () => {
      expect(only('RenewalOverdue', due(46 * HOUR), withWindow()).facts.windowsPassed).toBe(2);
      expect(only('RenewalOverdue', due(7 * DAY), withWindow()).facts.windowsPassed).toBe(7);
      expect(only('RenewalOverdue', due(30 * DAY), withWindow()).facts.windowsPassed).toBe(10);
    });
  });

  test('tells since when, why, and until when logins work; and has ten minutes after a start', () => {
    const error = anError('ERR_LANE_CLOSED');
    expect(only('RenewalOverdue', { ...due(2 * DAY), error })).toEqual({
      condition: 'RenewalOverdue',
      id: 'RenewalOverdue/shop-1g2h3j/apple@tcb.tencentcloudapi.com',
      severity: 'warning',
      target: {
        key: 'https://tcb.tencentcloudapi.com|shop-1g2h3j|apple',
        name: 'shop',
        envId: 'shop-1g2h3j',
        providerId: 'apple',
      },
      facts: { dueSince: NOW - 2 * DAY, reason: 'RenewalDue', windowsPassed: null },
      since: NOW - 2 * DAY,
      loginsUntil: NOW + 100 * DAY,
      error,
      holdMs: 10 * MINUTE,
    });
  });
});

describe('CheckStale', () => {
  const gathered = (ms: number): Partial<TargetState> => ({ lastGatherAt: NOW - ms });
  const daily = { longestTickGapMs: 24 * HOUR };
  table([
    ['not 6 h less 1 ms after the last complete look', [], gathered(6 * HOUR - 1)],
    ['6 h after it', ['CheckStale warning'], gathered(6 * HOUR)],
    ['a warning for 48 h less 1 ms', ['CheckStale warning'], gathered(48 * HOUR - 1)],
    ['critical after 48 h', ['CheckStale critical'], gathered(48 * HOUR)],
    ['with daily ticks, not 27 h less 1 ms after it', [], gathered(27 * HOUR - 1), daily],
    ['with daily ticks, 27 h after it', ['CheckStale warning'], gathered(27 * HOUR), daily],
    ['with daily ticks, critical after 51 h', ['CheckStale critical'], gathered(51 * HOUR), daily],
    ['with daily ticks, a warning for 51 h less 1 ms', ['CheckStale warning'], gathered(51 * HOUR - 1), daily],
    [
      '6 h after it came into the configuration, where there never was one',
      ['CheckStale warning'],
      { lastGatherAt: null },
      { watchedSince: NOW - 6 * HOUR },
    ],
    ['not before that', [], { lastGatherAt: null }, { watchedSince: NOW - 6 * HOUR + 1 }],
    ['where the last look lies in the future', ['CheckStale critical'], { lastGatherAt: NOW + 1 }],
    ['not where everything lies in the future', [], { lastGatherAt: NOW + 1 }, { watchedSince: NOW + DAY }],
  ]);

  test('also of a target of which the journal knows nothing', () => {
    const found = detectTarget({ ...targetFacts({}), state: undefined });
    expect(found).toMatchObject([{ condition: 'CheckStale', facts: { lastGatherAt: null }, since: NOW - 90 * DAY }]);
  });
});

describe('RotationFailing', () => {
  const failed = (code: ErrorCode, failures: number): Partial<TargetState> => ({
    state: 'failed',
    error: anError(code),
    retry: { failures, nextAttemptAt: NOW + MINUTE },
  });
  const open = { open: new Set(['RotationFailing'] as const) };
  table([
    ['at the first failure that a person must mend', ['RotationFailing warning'], failed('ERR_CLOUDBASE_DENIED', 1)],
    ['not at the second that may pass', [], failed('ERR_CLOUDBASE_TIMEOUT', 2)],
    ['at the third that may pass', ['RotationFailing warning'], failed('ERR_CLOUDBASE_TIMEOUT', 3)],
    [
      'at the first that may pass in an emergency',
      ['RotationFailing critical', 'SecretExpiring critical'],
      { ...failed('ERR_CLOUDBASE_TIMEOUT', 1), ...left(8 * DAY) },
    ],
    [
      'at the first where the secret is missing',
      ['RotationFailing critical'],
      {
        ...failed('ERR_CLOUDBASE_TIMEOUT', 1),
        deployed: { fingerprint: null, keyId: null, issuedAt: null, expiresAt: null, shape: 'missing' },
      },
    ],
    [
      'at the first where Apple rejects it',
      ['RotationFailing critical', 'AppleRejectsSecret critical'],
      { ...failed('ERR_CLOUDBASE_TIMEOUT', 1), appleAsked: anAsked() },
    ],
    [
      'critical when little is left',
      ['RotationFailing critical', 'SecretExpiring critical'],
      { ...failed('ERR_CLOUDBASE_DENIED', 1), ...left(20 * DAY - 1) },
    ],
    [
      'a warning when more is left',
      ['RotationFailing warning', 'SecretExpiring warning'],
      { ...failed('ERR_CLOUDBASE_DENIED', 1), ...left(20 * DAY) },
    ],
    [
      'a warning where it is not known how much',
      ['RotationFailing warning'],
      { ...failed('ERR_CLOUDBASE_DENIED', 1), deployed: null },
    ],
    ['not when nothing failed: the lease is held', [], failed('ERR_LEASE_HELD', 9)],
    ['not when nothing failed: it was interrupted', [], failed('ERR_INTERRUPTED', 9)],
    ['not by a rotation that is put off', [], { state: 'due', retry: { failures: 3, nextAttemptAt: null } }],
    [
      'still, once raised, when a failure follows that may pass',
      ['RotationFailing warning'],
      failed('ERR_CLOUDBASE_TIMEOUT', 2),
      open,
    ],
    [
      'still, once raised, when the rotation is put off',
      ['RotationFailing warning'],
      { state: 'due', retry: { failures: 1, nextAttemptAt: null } },
      open,
    ],
    ['no more when nothing failed before it was put off', [], { state: 'due' }, open],
    ['no more after a pass that ended well', [], { state: 'healthy' }, open],
    ['no more after a pass that could not be verified', [], { state: 'unverified' }, open],
    [
      'no more when a person is asked',
      ['AdoptionPending warning'],
      { ...failed('ERR_ADOPTION_REQUIRED', 1), state: 'pending' },
      open,
    ],
  ]);

  test('tells the failures, the next attempt and the error', () => {
    expect(only('RotationFailing', failed('ERR_CLOUDBASE_DENIED', 4))).toMatchObject({
      facts: { failures: 4, nextAttemptAt: NOW + MINUTE, emergency: false },
      error: anError('ERR_CLOUDBASE_DENIED'),
      loginsUntil: NOW + 100 * DAY,
      since: null,
    });
  });

  test.each(Object.entries(REMEDIES).filter(([, remedy]) => remedy === 'person'))('at the first %s', (code) => {
    expect(inShort(look(failed(code as ErrorCode, 1)))).toContain('RotationFailing warning');
  });
});

describe('SecretExpiring and SecretExpired', () => {
  const healthy: Partial<TargetState> = { renewalAt: NOW + 1 };
  table([
    ['nothing when 45 days are left', [], { ...healthy, ...left(45 * DAY) }],
    ['expiring when 1 ms less is left', ['SecretExpiring warning'], { ...healthy, ...left(45 * DAY - 1) }],
    ['a warning when 20 days are left', ['SecretExpiring warning'], { ...healthy, ...left(20 * DAY) }],
    ['critical when 1 ms less is left', ['SecretExpiring critical'], { ...healthy, ...left(20 * DAY - 1) }],
    ['not expired 1 ms before the end', ['SecretExpiring critical'], { ...healthy, ...left(1) }],
    ['expired at the end', ['SecretExpiring critical', 'SecretExpired critical'], { ...healthy, ...left(0) }],
    ['nothing where the expiry is not known', [], { ...healthy, deployed: null }],
  ]);

  test('tell when it ends, and when it ended', () => {
    expect(only('SecretExpiring', left(DAY))).toMatchObject({
      facts: { expiresAt: NOW + DAY },
      loginsUntil: NOW + DAY,
    });
    expect(only('SecretExpired', left(-DAY))).toMatchObject({ facts: { expiresAt: NOW - DAY }, since: NOW - DAY });
  });
});

describe('AppleRejectsSecret', () => {
  const open = new Set(['AppleRejectsSecret'] as const);
  table([
    ['when Apple rejected the deployed secret', ['AppleRejectsSecret critical'], { appleAsked: anAsked() }],
    [
      'when Apple rejected a fresh one of the same key',
      ['AppleRejectsSecret critical'],
      { appleAsked: anAsked({ asked: 'same-key', fingerprint: 'b'.repeat(64) }) },
    ],
    ['not when Apple accepted it', [], { appleAsked: anAsked({ verdict: 'accepted' }) }],
    ['not when Apple gave no answer', [], { appleAsked: anAsked({ verdict: 'unknown' }) }],
    [
      'not when the answer is about a key that is deployed no more',
      [],
      { appleAsked: anAsked({ keyId: 'KEYOLDOLDA' }) },
    ],
    [
      'where it is not known what is deployed',
      ['AppleRejectsSecret critical'],
      { appleAsked: anAsked(), deployed: null },
    ],
    ['not where the answers mean nothing', [], { appleAsked: anAsked() }, { appleBlind: true }],
    [
      'still, once raised, where the answers mean nothing any more',
      ['AppleRejectsSecret critical'],
      { appleAsked: anAsked() },
      { appleBlind: true, open },
    ],
    [
      'no more, once raised, when Apple accepts',
      [],
      { appleAsked: anAsked({ verdict: 'accepted' }) },
      { appleBlind: true, open },
    ],
    [
      'not where Apple is not asked any more',
      [],
      { appleAsked: anAsked() },
      { target: aWatched({ appleCheck: 'off' }), open },
    ],
  ]);

  test('tells what Apple was asked about, and when', () => {
    const { at: askedAt, asked, keyId, fingerprint } = anAsked();
    const found = only('AppleRejectsSecret', { appleAsked: anAsked() });
    expect(found).toMatchObject({ facts: { asked, askedAt, keyId, fingerprint }, since: null, loginsUntil: null });
  });
});

describe('ProviderDisabled and ProviderChanged', () => {
  const changed = (by: 'our-write' | 'somebody-else', at: number): Partial<TargetState> => ({
    providerChanges: [{ path: 'Config.Scope', by, at }],
  });
  table([
    ['switched off', ['ProviderDisabled warning'], { providerDisabled: true }],
    [
      'changed by our write, until it is mended',
      ['ProviderChanged critical'],
      changed('our-write', NOW - 30 * DAY + 1),
    ],
    ['for a month at most', [], changed('our-write', NOW - 30 * DAY)],
    ['also by a clock that was wrong', ['ProviderChanged critical'], changed('our-write', NOW + DAY)],
    ['changed by somebody else, for a week', ['ProviderChanged warning'], changed('somebody-else', NOW - 7 * DAY + 1)],
    ['and no longer', [], changed('somebody-else', NOW - 7 * DAY)],
    ['not by somebody else in the future', [], changed('somebody-else', NOW + 1)],
  ]);

  test('changes are told with whose doing they are, since the first', () => {
    const providerChanges = [
      { path: 'On', by: 'somebody-else', at: NOW - HOUR } as const,
      { path: 'Config.AuthorizationEndpoint', by: 'our-write', at: NOW - MINUTE } as const,
      { path: 'Name', by: 'somebody-else', at: NOW - 9 * DAY } as const,
    ];
    expect(only('ProviderChanged', { providerChanges })).toMatchObject({
      severity: 'critical',
      facts: {
        changes: [
          { path: 'On', by: 'somebody-else' },
          { path: 'Config.AuthorizationEndpoint', by: 'our-write' },
        ],
      },
      since: NOW - HOUR,
    });
  });
});

describe('SecretReplaced', () => {
  const THEIRS = 'f'.repeat(64);
  const replaced = (...ages: number[]): Partial<TargetState> => ({
    foreign: ages.map((age) => ({ fingerprint: THEIRS, at: NOW - age })),
  });
  const theirs = (ms = 100 * DAY): Partial<TargetState> => ({
    deployed: { fingerprint: THEIRS, keyId: 'KEYTHEIRSA', issuedAt: null, expiresAt: NOW + ms, shape: 'clear' },
  });
  const pending: Partial<TargetState> = { state: 'pending', error: anError('ERR_FOREIGN_SECRET') };
  table([
    [
      'by another one that is deployed, for a week',
      ['SecretReplaced warning'],
      { ...replaced(7 * DAY - 1), ...theirs() },
    ],
    ['and no longer', [], { ...replaced(7 * DAY), ...theirs() }],
    ['by one that we replaced again, for a day', ['SecretReplaced warning'], replaced(DAY - 1)],
    ['and no longer than that', [], replaced(DAY)],
    ['not in the future', [], { ...replaced(-1), ...theirs() }],
    ['as long as the loop guard leaves it alone', ['SecretReplaced warning'], { ...theirs(), ...pending }],
    [
      'a warning, though little is left, as long as it is replaced by itself',
      ['SecretExpiring critical', 'SecretReplaced warning'],
      { ...replaced(DAY), ...theirs(10 * DAY) },
    ],
    [
      'critical when it is left alone with little left',
      ['SecretExpiring critical', 'SecretReplaced critical'],
      { ...replaced(2 * DAY, DAY), ...theirs(20 * DAY - 1), ...pending },
    ],
    [
      'a warning when more is left',
      ['SecretExpiring warning', 'SecretReplaced warning'],
      { ...replaced(2 * DAY, DAY), ...theirs(20 * DAY), ...pending },
    ],
    [
      'a warning in an emergency, in which it is replaced whoever wrote it',
      ['SecretExpiring critical', 'SecretReplaced warning'],
      { ...replaced(2 * DAY, DAY), ...theirs(5 * DAY) },
    ],
    [
      'where it met our own write',
      ['RotationFailing warning', 'SecretReplaced warning'],
      { state: 'failed', error: anError('ERR_CONFLICT'), retry: { failures: 1, nextAttemptAt: null } },
    ],
  ]);

  test('tells fingerprints, key ids and since when', () => {
    const { fingerprint, keyId } = aWritten();
    expect(only('SecretReplaced', { ...replaced(9 * DAY, 2 * DAY, DAY), ...theirs() })).toMatchObject({
      facts: {
        replacements: [
          { fingerprint: THEIRS, at: NOW - 2 * DAY },
          { fingerprint: THEIRS, at: NOW - DAY },
        ],
        keyId: 'KEYTHEIRSA',
        ourFingerprint: fingerprint,
        ourKeyId: keyId,
        takenBack: false,
        leftAlone: true,
      },
      since: NOW - DAY,
      error: null,
    });
  });
});

test('a secret that we replaced again is taken back', () => {
  const foreign = [{ fingerprint: 'f'.repeat(64), at: NOW - HOUR }];
  const { deployed } = aWatchedState();
  if (deployed === null) throw new Error('a watched state has a deployed secret');
  const { fingerprint } = aWritten();
  expect(only('SecretReplaced', { foreign, deployed: { ...deployed, fingerprint } }).facts.takenBack).toBe(true);
});

test('a secret of somebody else that our key signed is not left alone before its renewal is due', () => {
  const { keyId } = aWritten();
  const foreign = [2 * DAY, DAY].map((age) => ({ fingerprint: 'f'.repeat(64), at: NOW - age }));
  const deployed = {
    fingerprint: 'f'.repeat(64),
    keyId,
    issuedAt: null,
    expiresAt: NOW + 100 * DAY,
    shape: 'clear' as const,
  };
  expect(only('SecretReplaced', { foreign, deployed }).facts.leftAlone).toBe(false);
  const error = anError('ERR_FOREIGN_SECRET');
  expect(only('SecretReplaced', { foreign, deployed, state: 'pending', error }).facts.leftAlone).toBe(true);
});

describe('until when logins work', () => {
  const foreign = [{ fingerprint: 'f'.repeat(64), at: NOW - HOUR }];
  const failed = (code: ErrorCode): Partial<TargetState> => ({
    state: 'failed',
    error: anError(code),
    retry: { failures: 1, nextAttemptAt: null },
  });
  const until = (state: Partial<TargetState>) =>
    look(state).map(({ condition, loginsUntil }) => [condition, loginsUntil]);

  test.each([
    ['the provider is gone', ['RotationFailing'], failed('ERR_PROVIDER_NOT_FOUND')],
    ['it asks Apple in the name of another app', ['RotationFailing'], failed('ERR_CLIENT_ID_MISMATCH')],
    [
      'it is switched off',
      ['RotationFailing', 'ProviderDisabled'],
      { ...failed('ERR_CLOUDBASE_DENIED'), providerDisabled: true },
    ],
    [
      'it is switched off and somebody writes it',
      ['ProviderDisabled', 'SecretReplaced'],
      { foreign, providerDisabled: true },
    ],
  ] as const)('is promised by none of its conditions where %s', (_name, conditions, state) => {
    expect(until(state)).toEqual(conditions.map((condition) => [condition, null]));
  });

  test('is promised where nothing but the expiry ends them', () => {
    const { expiresAt } = aWatchedState().deployed ?? {};
    expect(until(failed('ERR_CLOUDBASE_DENIED'))).toEqual([['RotationFailing', expiresAt]]);
  });

  test('an emergency for want of time stays one', () => {
    const state = { ...failed('ERR_CLOUDBASE_DENIED'), ...left(DAY), providerDisabled: true };
    expect(only('RotationFailing', state).loginsUntil).toBe(NOW + DAY);
  });
});

describe('AdoptionPending', () => {
  const pending: Partial<TargetState> = { state: 'pending', error: anError('ERR_ADOPTION_REQUIRED'), written: null };
  table([
    ['while a person has not agreed', ['AdoptionPending warning'], pending],
    [
      'critical when little is left',
      ['SecretExpiring critical', 'AdoptionPending critical'],
      { ...pending, ...left(20 * DAY - 1) },
    ],
    [
      'a warning when more is left',
      ['SecretExpiring warning', 'AdoptionPending warning'],
      { ...pending, ...left(20 * DAY) },
    ],
    ['a warning where it is not known how much', ['AdoptionPending warning'], { ...pending, deployed: null }],
  ]);

  test('tells whose secret it is, and what to do', () => {
    const { fingerprint, keyId } = aWritten();
    expect(only('AdoptionPending', pending)).toMatchObject({ facts: { fingerprint, keyId }, error: pending.error });
  });
});

describe('laws', () => {
  const anyFacts = fc
    .tuple(anyTarget, fc.integer({ min: NOW - 400 * DAY, max: NOW + 400 * DAY }), fc.boolean(), fc.boolean())
    .map(([state, watchedSince, appleBlind, hasWindow]): TargetFacts => {
      const { endpoint, envId, providerId, key, name } = state;
      const { target } = hasWindow ? withWindow() : { target: aWatched() };
      return targetFacts(
        {},
        { target: { ...target, endpoint, envId, providerId, key, name }, state, watchedSince, appleBlind },
      );
    });

  test('whatever the journal holds, a look finds at most one of each condition and never throws', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const found = detectTarget(facts);
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        for (const { since } of found) expect(since ?? 0).toBeLessThanOrEqual(NOW);
      }),
    );
  });

  test('a name plays no part in an id', () => {
    fc.assert(
      fc.property(anyFacts, fc.string(), (facts, name) => {
        const renamed = detectTarget({ ...facts, target: { ...facts.target, name } });
        expect(renamed.map(({ id }) => id)).toEqual(detectTarget(facts).map(({ id }) => id));
      }),
    );
  });

  test('a look changes nothing about the next one', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        expect(detectTarget(facts)).toEqual(detectTarget(facts));
      }),
    );
  });
});
