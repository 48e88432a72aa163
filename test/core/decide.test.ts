// The policies, one by one at their boundaries and in their order; then what stands against a rotation that a policy
// wants: each refusal and each restraint with all of its exemptions (design.md, "One pass", step 2, and "Timing").
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Decision,
  decide,
  firstObjection,
  gateQuestion,
  loginsOf,
  POLICIES,
  renewalOf,
  type Snapshot,
  trueNow,
  urgencyOf,
} from '../../src/core/decide.ts';
import type { Deployed } from '../../src/core/deployed.ts';
import type { GateQuestion } from '../../src/core/gate.ts';
import { identityId } from '../../src/core/identity.ts';
import { DEFECTS, REASONS, type Reason, SHAPES, type Why } from '../../src/core/reasons.ts';
import type { TargetState } from '../../src/core/records.ts';
import { whyText } from '../../src/core/texts/en/why.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import {
  aDeployed,
  aForeignSecret,
  aKey,
  aNewState,
  anAnswer,
  anUnknownSecret,
  aProvider,
  aSnapshot,
  aState,
  asked,
  aWritten,
  CLOCK,
  NOW,
} from '../support/builders.ts';
import { tries } from '../support/campaign.ts';

const left = (ms: number) => ({ issuedAt: NOW + ms - 180 * DAY, expiresAt: NOW + ms });
/** A secret of ours that was made with another key. */
const ofOldKey = (overrides: Partial<Deployed> = {}) =>
  aDeployed({ keyId: 'OLDKEYOLDK', identity: 'that of the old key', ...overrides });
/** A snapshot taken `ms` after the instant at which the ordinary target's renewal is due. */
const sinceRenewal = (ms: number, overrides: Partial<Snapshot> = {}): Snapshot => {
  const now = (renewalOf(aSnapshot(overrides)) ?? 0) + ms;
  return aSnapshot({ clock: { ...CLOCK, now }, ...overrides });
};

/** A decision in short: what is done, for which reason, and with which error. */
function inShort(decision: Decision): string {
  const reason = 'reason' in decision && decision.reason !== null ? ` ${decision.reason}` : '';
  const code = 'error' in decision ? ` ${decision.error.code}` : '';
  return `${decision.action}${reason}${code}`;
}
const short = (overrides: Partial<Snapshot>) => inShort(decide(aSnapshot(overrides)));

test('the policies are asked in this order, which is that of the reasons', () => {
  const order = [
    'SecretMissing',
    'SecretUnreadable',
    'SecretExpired',
    'SecretInvalid',
    'RejectedByApple',
    'KeyChanged',
    'RenewalDue',
    'Requested',
  ];
  expect(POLICIES.map(({ reason }) => reason)).toEqual(order);
  expect(REASONS).toEqual(order);
});

test.each<[string, Partial<Snapshot>]>([
  ['the ordinary target', {}],
  ['a good secret that somebody else made', { deployed: aForeignSecret() }],
  ['… in a new journal', { deployed: aForeignSecret(), state: aNewState() }],
  ['one of our own identity that somebody else made', { deployed: aDeployed({ ours: false }) }],
  ['one that Apple accepted', { state: aState({ apple: asked({ verdict: 'accepted', rejectedSince: null }) }) }],
  [
    'one that fails in the login check alone',
    {
      state: aState({ loginCheck: { at: NOW, verdict: 'rejected', rejectedSince: NOW - DAY } }),
    },
  ],
])('%s is left alone', (_name, overrides) => {
  expect(decide(aSnapshot(overrides))).toEqual({ action: 'none' });
});

