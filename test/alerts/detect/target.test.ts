// What is wrong with a target, condition by condition, each at its boundary and one millisecond before it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectTarget } from '../../../src/alerts/detect/target.ts';
import type { TargetFacts } from '../../../src/alerts/detect/target-facts.ts';
import type { ConditionName, Finding } from '../../../src/core/alerts/conditions.ts';
import { TARGET_CONDITIONS } from '../../../src/core/alerts/names.ts';
import { createWindow } from '../../../src/core/cron.ts';
import { deployedRecord } from '../../../src/core/deployed.ts';
import { type ErrorCode, REMEDIES } from '../../../src/core/errors.ts';
import { type JudgeClock, judgeLogins } from '../../../src/core/logins.ts';
import { DEFECTS, type Defect } from '../../../src/core/reasons.ts';
import type { TargetState } from '../../../src/core/records.ts';
import type { StatedSettings } from '../../../src/core/stated-settings.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import { anError, aWatched, aWatchedState, inShort, left, targetFacts } from '../../support/alert-facts.ts';
import { anyTarget } from '../../support/any-record.ts';
import { aForeignSecret, anUnknownSecret, asked, aWritten, CLOCK, NOW } from '../../support/builders.ts';

type Row = [name: string, found: string[], state: Partial<TargetState>, overrides?: Partial<TargetFacts>];

function look(state: Partial<TargetState>, overrides: Partial<TargetFacts> = {}): readonly Finding[] {
  return detectTarget(targetFacts(state, overrides)).findings;
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

/** A clock that this process has not compared yet. */
const UNCOMPARED: JudgeClock = { ...CLOCK, skewMs: undefined, since: NOW };

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
      ['ConsentNeeded warning'],
      { ...due(9 * DAY), state: 'pending', error: anError('ERR_CONSENT_REQUIRED') },
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
        { ...withWindow(), clock: { ...CLOCK, now: NOW - 6 * HOUR } },
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

  test('tells since when, why, when the secret expires and what is known of logins; and has ten minutes after a start', () => {
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
      logins: judgeLogins(aWatchedState(), CLOCK),
      error,
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
    const { findings } = detectTarget({ ...targetFacts({}), state: undefined });
    expect(findings).toMatchObject([{ condition: 'CheckStale', facts: { lastGatherAt: null }, since: NOW - 90 * DAY }]);
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
      ['ConsentNeeded warning'],
      { ...failed('ERR_CONSENT_REQUIRED', 1), state: 'pending' },
      open,
    ],
    ['critical for a write that does not hold', ['RotationFailing critical'], failed('ERR_WRITTEN_LATELY', 1)],
    [
      'critical where nothing shows that what replaced a useless secret is any better',
      ['RotationFailing critical'],
      { ...failed('ERR_APPLE_UNKNOWN', 1), unproven: aWritten().fingerprint },
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
    const severity = code === 'ERR_WRITTEN_LATELY' ? 'critical' : 'warning';
    expect(inShort(look(failed(code as ErrorCode, 1)))).toEqual([`RotationFailing ${severity}`]);
  });

  describe('where nobody knows when the secret expires', () => {
    const hidden = { ...failed('ERR_APPLE_UNKNOWN', 9), deployed: null };
    table([
      ['a warning for a day', ['RotationFailing warning'], { ...hidden, lastSuccessAt: NOW - DAY + 1 }],
      ['critical after it', ['RotationFailing critical'], { ...hidden, lastSuccessAt: NOW - DAY }],
      [
        'counted from when it came into the configuration, where nothing ever went well',
        ['RotationFailing warning'],
        { ...hidden, lastSuccessAt: null },
        { watchedSince: NOW - DAY + 1 },
      ],
      [
        'also critical a day after that',
        ['RotationFailing critical'],
        { ...hidden, lastSuccessAt: null },
        { watchedSince: NOW - DAY },
      ],
    ]);
  });
});

describe('SecretExpiring', () => {
  const healthy: Partial<TargetState> = { renewalAt: NOW + 1 };
  table([
    ['nothing when 45 days are left', [], { ...healthy, ...left(45 * DAY) }],
    ['when 1 ms less is left', ['SecretExpiring warning'], { ...healthy, ...left(45 * DAY - 1) }],
    ['a warning when 20 days are left', ['SecretExpiring warning'], { ...healthy, ...left(20 * DAY) }],
    ['critical when 1 ms less is left', ['SecretExpiring critical'], { ...healthy, ...left(20 * DAY - 1) }],
    ['still 1 ms before the end', ['SecretExpiring critical'], { ...healthy, ...left(1) }],
    ['no more at the end, which is told as what it is', ['LoginsFail critical'], { ...healthy, ...left(0) }],
    ['nothing where the expiry is not known', [], { ...healthy, deployed: null }],
  ]);

  test('tells when it ends', () => {
    expect(only('SecretExpiring', left(DAY))).toMatchObject({
      facts: { expiresAt: NOW + DAY },
      loginsUntil: NOW + DAY,
    });
  });
});