describe('a policy', () => {
  interface Row {
    readonly reason: Reason;
    readonly when: string;
    readonly snapshot: Snapshot;
    readonly why: string | undefined;
  }
  const objection = (reason: Reason, when: string, overrides: Partial<Snapshot>, why: string): Row => ({
    reason,
    when,
    snapshot: aSnapshot(overrides),
    why,
  });
  const silence = (reason: Reason, when: string, overrides: Partial<Snapshot>): Row => ({
    ...objection(reason, when, overrides, ''),
    why: undefined,
  });
  const deployed = (overrides: Partial<Deployed>) => ({ deployed: aDeployed(overrides) });
  const recorded = (shape: Deployed['shown']['shape']) =>
    deployed({ from: 'record', shown: anUnknownSecret(shape).shown });
  const answered = (answer: Parameters<typeof asked>[0]) => ({ state: aState({ apple: asked(answer) }) });

  const none = (shape: string) => `the provider holds no client secret (${shape})`;
  const unreadable = (shape: string) =>
    `the provider shows a client secret that cannot be read (${shape}) and is not as our last write left it`;
  const rejected = 'Apple has rejected the deployed secret twice';
  const otherKey = 'the deployed secret was made with key OLDKEYOLDK, the key source holds K1L2M3N4O5';

  const ROWS: readonly Row[] = [
    objection('SecretMissing', 'an empty text', { deployed: anUnknownSecret('empty') }, none('empty')),
    objection('SecretMissing', 'null', { deployed: anUnknownSecret('null') }, none('null')),
    objection('SecretMissing', 'no ClientSecret at all', { deployed: anUnknownSecret('missing') }, none('missing')),
    silence('SecretMissing', 'nothing shown, as our last write left it', recorded('missing')),
    silence('SecretMissing', 'a masked text', { deployed: anUnknownSecret('masked') }),
    silence('SecretMissing', 'a readable secret', {}),

    objection('SecretUnreadable', 'a masked text', { deployed: anUnknownSecret('masked') }, unreadable('masked')),
    objection('SecretUnreadable', 'an unknown digest', { deployed: anUnknownSecret('digest') }, unreadable('digest')),
    silence('SecretUnreadable', 'a masked text, as our last write left it', recorded('masked')),
    silence('SecretUnreadable', 'a digest that we recorded', recorded('digest')),
    silence('SecretUnreadable', 'nothing: that is missing', { deployed: anUnknownSecret('null') }),
    silence('SecretUnreadable', 'a readable secret', {}),

    objection('SecretExpired', 'the instant of its expiry', deployed(left(0)), 'the deployed secret has expired'),
    objection(
      'SecretExpired',
      'the expiry of the record that stands in',
      deployed({ ...left(0), from: 'record' }),
      'the deployed secret has expired',
    ),
    silence('SecretExpired', '1 ms before its expiry', deployed(left(1))),
    silence('SecretExpired', 'an expiry by a clock that is ahead', {
      ...deployed(left(-DAY)),
      clock: { ...CLOCK, skewMs: DAY + 1 },
    }),
    silence('SecretExpired', 'an expiry that is not known', { deployed: anUnknownSecret('masked') }),

    ...DEFECTS.map((defect) =>
      objection(
        'SecretInvalid',
        `a secret that is ${defect}`,
        deployed({ defect }),
        `Apple cannot accept the deployed secret: ${
          {
            damaged: 'it is a damaged copy of the one that was written',
            'other-client': 'it is for another Services ID than the provider has',
            'other-audience': 'it is not addressed to Apple',
            'too-long': 'it expires later than Apple accepts',
            'never-expires': 'it never expires',
            'no-claims': 'its claims cannot be read',
          }[defect]
        }`,
      ),
    ),
    silence('SecretInvalid', 'a secret without a defect', {}),
    silence('SecretInvalid', 'a secret of which nothing is known', { deployed: anUnknownSecret('masked') }),

    objection('RejectedByApple', 'a second rejection that counts', answered({}), rejected),
    objection(
      'RejectedByApple',
      '… of the identity of a hidden secret',
      { ...answered({ fingerprint: 'another' }), ...recorded('masked') },
      rejected,
    ),
    silence('RejectedByApple', 'a first rejection', answered({ rejectedSince: NOW - MINUTE })),
    silence('RejectedByApple', 'rejections that do not count', answered({ counts: false, rejectedSince: null })),
    silence('RejectedByApple', 'a rejection of another secret', answered({ fingerprint: 'other', identity: 'other' })),
    silence('RejectedByApple', 'an acceptance', answered({ verdict: 'accepted' })),
    silence('RejectedByApple', 'what fails for another reason', { ...deployed({ defect: 'damaged' }) }),
    silence('RejectedByApple', 'no answer', {}),

    objection('KeyChanged', 'another key id in our secret', { deployed: ofOldKey() }, otherKey),
    objection('KeyChanged', '… in the record that stands in', { deployed: ofOldKey({ from: 'record' }) }, otherKey),
    objection(
      'KeyChanged',
      'no key id in our secret',
      { deployed: ofOldKey({ keyId: null }) },
      'the deployed secret has no key id in its header, the key source holds K1L2M3N4O5',
    ),
    objection(
      'KeyChanged',
      'another team in our secret',
      deployed({ teamId: 'OLDTEAMOLD', identity: null }),
      "the deployed secret names team OLDTEAMOLD, the key's is A1B2C3D4E5",
    ),
    objection(
      'KeyChanged',
      'another client in our secret',
      deployed({ clientId: 'com.example.other', identity: null }),
      "the deployed secret names client com.example.other, the key's is com.example.shop.web",
    ),
    objection(
      'KeyChanged',
      'no client in our secret',
      deployed({ clientId: null, identity: null }),
      "the deployed secret names client none, the key's is com.example.shop.web",
    ),
    objection(
      'KeyChanged',
      'the same ids and another private key',
      deployed({ identity: 'that of another private key' }),
      'the deployed secret is not signed by the key in the key source',
    ),
    silence('KeyChanged', 'the same identity', {}),
    silence('KeyChanged', 'another identity of somebody else’s secret', { deployed: aForeignSecret() }),
    silence('KeyChanged', 'a secret of which nothing is known', { deployed: anUnknownSecret('masked') }),

    { reason: 'RenewalDue', when: 'the renewal instant', snapshot: sinceRenewal(0), why: 'renewal is due' },
    { reason: 'RenewalDue', when: '1 ms before the renewal instant', snapshot: sinceRenewal(-1), why: undefined },
    objection(
      'RenewalDue',
      'a write of which nobody knows whether it arrived',
      { state: aState({ maybeWritten: aWritten() }) },
      'an earlier rotation was cut off and its outcome could not be read',
    ),
    objection(
      'RenewalDue',
      'the renewal of somebody else’s secret',
      { deployed: aForeignSecret(left(50 * DAY)) },
      'renewal is due',
    ),
    silence('RenewalDue', 'an expiry that is not known', { deployed: anUnknownSecret('masked') }),

    objection('Requested', 'somebody asked by hand', { requested: true }, 'it was requested by hand'),
    silence('Requested', 'nobody asked', { requested: false }),
  ];

  test.each(ROWS.filter(({ why }) => why !== undefined))('$reason objects to $when', ({ reason, snapshot, why }) => {
    expect(POLICIES.find((policy) => policy.reason === reason)?.objects(snapshot)).toSatisfy(
      (found: Why) => whyText(found) === why,
    );
  });

  test.each(ROWS.filter(({ why }) => why === undefined))(
    '$reason has nothing against $when',
    ({ reason, snapshot }) => {
      expect(POLICIES.find((policy) => policy.reason === reason)?.objects(snapshot)).toBeUndefined();
    },
  );

  test('every reason has a row that objects and one that does not', () => {
    for (const reason of REASONS) {
      const own = ROWS.filter((row) => row.reason === reason);
      expect(new Set(own.map(({ why }) => why === undefined))).toEqual(new Set([true, false]));
    }
  });

  test('shows what stands in a secret on one line, cut, and without what looks like a secret', () => {
    const why = (keyId: string) => firstObjection(aSnapshot({ deployed: ofOldKey({ keyId }) }))?.why;
    const long = why(`x\n\u202e${'y'.repeat(500)}`);
    expect(long && whyText(long)).toMatch(
      /^the deployed secret was made with key x��y{76}…, the key source holds K1L2M3N4O5$/,
    );
    const jwt = why(`eyJ${'h'.repeat(20)}.${'c'.repeat(20)}.${'s'.repeat(20)}`);
    expect(jwt && whyText(jwt)).toContain('[redacted JWT]');
  });
});

test('of several objections the first names the reason, and as each is settled, the next one does', () => {
  const state = aState({ apple: asked() });
  const wrong = ofOldKey({ ...left(0), defect: 'other-audience' });
  const reason = (deployed: Partial<Deployed>, overrides: Partial<Snapshot> = {}) =>
    firstObjection(aSnapshot({ deployed: { ...wrong, ...deployed }, state, requested: true, ...overrides }))?.reason;
  expect(reason(anUnknownSecret('null'))).toBe('SecretMissing');
  expect(reason(anUnknownSecret('masked'))).toBe('SecretUnreadable');
  expect(reason({})).toBe('SecretExpired');
  expect(reason(left(50 * DAY))).toBe('SecretInvalid');
  expect(reason({ ...left(50 * DAY), defect: null })).toBe('RejectedByApple');
  const good = { ...left(50 * DAY), defect: null };
  expect(reason(good, { state: aState() })).toBe('KeyChanged');
  expect(reason({ ...good, ours: false }, { state: aState() })).toBe('RenewalDue');
  expect(reason({ ...good, ...left(100 * DAY), ours: false }, { state: aState() })).toBe('Requested');
  expect(firstObjection(aSnapshot())).toBeUndefined();
});

describe('the renewal instant', () => {
  test('counts from the real lifetime of the deployed secret', () => {
    const shorter = aDeployed({ issuedAt: NOW - 10 * DAY, expiresAt: NOW + 90 * DAY });
    const policy = { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY };
    const spread = NOW + 30 * DAY - (renewalOf({ deployed: shorter, policy, state: aState() }) ?? 0);
    const atFullLifetime = NOW + 40 * DAY - (renewalOf({ deployed: aDeployed(), policy, state: aState() }) ?? 0);
    expect(spread / atFullLifetime).toBeCloseTo(100 / 180, 6);
  });

  test('is not known while the expiry is not', () => {
    expect(renewalOf(aSnapshot({ deployed: anUnknownSecret('masked') }))).toBeNull();
  });

  test('is met by the corrected clock', () => {
    const { clock } = sinceRenewal(0);
    expect(decide(aSnapshot({ clock: { ...clock, skewMs: 1 } })).action).toBe('none');
    expect(decide(aSnapshot({ clock: { ...clock, now: clock.now - 1, skewMs: -1 } })).action).toBe('rotate');
    expect(trueNow({ ...CLOCK, skewMs: HOUR })).toBe(NOW - HOUR);
    expect(trueNow({ ...CLOCK, skewMs: undefined })).toBe(NOW);
  });
});