/** What Apple said twice, what the secret shows, what became of the provider: each makes logins fail by itself. */
const TROUBLE = {
  enabled: true,
  strangeHost: null,
  differs: [],
  trouble: 'gone',
  since: NOW - 5 * MINUTE,
  at: NOW,
} as const;
const CHECKED = { at: NOW, verdict: 'rejected', rejectedSince: NOW - 5 * MINUTE } as const;
const OFF = {
  provider: { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW },
} as const;
function damaged(defect: Defect): Partial<TargetState> {
  const { deployed } = aWatchedState();
  return { deployed: deployed && { ...deployed, defect } };
}

describe('LoginsFail', () => {
  const fails = ['LoginsFail critical'];
  table([
    ['when Apple rejected the deployed secret twice', fails, { apple: asked() }],
    [
      'not when it did so once',
      [],
      { apple: asked({ since: NOW - MINUTE, rejectedSince: NOW - MINUTE, at: NOW - MINUTE }) },
    ],
    ['not when its rejections do not count', [], { apple: asked({ counts: false, rejectedSince: null }) }],
    ['not when it accepted', [], { apple: asked({ verdict: 'accepted', rejectedSince: null }) }],
    [
      'not by an answer about a secret that is deployed no more',
      [],
      { apple: asked({ fingerprint: 'b'.repeat(64), identity: 'another' }) },
    ],
    ...DEFECTS.map((defect): Row => [`when the secret has a certain defect: ${defect}`, fails, damaged(defect)]),
    ['when the provider is gone, at two reads 5 minutes apart', fails, { provider: TROUBLE }],
    ['not before the second', [], { provider: { ...TROUBLE, since: NOW - 5 * MINUTE + 1 } }],
    ['when the environment is gone', fails, { provider: { ...TROUBLE, trouble: 'environment' } }],
    [
      'not when the provider names a strange host',
      [],
      { provider: { ...OFF.provider, enabled: true, strangeHost: 'x.example' } },
    ],
    ['when the login check heard it twice', fails, { loginCheck: CHECKED }],
    ['not when it heard it once', [], { loginCheck: { ...CHECKED, rejectedSince: NOW } }],
    [
      'not when Apple accepts the secret all the same',
      [],
      { loginCheck: CHECKED, apple: asked({ verdict: 'accepted', rejectedSince: null }) },
    ],
    ['though Apple accepted it, when it has expired', fails, { ...left(0), apple: asked({ verdict: 'accepted' }) }],
    [
      'also where the provider is switched off',
      ['LoginsFail critical', 'ProviderDisabled warning'],
      { ...left(0), ...OFF },
    ],
  ]);

  test('tells the evidence that weighs most, the error, and promises nothing', () => {
    const error = anError('ERR_APPLE_REJECTED');
    const { deployed } = aWatchedState();
    expect(only('LoginsFail', { apple: asked(), error, state: 'failed' })).toEqual({
      condition: 'LoginsFail',
      id: 'LoginsFail/shop-1g2h3j/apple@tcb.tencentcloudapi.com',
      severity: 'critical',
      target: { key: aWatchedState().key, name: 'shop', envId: 'shop-1g2h3j', providerId: 'apple' },
      facts: {
        because: 'secret',
        detail: 'rejected',
        at: NOW - MINUTE,
        expiresAt: deployed?.expiresAt,
        keyId: deployed?.keyId,
        clockUncompared: false,
      },
      since: null,
      loginsUntil: null,
      logins: judgeLogins(aWatchedState({ apple: asked() }), CLOCK),
      error,
    });
    expect(only('LoginsFail', left(-DAY))).toMatchObject({ facts: { detail: 'expired' }, since: NOW - DAY });
    expect(only('LoginsFail', { provider: TROUBLE }).facts).toMatchObject({ because: 'provider', detail: 'gone' });
    expect(only('LoginsFail', { loginCheck: CHECKED }).facts).toMatchObject({ because: 'login-check' });
  });

  describe('says it better than', () => {
    const failing = { apple: asked() };
    const failed = {
      state: 'failed',
      error: anError('ERR_APPLE_REJECTED'),
      retry: { failures: 1, nextAttemptAt: null },
    } as const;
    const rows: [name: ConditionName, state: Partial<TargetState>][] = [
      ['RotationFailing', failed],
      ['RenewalOverdue', { state: 'due', renewalAt: NOW - 9 * DAY }],
      ['SecretExpiring', left(DAY)],
      ['CheckStale', { lastGatherAt: NOW - 9 * DAY }],
      ['ConsentNeeded', { state: 'pending', error: anError('ERR_CONSENT_REQUIRED') }],
    ];

    test.each(rows)('%s, which it neither raises nor clears', (name, state) => {
      expect(inShort(look(state))).toEqual([expect.stringContaining(name)]);
      expect(inShort(look({ ...state, ...failing }))).toEqual(fails);
      const open = new Set([name]);
      for (const worse of [failing, { ...state, ...failing }]) {
        const { findings, undecided } = detectTarget(targetFacts(worse, { open }));
        expect([inShort(findings), undecided.includes(name)]).toEqual([fails, true]);
      }
    });

    test('nothing of another kind', () => {
      const { undecided } = detectTarget(targetFacts(failing));
      expect(new Set(undecided)).toEqual(new Set(rows.map(([name]) => name)));
      expect(detectTarget(targetFacts({})).undecided).toEqual([]);
    });
  });

  describe('after a useless secret was replaced by one that nothing shows to be better', () => {
    const state: Partial<TargetState> = {
      unproven: aWritten().fingerprint,
      state: 'failed',
      error: anError('ERR_APPLE_UNKNOWN'),
    };
    const open = { open: new Set(['LoginsFail'] as const) };
    table([
      ['stays, once told', fails, state, open],
      ['is not said of a secret that nobody called useless', ['RotationFailing critical'], state],
      ['is over when Apple accepts it', [], { state: 'healthy', unproven: null }, open],
    ]);

    test('says that it may still be so', () => {
      expect(only('LoginsFail', state, open).facts).toMatchObject({ because: 'secret', detail: 'unproven' });
    });
  });
});