describe('refused', () => {
  test('an environment without the provider, whatever else is the matter', () => {
    const decision = decide(aSnapshot({ provider: undefined, deployed: anUnknownSecret('missing'), requested: true }));
    expect(decision).toMatchObject({
      action: 'refuse',
      reason: null,
      error: {
        code: 'ERR_PROVIDER_NOT_FOUND',
        message: 'environment shop-1g2h3j has no provider apple',
        hint: expect.stringContaining('Create the Apple login method'),
      },
    });
  });

  test.each([
    ['another one', 'com.example.other', 'com.example.other'],
    ['an empty one', '', 'not set'],
    ['a null one', null, 'not set'],
    ['a number', 7, 'not set'],
    ['one with a line end', 'com.a\nb', 'text of 7 characters'],
    ['one with a blank at its end', 'com.example.shop.web ', '"com.example.shop.web "'],
    ['one with a blank that does not break', '\u00a0com.example.shop.web', '"\u00a0com.example.shop.web"'],
  ])('a provider whose client id is not the key’s: %s', (_name, ClientId, found) => {
    const decision = decide(aSnapshot({ provider: aProvider({ ClientId }), requested: true, waived: true }));
    expect(decision).toMatchObject({
      action: 'refuse',
      reason: null,
      error: {
        code: 'ERR_CLIENT_ID_MISMATCH',
        message: `the Client ID of the provider is ${found}, that of the target is com.example.shop.web`,
        hint: expect.stringContaining('Correct clientId of the target'),
      },
    });
  });

  test('a healthy target is refused too: the next rotation would break it', () => {
    expect(short({ provider: aProvider({ ClientId: 'com.example.other' }) })).toBe('refuse ERR_CLIENT_ID_MISMATCH');
  });
});

describe('a write that did not settle its reason is not made again and again', () => {
  const written = (ago: number, reason: Reason, rest: Partial<TargetState> = {}) =>
    aState({
      written: aWritten({ at: NOW - ago, reason, issuedAt: NOW, expiresAt: NOW + 180 * DAY + 5 * MINUTE }),
      ...rest,
    });
  const due = (ago: number, overrides: Partial<Snapshot> = {}): Partial<Snapshot> => ({
    deployed: aDeployed(left(50 * DAY)),
    state: written(ago, 'KeyChanged'),
    ...overrides,
  });
  const missing = { deployed: anUnknownSecret('missing') };
  /** Of somebody else, in place of what we wrote for the renewal. */
  const theirs = { deployed: aForeignSecret(left(50 * DAY)) };
  const failsInCheck = { loginCheck: { at: NOW, verdict: 'rejected' as const, rejectedSince: NOW - DAY } };
  const off = { provider: { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW } };
  const STOPPED = 'ERR_WRITTEN_LATELY';

  test.each<[string, string, Partial<Snapshot>]>([
    ['stops the same identity 24 h less 1 ms later', `refuse RenewalDue ${STOPPED}`, due(DAY - 1)],
    ['lets it go 24 h later', 'rotate RenewalDue', due(DAY)],
    ['lets it go where a clock that was ahead wrote the last one', 'rotate RenewalDue', due(-1)],
    [
      'lets another identity go',
      'rotate RenewalDue',
      due(HOUR, { key: aKey({ thumbprint: 'another' }), deployed: aDeployed({ ...left(50 * DAY), ours: false }) }),
    ],
    [
      'lets another lifetime go',
      'rotate RenewalDue',
      due(HOUR, { policy: { lifetimeMs: 170 * DAY, renewBeforeMs: 60 * DAY } }),
    ],
    [
      'takes lifetimes within a minute for the same, because instants in a secret are rounded',
      `refuse RenewalDue ${STOPPED}`,
      due(HOUR, { policy: { lifetimeMs: 180 * DAY - MINUTE + 1, renewBeforeMs: 60 * DAY } }),
    ],
    ['lets go what was asked for', 'rotate RenewalDue', due(HOUR, { requested: true })],
    [
      'lets it go where nobody knows whether the last write arrived',
      'rotate RenewalDue',
      due(HOUR, { state: written(HOUR, 'RenewalDue', { maybeWritten: aWritten() }) }),
    ],
    [
      'lets it go where logins fail because of the secret',
      'rotate SecretExpired',
      due(HOUR, { deployed: aDeployed(left(0)) }),
    ],
    [
      'stops it where logins fail for another reason: a new secret would not help',
      `refuse RenewalDue ${STOPPED}`,
      due(HOUR, { state: written(HOUR, 'KeyChanged', failsInCheck) }),
    ],
    ['is asked before the window', `refuse RenewalDue ${STOPPED}`, due(HOUR, { windowOpen: false })],

    [
      'stops a missing one 7 days less 1 ms after it was written',
      `refuse SecretMissing ${STOPPED}`,
      { ...missing, state: written(7 * DAY - 1, 'SecretMissing') },
    ],
    ['lets it go 7 days later', 'rotate SecretMissing', { ...missing, state: written(7 * DAY, 'SecretMissing') }],
    [
      'lets it go after a write for another reason',
      'rotate SecretMissing',
      { ...missing, state: written(2 * DAY, 'RenewalDue') },
    ],
    [
      'stops a mask that varies',
      `refuse SecretUnreadable ${STOPPED}`,
      { deployed: anUnknownSecret('masked'), state: written(6 * DAY, 'SecretUnreadable') },
    ],
    ['stops two rotators', `refuse RenewalDue ${STOPPED}`, { ...theirs, state: written(6 * DAY, 'RenewalDue') }],
    ['… for 7 days', 'rotate RenewalDue', { ...theirs, state: written(7 * DAY, 'RenewalDue') }],
    [
      'lets the same reason go over our own secret',
      'rotate RenewalDue',
      due(6 * DAY, { state: written(6 * DAY, 'RenewalDue') }),
    ],
    [
      'lets go a missing one that was asked for',
      'rotate SecretMissing',
      { ...missing, requested: true, state: written(HOUR, 'SecretMissing') },
    ],
    [
      'lets a missing one go where logins are seen to fail',
      'rotate SecretMissing',
      { ...missing, state: written(2 * DAY, 'SecretMissing', failsInCheck) },
    ],
    [
      '… but once a day',
      `refuse SecretMissing ${STOPPED}`,
      { ...missing, state: written(HOUR, 'SecretMissing', failsInCheck) },
    ],
    [
      '… and not where somebody switched the login method off',
      `refuse SecretMissing ${STOPPED}`,
      { ...missing, state: written(2 * DAY, 'SecretMissing', off) },
    ],
  ])('%s', (_name, wanted, overrides) => {
    expect(short(overrides)).toBe(wanted);
  });

  test('has nothing to say in a new journal', () => {
    expect(short({ ...missing, state: aNewState() })).toBe('rotate SecretMissing');
  });

  test.each<[string, Partial<Snapshot>, string]>([
    ['a day', due(HOUR), 'a new client secret was written within the last 24 h, and again renewal is due'],
    [
      '7 days',
      { ...missing, state: written(HOUR, 'SecretMissing') },
      'a new client secret was written within the last 7 days, and again the provider holds no client secret (missing)',
    ],
  ])('says what to look at: %s', (_name, overrides, message) => {
    expect(decide(aSnapshot(overrides))).toMatchObject({
      error: { message, hint: expect.stringContaining('once --force --target NAME') },
    });
  });
});