describe('the clock', () => {
  const hours = (ms: number) => ({ clock: { ...UNCOMPARED, since: NOW - ms } });
  const failed: Partial<TargetState> = {
    state: 'failed',
    error: anError('ERR_CLOUDBASE_NETWORK'),
    retry: { failures: 3, nextAttemptAt: null },
  };
  table([
    ['that was not compared says of no secret that it has expired', [], left(-5 * DAY), hours(0)],
    ['nor 1 ms before an hour is over', [], left(-5 * DAY), hours(HOUR - 1)],
    ['but after an hour', ['LoginsFail critical'], left(-5 * DAY), hours(HOUR)],
    ['lets what is ahead be said', ['SecretExpiring critical'], left(DAY), hours(0)],
    [
      'that was not compared makes no emergency',
      ['RotationFailing warning'],
      { ...failed, ...left(-5 * DAY), renewalAt: NOW - 65 * DAY },
      hours(0),
    ],
    [
      'that is 200 days ahead, and known to be, raises nothing',
      [],
      { lastGatherAt: NOW + 200 * DAY },
      { clock: { ...CLOCK, now: NOW + 200 * DAY, skewMs: 200 * DAY } },
    ],
    [
      'that is 200 days behind, and known to be, hides nothing',
      ['LoginsFail critical'],
      { ...left(-1), lastGatherAt: NOW - 200 * DAY },
      { clock: { ...CLOCK, now: NOW - 200 * DAY, skewMs: -200 * DAY } },
    ],
    [
      'that is 200 days behind delays no renewal that is overdue',
      ['RenewalOverdue warning'],
      { renewalAt: NOW - 2 * DAY, lastGatherAt: NOW - 200 * DAY },
      { clock: { ...CLOCK, now: NOW - 200 * DAY, skewMs: -200 * DAY }, watchedSince: NOW - 300 * DAY },
    ],
  ]);

  test('that was not compared leaves undecided what speaks of an expiry that is past', () => {
    const { undecided } = detectTarget(targetFacts(left(-1), hours(0)));
    expect(undecided).toEqual(['RenewalOverdue', 'SecretExpiring', 'LoginsFail']);
    expect(detectTarget(targetFacts(left(1), hours(0))).undecided).toEqual([]);
  });

  test('is named where it could not be compared for an hour', () => {
    expect(only('LoginsFail', left(-1), hours(HOUR)).facts.clockUncompared).toBe(true);
    expect(only('LoginsFail', left(-1)).facts.clockUncompared).toBe(false);
  });

  test('that was not compared gives no instant of an expiry that is past', () => {
    for (const { loginsUntil } of look({ ...failed, ...left(-DAY), lastGatherAt: NOW - DAY }, hours(0)))
      expect(loginsUntil).toBe(null);
  });
});