describe('a closed window', () => {
  const due = { deployed: aDeployed(left(50 * DAY)) };
  const closed = { windowOpen: false };
  const off = { provider: { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW } };
  test.each<[string, string, Partial<Snapshot>]>([
    ['holds back a renewal', 'defer RenewalDue', due],
    ['holds back a new key', 'defer KeyChanged', { deployed: ofOldKey() }],
    ['holds back a renewal with a tenth of the life left', 'defer RenewalDue', { deployed: aDeployed(left(18 * DAY)) }],
    ['does not hold back what is urgent', 'rotate RenewalDue', { deployed: aDeployed(left(18 * DAY - 1)) }],
    ['does not hold back what was asked for', 'rotate RenewalDue', { ...due, requested: true }],
    ['does not hold back a request without another reason', 'rotate Requested', { requested: true }],
    ['does not hold back a missing secret', 'rotate SecretMissing', { deployed: anUnknownSecret('missing') }],
    ['does not hold back an unreadable one', 'rotate SecretUnreadable', { deployed: anUnknownSecret('masked') }],
    ['does not hold back an expired one', 'rotate SecretExpired', { deployed: aDeployed(left(0)) }],
    ['does not hold back a certain defect', 'rotate SecretInvalid', { deployed: aDeployed({ defect: 'damaged' }) }],
    ['does not hold back what Apple rejects', 'rotate RejectedByApple', { state: aState({ apple: asked() }) }],
    [
      'does not hold back a new key while logins fail',
      'rotate KeyChanged',
      { deployed: ofOldKey(), state: aState(off) },
    ],
    [
      'does not hold back a write that nobody can confirm',
      'rotate RenewalDue',
      { state: aState({ maybeWritten: aWritten() }) },
    ],
    ['leaves a healthy target healthy', 'none', {}],
  ])('%s', (_name, wanted, overrides) => {
    expect(short({ ...closed, ...overrides })).toBe(wanted);
    if (wanted.startsWith('defer')) expect(short(overrides)).toBe(wanted.replace('defer', 'rotate'));
  });

  test('says so', () => {
    expect(decide(aSnapshot({ ...closed, ...due }))).toEqual({
      action: 'defer',
      reason: 'RenewalDue',
      why: { found: 'renewal' },
    });
  });
});

describe('where Apple is never asked', () => {
  const off = { appleCheck: 'off' } as const;
  const consent = (reason: Reason) => `pend ${reason} ERR_CONSENT_REQUIRED`;
  const neverOurs = { state: aNewState() };
  test.each<[string, string, Partial<Snapshot>]>([
    [
      'another identity waits for a person',
      consent('KeyChanged'),
      { deployed: ofOldKey(), state: aState({ written: aWritten({ keyId: 'OLDKEYOLDK' }) }) },
    ],
    ['… but not that of our last write', 'rotate RenewalDue', { deployed: aForeignSecret(left(50 * DAY)) }],
    [
      '… nor one that Apple accepted lately',
      'rotate RenewalDue',
      {
        ...neverOurs,
        deployed: aForeignSecret(left(50 * DAY)),
        state: aNewState({
          proven: { [identityId(aKey())]: { acceptedAt: NOW - DAY, rejectedAt: null, endedAt: null } },
        }),
      },
    ],
    [
      '… nor where the same is deployed',
      'rotate RenewalDue',
      { ...neverOurs, deployed: aDeployed({ ...left(50 * DAY), ours: false }) },
    ],
    ['somebody else’s secret waits', consent('RenewalDue'), { ...neverOurs, deployed: aForeignSecret(left(50 * DAY)) }],
    [
      '… also in the last tenth of its life',
      consent('RenewalDue'),
      { ...neverOurs, deployed: aForeignSecret(left(1)) },
    ],
    ['… until it has expired', 'rotate SecretExpired', { ...neverOurs, deployed: aForeignSecret(left(0)) }],
    ['a missing secret waits', consent('SecretMissing'), { deployed: anUnknownSecret('missing') }],
    ['an unreadable one waits', consent('SecretUnreadable'), { deployed: anUnknownSecret('masked') }],
    [
      'a hidden one that has expired does not wait',
      'rotate SecretExpired',
      { deployed: aDeployed({ ...left(0), from: 'record' }) },
    ],
    [
      'a certain defect does not wait',
      'rotate SecretInvalid',
      { ...neverOurs, deployed: aForeignSecret({ defect: 'damaged' }) },
    ],
    ['what Apple rejected before waits', consent('RejectedByApple'), { state: aState({ apple: asked() }) }],
    [
      'nothing waits that was asked for',
      'rotate SecretMissing',
      { deployed: anUnknownSecret('missing'), requested: true },
    ],
    [
      'nothing waits of which the check is waived',
      'rotate SecretMissing',
      { deployed: anUnknownSecret('missing'), waived: true },
    ],
    [
      'the window is asked before',
      'defer RenewalDue',
      { ...neverOurs, deployed: aForeignSecret(left(50 * DAY)), windowOpen: false },
    ],
  ])('%s', (_name, wanted, overrides) => {
    expect(short({ ...off, ...overrides })).toBe(wanted);
  });

  test.each(['compare', 'require'] as const)('nobody is asked where it is: %s', (appleCheck) => {
    expect(short({ appleCheck, deployed: anUnknownSecret('missing') })).toBe('rotate SecretMissing');
  });
});

test('a decision to rotate says why, and whether it is urgent', () => {
  const decision = (ms: number) => decide(aSnapshot({ deployed: aDeployed(left(ms)) }));
  const wanted = { action: 'rotate', reason: 'RenewalDue', why: { found: 'renewal' } };
  expect(decision(50 * DAY)).toEqual({ ...wanted, urgent: false });
  expect(decision(10 * DAY)).toEqual({ ...wanted, urgent: true });
});

describe('the gate is asked', () => {
  const proof = (age: number) => ({
    proven: { [identityId(aKey())]: { acceptedAt: NOW - age, rejectedAt: null, endedAt: null } },
  });
  const question = (overrides: Partial<Snapshot>) => gateQuestion(aSnapshot(overrides), 'RenewalDue', 'unknown', null);
  const other = { deployed: aForeignSecret() };

  test.each<[string, GateQuestion['predecessor'], Partial<Snapshot>]>([
    ['our own', 'same-identity', {}],
    ['one of our identity that somebody else made', 'same-identity', { deployed: aDeployed({ ours: false }) }],
    ['the record that stands in', 'same-identity', { deployed: aDeployed({ from: 'record' }) }],
    ['one of the same ids whose signature is not our key’s', 'other', { deployed: aDeployed({ identity: null }) }],
    ['somebody else’s', 'other', other],
    ['one of which nothing is known', 'other', { deployed: anUnknownSecret('masked') }],
    ['an expired one', 'useless', { deployed: aDeployed(left(0)) }],
    ['one with a defect', 'useless', { deployed: aForeignSecret({ defect: 'no-claims' }) }],
    ['a hidden one past its expiry', 'same-identity', { deployed: aDeployed({ ...left(0), from: 'record' }) }],
    ['a hidden one of another key past its expiry', 'other', { deployed: ofOldKey({ ...left(0), from: 'record' }) }],
    [
      'one that has expired by a clock that is ahead',
      'same-identity',
      { deployed: aDeployed(left(-DAY)), clock: { ...CLOCK, skewMs: 2 * DAY } },
    ],
  ])('about what is deployed: %s', (_name, predecessor, overrides) => {
    expect(question(overrides).predecessor).toBe(predecessor);
  });

  test.each<[string, boolean, Partial<Snapshot>]>([
    ['no proof', false, other],
    ['a proof of 7 days less 1 ms over another identity', true, { ...other, state: aState(proof(7 * DAY - 1)) }],
    ['a proof of 7 days over another identity', false, { ...other, state: aState(proof(7 * DAY)) }],
    ['a proof of a year over its own', true, { state: aState(proof(365 * DAY)) }],
    ['our last write, where Apple is not asked', true, { ...other, appleCheck: 'off' }],
    [
      'our last write of another key, where Apple is not asked',
      false,
      { ...other, appleCheck: 'off', state: aState({ written: aWritten({ keyId: 'OLDKEYOLDK' }) }) },
    ],
    ['no write, where Apple is not asked', false, { ...other, appleCheck: 'off', state: aNewState() }],
  ])('with %s', (_name, proven, overrides) => {
    expect(question(overrides).proven).toBe(proven);
  });

  test('with what the pass was asked', () => {
    const asIs = { appleCheck: 'require', waived: true, requested: true } as const;
    const detail = { trouble: 'timeout', afterMs: 1 } as const;
    expect(gateQuestion(aSnapshot(asIs), 'Requested', 'rejected', detail)).toEqual({
      ...{ mode: 'require', waived: true, requested: true, reason: 'Requested', candidate: 'rejected', detail },
      ...{ predecessor: 'same-identity', proven: false },
    });
  });
});