describe('ProviderDiffers', () => {
  const differs = (...differs: TargetState['provider']['differs']): Partial<TargetState> => ({
    provider: { ...OFF.provider, enabled: true, differs },
  });
  const SCOPE = { name: 'scope', found: 'openid', wanted: 'openid email' } as const;
  const stated = (settings: StatedSettings) => ({ target: aWatched({ stated: settings }) });
  table([
    [
      'where a stated setting was found otherwise',
      ['ProviderDiffers warning'],
      differs(SCOPE),
      stated({ scope: 'openid email' }),
    ],
    ['not where the configuration states something else by now', [], differs(SCOPE), stated({ scope: 'openid' })],
    ['not where it states nothing by now', [], differs(SCOPE), stated({})],
    [
      'switched on where it is stated to be off',
      ['ProviderDiffers warning'],
      differs({ name: 'enabled', found: true, wanted: false }),
      stated({ enabled: false }),
    ],
    [
      'not beside ProviderDisabled, which says the same and is critical',
      ['ProviderDisabled critical'],
      { provider: { ...OFF.provider, differs: [{ name: 'enabled', found: false, wanted: true }] } },
      stated({ enabled: true }),
    ],
    [
      'not where the provider is gone',
      ['LoginsFail critical'],
      { provider: { ...TROUBLE, differs: [SCOPE] } },
      stated({ scope: 'openid email' }),
    ],
  ]);
});