describe('whatever the snapshot', () => {
  const around = (from: number, to: number) => fc.integer({ min: NOW + from, max: NOW + to });
  const identity = fc.constantFrom(identityId(aKey()), 'another identity', null);
  const known: fc.Arbitrary<Deployed> = fc
    .record({
      from: fc.constantFrom('read', 'record'),
      identity,
      issuedAt: fc.option(around(-200 * DAY, DAY)),
      expiresAt: fc.option(around(-10 * DAY, 190 * DAY)),
      defect: fc.constantFrom(null, null, null, ...DEFECTS),
      ours: fc.boolean(),
    })
    .map((overrides) => aDeployed(overrides));
  const unknown = fc.constantFrom(...SHAPES.filter((shape) => shape !== 'clear')).map(anUnknownSecret);
  const written = fc
    .record({ at: around(-9 * DAY, HOUR), reason: fc.constantFrom(...REASONS) })
    .map((overrides) => aWritten(overrides));
  const answer = fc
    .record({
      verdict: fc.constantFrom('accepted', 'rejected'),
      counts: fc.boolean(),
      rejectedSince: fc.option(around(-DAY, 0)),
      identity,
    })
    .map((overrides) => anAnswer(overrides));
  const snapshots: fc.Arbitrary<Snapshot> = fc
    .record({
      deployed: fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: unknown }),
      state: fc
        .record({
          written: fc.option(written),
          maybeWritten: fc.option(written, { freq: 5 }),
          apple: fc.option(answer).map((each) => ({
            ...aState().apple,
            deployed: { askedAt: each?.at ?? null, answer: each },
          })),
          loginCheck: fc.option(
            around(-DAY, 0).map((since) => ({ at: NOW, verdict: 'rejected' as const, rejectedSince: since })),
          ),
        })
        .map((overrides) => aState(overrides)),
      clock: fc.option(around(-HOUR, HOUR)).map((skewed) => ({
        ...CLOCK,
        skewMs: skewed === null ? undefined : skewed - NOW,
      })),
      windowOpen: fc.boolean(),
      requested: fc.boolean(),
      waived: fc.boolean(),
      appleCheck: fc.constantFrom('compare', 'require', 'off'),
      provider: fc.constantFrom(aProvider(), aProvider(), aProvider(), aProvider({ ClientId: 'other' }), undefined),
    })
    .map((overrides) => aSnapshot(overrides));
  const law = (name: string, holds: (snapshot: Snapshot, decision: Decision) => void) =>
    test(name, () => {
      fc.assert(
        fc.property(snapshots, (snapshot) => holds(snapshot, decide(snapshot))),
        { numRuns: tries(2_000) },
      );
    });

  law('the same snapshot gives the same decision, and is not touched', (snapshot, decision) => {
    const { provider, ...others } = snapshot;
    const before = structuredClone(others);
    expect(decide(snapshot)).toEqual(decision);
    expect(snapshot).toEqual({ ...before, provider });
  });

  law('the reason is that of the first policy that objects', (snapshot, decision) => {
    if (!('reason' in decision) || decision.reason === null) return;
    const objecting = POLICIES.filter(({ objects }) => objects(snapshot) !== undefined);
    expect(decision.reason).toBe(objecting[0]?.reason);
  });

  law('nothing is done where nothing objects, and only there', (snapshot, decision) => {
    const refused = decision.action === 'refuse' && decision.reason === null;
    if (!refused) expect(decision.action === 'none').toBe(firstObjection(snapshot) === undefined);
  });

  law('a good secret is left alone, whoever made it', (snapshot, decision) => {
    const { deployed, state, requested } = snapshot;
    const hasYears = (deployed.expiresAt ?? 0) > NOW + 120 * DAY && deployed.defect === null;
    const isRejected = loginsOf(snapshot).evidence.some(({ detail }) => detail === 'rejected');
    if (!hasYears || isRejected || requested || state.maybeWritten !== null || deployed.ours) return;
    expect(['none', 'refuse']).toContain(decision.action);
  });

  law('what is urgent is never deferred', (snapshot, decision) => {
    if (urgencyOf(snapshot)) expect(decision.action).not.toBe('defer');
  });

  law('what is asked for by hand is stopped by refusals alone', ({ requested }, decision) => {
    if (!requested) return;
    if (decision.action === 'refuse') expect(decision.reason).toBeNull();
    else expect(decision.action).toBe('rotate');
  });

  law(
    'nothing waits while logins fail because of the secret, but for a person where Apple is not asked',
    (snapshot, decision) => {
      if (loginsOf(snapshot).because !== 'secret') return;
      if (decision.action === 'refuse') expect(decision.reason).toBeNull();
      else expect(snapshot.appleCheck === 'off' ? ['rotate', 'pend'] : ['rotate']).toContain(decision.action);
    },
  );

  law('every error has a next step', (_snapshot, decision) => {
    if ('error' in decision) expect(decision.error.hint).toMatch(/^[A-Z]/);
  });
});