describe('ProviderDisabled and ProviderChanged', () => {
  const changed = (by: 'our-write' | 'somebody-else', at: number): Partial<TargetState> => ({
    providerChanges: [{ path: 'Config.Scope', by, at }],
  });
  table([
    ['switched off is a warning: somebody chose it', ['ProviderDisabled warning'], OFF],
    [
      'switched off is critical where the configuration wants it on',
      ['ProviderDisabled critical'],
      OFF,
      { target: aWatched({ stated: { enabled: true } }) },
    ],
    [
      'a warning where it wants it off',
      ['ProviderDisabled warning'],
      OFF,
      { target: aWatched({ stated: { enabled: false } }) },
    ],
    ['not where the provider is gone', ['LoginsFail critical'], { provider: { ...TROUBLE, enabled: false } }],
    ['not where no reading has told', [], { provider: { ...OFF.provider, enabled: null } }],
    [
      'changed by our write, until it is settled',
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

  test('a change that a wrong clock dated ahead has no beginning: one that moved with every look would be news each time', () => {
    expect(only('ProviderChanged', changed('our-write', NOW + DAY)).since).toBeNull();
  });
});

describe('SecretReplaced', () => {
  const THEIRS = 'f'.repeat(64);
  const replaced = (age: number, kind: NonNullable<TargetState['replaced']>['kind'] = 'other') => ({
    replaced: { at: NOW - age, fingerprint: THEIRS, kind },
  });
  const theirs = (ms = 100 * DAY): Partial<TargetState> => ({
    deployed: deployedRecord(aForeignSecret({ fingerprint: THEIRS, keyId: 'KEYTHEIRSA', expiresAt: NOW + ms })),
  });
  const lasts = ['SecretReplaced warning'];
  table([
    ['by another one that is deployed, for a week', lasts, { ...replaced(7 * DAY - 1), ...theirs() }],
    ['and no longer', [], { ...replaced(7 * DAY), ...theirs() }],
    ['by another holder of our key', lasts, { ...replaced(HOUR, 'own-identity'), ...theirs() }],
    ['where ours is in place again, for a day', lasts, replaced(DAY - 1)],
    ['and no longer than that', [], replaced(DAY)],
    ['not in the future', [], { ...replaced(-1), ...theirs() }],
    ['a warning, though little is left', ['SecretExpiring critical', ...lasts], { ...replaced(HOUR), ...theirs(DAY) }],
    ['a warning, though logins fail', ['LoginsFail critical', ...lasts], { ...replaced(HOUR), ...theirs(0) }],
    [
      'where it met our own write',
      ['RotationFailing warning', ...lasts],
      { ...replaced(HOUR), ...theirs(), state: 'failed', error: anError('ERR_CONFLICT') },
    ],
    ['never where we have written nothing', [], { ...replaced(HOUR), ...theirs(), written: null }],
  ]);

  test('tells fingerprints, the key id, of which kind, and since when', () => {
    const { fingerprint: ourFingerprint } = aWritten();
    const at = NOW - 2 * DAY;
    expect(only('SecretReplaced', { ...replaced(2 * DAY, 'own-identity'), ...theirs() })).toMatchObject({
      facts: {
        kind: 'own-identity',
        at,
        keyId: 'KEYTHEIRSA',
        fingerprint: THEIRS,
        ourFingerprint,
        takenBack: false,
      },
      since: at,
      loginsUntil: NOW + 100 * DAY,
      error: null,
    });
    expect(only('SecretReplaced', replaced(HOUR)).facts.takenBack).toBe(true);
    const error = anError('ERR_CONFLICT');
    expect(only('SecretReplaced', { ...replaced(HOUR), ...theirs(), error }).error).toEqual(error);
  });
});

describe('SecretNotShown', () => {
  const lost = (age: number): Partial<TargetState> => ({
    replaced: { at: NOW - age, fingerprint: null, kind: 'not-shown' },
  });
  const masked = { deployed: deployedRecord(anUnknownSecret('masked')) };
  const lasts = ['SecretNotShown warning'];
  table([
    ['while something else shows, for a week', lasts, { ...lost(7 * DAY - 1), ...masked }],
    ['and no longer', [], { ...lost(7 * DAY), ...masked }],
    ['where what we wrote then shows, for a day', lasts, lost(DAY - 1)],
    ['and no longer than that', [], lost(DAY)],
    [
      'not where what we wrote then did not show either: Unverified says so',
      [],
      { ...lost(HOUR), written: aWritten({ shape: 'empty' }) },
    ],
    ['not in the future', [], { ...lost(-1), ...masked }],
    ['never where we have written nothing', [], { ...lost(HOUR), ...masked, written: null }],
  ]);

  test('names the target, and says since when', () => {
    expect(only('SecretNotShown', { ...lost(HOUR), ...masked })).toMatchObject({
      facts: { targets: ['shop'] },
      since: NOW - HOUR,
    });
  });
});

describe('ConsentNeeded', () => {
  const error = anError('ERR_CONSENT_REQUIRED');
  const pending: Partial<TargetState> = { state: 'pending', reason: 'KeyChanged', error };
  const unknown: Partial<TargetState> = { ...pending, deployed: deployedRecord(anUnknownSecret('empty')) };
  table([
    ['while a person has not agreed', ['ConsentNeeded warning'], pending],
    [
      'critical when little is left',
      ['SecretExpiring critical', 'ConsentNeeded critical'],
      { ...pending, ...left(20 * DAY - 1) },
    ],
    [
      'a warning when more is left',
      ['SecretExpiring warning', 'ConsentNeeded warning'],
      { ...pending, ...left(20 * DAY) },
    ],
    [
      'a warning for a day where it is not known how much',
      ['ConsentNeeded warning'],
      { ...unknown, lastSuccessAt: NOW - DAY + 1 },
    ],
    ['critical after it', ['ConsentNeeded critical'], { ...unknown, lastSuccessAt: NOW - DAY }],
  ]);

  test('tells what is wanted, and what to do', () => {
    expect(only('ConsentNeeded', pending)).toMatchObject({
      facts: { reason: 'KeyChanged' },
      error,
      loginsUntil: NOW + 100 * DAY,
    });
  });
});

describe('laws', () => {
  const anyFacts = fc
    .tuple(
      anyTarget,
      fc.integer({ min: NOW - 400 * DAY, max: NOW + 400 * DAY }),
      fc.constantFrom<JudgeClock>(CLOCK, { ...CLOCK, skewMs: 200 * DAY }, UNCOMPARED),
      fc.boolean(),
      fc.subarray([...TARGET_CONDITIONS]),
    )
    .map(([state, watchedSince, clock, hasWindow, open]): TargetFacts => {
      const { endpoint, envId, providerId, key, name } = state;
      const { target } = hasWindow ? withWindow() : { target: aWatched() };
      const ofState = { ...target, endpoint, envId, providerId, key, name };
      return targetFacts({}, { target: ofState, state, watchedSince, clock, open: new Set(open) });
    });

  test('whatever the journal holds, a look finds at most one of each condition and never throws', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const found = detectTarget(facts).findings;
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        for (const { since } of found) expect(since ?? 0).toBeLessThanOrEqual(NOW);
      }),
    );
  });

  test('a name plays no part in an id', () => {
    fc.assert(
      fc.property(anyFacts, fc.string(), (facts, name) => {
        const renamed = detectTarget({ ...facts, target: { ...facts.target, name } });
        const ids = detectTarget(facts).findings.map(({ id }) => id);
        expect(renamed.findings.map(({ id }) => id)).toEqual(ids);
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
