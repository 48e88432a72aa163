// The policies, one by one at their boundaries and in their order; and what a person must be asked before a rotation
// that a policy wants: each refusal and each restraint with all of its exemptions (design.md, "One pass", step 2).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Decision,
  decide,
  firstObjection,
  isEmergency,
  POLICIES,
  renewalOf,
  type Snapshot,
} from '../../src/core/decide.ts';
import type { Deployed } from '../../src/core/deployed.ts';
import type { Objection } from '../../src/core/reasons.ts';
import { REASONS, type Reason, SHAPES, type Why } from '../../src/core/reasons.ts';
import { whyText } from '../../src/core/texts/en/why.ts';
import { DAY, HOUR } from '../../src/core/time.ts';
import {
  aDeployed,
  aForeignSecret,
  aKey,
  aNewState,
  anUnknownSecret,
  aProvider,
  aSnapshot,
  aState,
  aWritten,
  NOW,
} from '../support/builders.ts';
import { tries } from '../support/campaign.ts';

const NO_AUDIENCE: Objection = { code: 'AudienceWrong', found: null, wanted: null };
const LIMIT = 15_777_000_000;
const left = (ms: number) => ({ issuedAt: NOW + ms - 180 * DAY, expiresAt: NOW + ms });
/** A snapshot taken `ms` after the instant at which the ordinary target's renewal is due. */
const sinceRenewal = (ms: number, overrides: Partial<Snapshot> = {}): Snapshot =>
  aSnapshot({ ...overrides, now: (renewalOf(aSnapshot(overrides)) ?? 0) + ms });

test('the policies are asked in this order, which is that of the reasons', () => {
  const order = [
    'SecretMissing',
    'SecretUnreadable',
    'KeyChanged',
    'TeamChanged',
    'ClientChanged',
    'SignatureInvalid',
    'LifetimeTooLong',
    'SecretExpired',
    'RenewalDue',
    'Requested',
  ];
  expect(POLICIES.map(({ reason }) => reason)).toEqual(order);
  expect(REASONS).toEqual(order);
});

test('the ordinary target is healthy', () => {
  expect(decide(aSnapshot())).toEqual({ action: 'none' });
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
    deployed({ knownFrom: 'record', shown: anUnknownSecret(shape).shown });

  const none = (shape: string) => `the provider holds no client secret (${shape})`;
  const unreadable = (shape: string) =>
    `the provider shows a client secret that cannot be read (${shape}) and is not as our last write left it`;
  const notOurKey = 'the deployed secret is not signed by the key in the key source';
  const due = 'renewal is due';

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

    objection(
      'KeyChanged',
      'another key id in the secret',
      deployed({ keyId: 'OLDKEYOLDK' }),
      'the deployed secret was made with key OLDKEYOLDK, the key source holds K1L2M3N4O5',
    ),
    objection(
      'KeyChanged',
      'another key id in the record that stands in',
      deployed({ knownFrom: 'record', keyId: 'OLDKEYOLDK' }),
      'the deployed secret was made with key OLDKEYOLDK, the key source holds K1L2M3N4O5',
    ),
    objection(
      'KeyChanged',
      'no key id in the secret',
      deployed({ keyId: null }),
      'the deployed secret has no key id in its header, the key source holds K1L2M3N4O5',
    ),
    silence('KeyChanged', 'the same key id', {}),
    silence('KeyChanged', 'a secret of which nothing is known', { deployed: anUnknownSecret('masked') }),

    objection(
      'TeamChanged',
      'another team in the secret',
      deployed({ teamId: 'OLDTEAMOLD' }),
      "the deployed secret names team OLDTEAMOLD, the key's is A1B2C3D4E5",
    ),
    objection(
      'TeamChanged',
      'no team in the secret',
      deployed({ teamId: null }),
      "the deployed secret names team none, the key's is A1B2C3D4E5",
    ),
    silence('TeamChanged', 'the same team', {}),
    silence('TeamChanged', 'a secret of which nothing is known', { deployed: anUnknownSecret('digest') }),

    objection(
      'ClientChanged',
      'another client in the secret',
      deployed({ clientId: 'com.example.other' }),
      "the deployed secret names client com.example.other, the key's is com.example.shop.web",
    ),
    objection(
      'ClientChanged',
      'no client in the secret',
      deployed({ clientId: null }),
      "the deployed secret names client none, the key's is com.example.shop.web",
    ),
    silence('ClientChanged', 'the same client', {}),
    silence('ClientChanged', 'a secret of which nothing is known', { deployed: anUnknownSecret('masked') }),

    objection('SignatureInvalid', "a signature that is not our key's", deployed({ signedByOurKey: false }), notOurKey),
    objection(
      'SignatureInvalid',
      'our signature under a secret that Apple does not take',
      deployed({ defects: [NO_AUDIENCE, { code: 'KeyIdMissing', found: null, wanted: null }] }),
      'Apple would not accept the deployed secret: aud is missing, wanted https://appleid.apple.com',
    ),
    objection(
      'SignatureInvalid',
      'the same without an expiry: what Apple does not take comes first',
      deployed({ defects: [NO_AUDIENCE], expiresAt: null }),
      'Apple would not accept the deployed secret: aud is missing, wanted https://appleid.apple.com',
    ),
    silence('SignatureInvalid', 'our signature', {}),
    silence('SignatureInvalid', 'our signature without an expiry', deployed({ expiresAt: null })),
    silence('SignatureInvalid', 'a secret of which nothing is known', { deployed: anUnknownSecret('masked') }),

    objection(
      'LifetimeTooLong',
      '15 777 000 s and 1 ms from now',
      deployed({ expiresAt: NOW + LIMIT + 1 }),
      'the deployed secret expires later than Apple accepts',
    ),
    objection(
      'LifetimeTooLong',
      'no expiry at all',
      deployed({ expiresAt: null }),
      'the deployed secret never expires',
    ),
    silence('LifetimeTooLong', '15 777 000 s from now', deployed({ expiresAt: NOW + LIMIT })),
    silence('LifetimeTooLong', 'longer than the policy: it plays no part', {
      policy: { lifetimeMs: 7 * DAY, renewBeforeMs: DAY },
    }),
    silence('LifetimeTooLong', 'a secret of which nothing is known', { deployed: anUnknownSecret('digest') }),

    objection('SecretExpired', 'the instant of its expiry', deployed(left(0)), 'the deployed secret has expired'),
    silence('SecretExpired', '1 ms before its expiry', deployed(left(1))),
    silence('SecretExpired', 'an expiry that is not known', { deployed: anUnknownSecret('masked') }),

    { reason: 'RenewalDue', when: 'the renewal instant', snapshot: sinceRenewal(0), why: due },
    { reason: 'RenewalDue', when: '1 ms before the renewal instant', snapshot: sinceRenewal(-1), why: undefined },
    objection(
      'RenewalDue',
      'a write of which nobody knows whether it arrived',
      { state: aState({ maybeWritten: aWritten() }) },
      'an earlier rotation was cut off and its outcome could not be read',
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

  test('shows what stands in a foreign secret on one line, cut, and without what looks like a secret', () => {
    const long = POLICIES[2]?.objects(aSnapshot(deployed({ keyId: `x\n\u202e${'y'.repeat(500)}` })));
    expect(long && whyText(long)).toMatch(
      /^the deployed secret was made with key x��y{76}…, the key source holds K1L2M3N4O5$/,
    );
    const jwt = `eyJ${'h'.repeat(20)}.${'c'.repeat(20)}.${'s'.repeat(20)}`;
    for (const index of [2, 3, 4]) {
      const why = POLICIES[index]?.objects(aSnapshot(deployed({ keyId: jwt, teamId: jwt, clientId: jwt })));
      expect(why && whyText(why)).toContain('[redacted JWT]');
    }
  });
});

describe('of several objections the first names the reason', () => {
  test('and as each is mended, the next one does', () => {
    const wrong = aDeployed({
      keyId: 'OLDKEYOLDK',
      teamId: 'OLDTEAMOLD',
      clientId: 'com.example.other',
      signedByOurKey: false,
      ...left(0),
    });
    const { keyId, teamId, clientId } = aKey();
    const steps: Partial<Deployed>[] = [{}, { keyId }, { teamId }, { clientId }, { signedByOurKey: true }];
    const mended = { ...wrong };
    const reasons = steps.map(
      (step) => firstObjection(aSnapshot({ deployed: Object.assign(mended, step), requested: true }))?.reason,
    );
    expect(reasons).toEqual(['KeyChanged', 'TeamChanged', 'ClientChanged', 'SignatureInvalid', 'SecretExpired']);
    expect(firstObjection(sinceRenewal(0, { requested: true }))?.reason).toBe('RenewalDue');
    expect(firstObjection(sinceRenewal(-1, { requested: true }))?.reason).toBe('Requested');
    expect(firstObjection(aSnapshot())).toBeUndefined();
  });

  test('a missing secret is missing, whatever else is due', () => {
    const state = aState({ maybeWritten: aWritten() });
    expect(firstObjection(aSnapshot({ deployed: anUnknownSecret('null'), state, requested: true }))?.reason).toBe(
      'SecretMissing',
    );
    expect(firstObjection(aSnapshot({ deployed: anUnknownSecret('masked'), state, requested: true }))?.reason).toBe(
      'SecretUnreadable',
    );
    expect(firstObjection(aSnapshot({ deployed: aDeployed({ expiresAt: null }), state }))?.reason).toBe(
      'LifetimeTooLong',
    );
  });
});

describe('the renewal instant', () => {
  test('counts from the real lifetime of the deployed secret', () => {
    const short = aDeployed({ issuedAt: NOW - 10 * DAY, expiresAt: NOW + 90 * DAY });
    const policy = { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY };
    const spread = NOW + 30 * DAY - (renewalOf({ deployed: short, policy, state: aState() }) ?? 0);
    const atFullLifetime = NOW + 40 * DAY - (renewalOf({ deployed: aDeployed(), policy, state: aState() }) ?? 0);
    expect(spread / atFullLifetime).toBeCloseTo(100 / 180, 6);
  });

  test('is not known while the expiry is not', () => {
    expect(renewalOf(aSnapshot({ deployed: anUnknownSecret('masked') }))).toBeNull();
  });
});

describe('an emergency', () => {
  test.each<[string, boolean, Partial<Snapshot>]>([
    ['is a tenth of the lifetime less 1 ms left', true, { deployed: aDeployed(left(18 * DAY - 1)) }],
    ['is not exactly a tenth of the lifetime left', false, { deployed: aDeployed(left(18 * DAY)) }],
    [
      'is a tenth of the policy’s lifetime less 1 ms left, where the real one is not known',
      true,
      { deployed: aDeployed({ issuedAt: null, expiresAt: NOW + 18 * DAY - 1 }) },
    ],
    [
      'is not a tenth of the policy’s lifetime left',
      false,
      { deployed: aDeployed({ issuedAt: null, expiresAt: NOW + 18 * DAY }) },
    ],
    ['is no secret', true, { deployed: anUnknownSecret('missing') }],
    ['is an expired secret', true, { deployed: aDeployed(left(0)) }],
    ['is a secret that lives too long for Apple', true, { deployed: aDeployed({ expiresAt: NOW + LIMIT + 1 }) }],
    ['is a secret without an expiry', true, { deployed: aDeployed({ expiresAt: null }) }],
    ['is a secret that Apple does not take', true, { deployed: aDeployed({ defects: [NO_AUDIENCE] }) }],
    ['is not a secret that cannot be read: it may be working', false, { deployed: anUnknownSecret('masked') }],
    ['is not a good secret of another key: it may be working', false, { deployed: aForeignSecret() }],
    ['is not a renewal that is due', false, { deployed: aDeployed(left(50 * DAY)) }],
    [
      'is not an environment without the provider',
      false,
      { provider: undefined, deployed: anUnknownSecret('missing') },
    ],
  ])('%s', (_name, emergency, overrides) => {
    expect(isEmergency(aSnapshot(overrides))).toBe(emergency);
  });
});

/** A decision in short: what is done, for which reason, and with which error. */
function inShort(decision: Decision): string {
  const reason = 'reason' in decision && decision.reason !== null ? ` ${decision.reason}` : '';
  const code = 'error' in decision ? ` ${decision.error.code}` : '';
  return `${decision.action}${reason}${code}`;
}

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
    const decision = decide(aSnapshot({ provider: aProvider({ ClientId }), requested: true, adopt: true }));
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

  test('a provider without Config: its client id is not set', () => {
    expect(decide(aSnapshot({ provider: aProvider({ ClientId: null }) }))).toMatchObject({
      error: {
        code: 'ERR_CLIENT_ID_MISMATCH',
        message: 'the Client ID of the provider is not set, that of the target is com.example.shop.web',
      },
    });
  });

  test('a healthy target is refused too: the next rotation would break it', () => {
    expect(inShort(decide(aSnapshot({ provider: aProvider({ ClientId: 'com.example.other' }) })))).toBe(
      'refuse ERR_CLIENT_ID_MISMATCH',
    );
  });
});

describe('the binding of key ids to keys', () => {
  const rotation = (keyThumbprints: Record<string, string>) =>
    decide(aSnapshot({ deployed: aDeployed(left(50 * DAY)), state: aState({ keyThumbprints }) }));

  test.each<[string, Record<string, string>, boolean]>([
    ['the key that the journal recorded under this id needs no acceptance', { K1L2M3N4O5: aKey().thumbprint }, false],
    ['another public key under the same id needs Apple’s', { K1L2M3N4O5: 'another thumbprint' }, true],
    ['an id that the journal does not know needs none', { OLDKEYOLDK: 'another thumbprint' }, false],
    ['a target that was never rotated needs none', {}, false],
  ])('%s', (_name, keyThumbprints, needsAcceptance) => {
    expect(rotation(keyThumbprints)).toMatchObject({ action: 'rotate', reason: 'RenewalDue', needsAcceptance });
  });
});

describe('adoption: a provider that this journal has never written', () => {
  const foreign = aForeignSecret();
  const never = { state: aNewState() };
  test.each<[string, string, Partial<Snapshot>]>([
    [
      'keeps a readable secret of another key',
      'pend KeyChanged ERR_ADOPTION_REQUIRED',
      { ...never, deployed: foreign },
    ],
    [
      'keeps it even on request',
      'pend KeyChanged ERR_ADOPTION_REQUIRED',
      { ...never, deployed: foreign, requested: true },
    ],
    [
      'keeps one that cannot be read',
      'pend SecretUnreadable ERR_ADOPTION_REQUIRED',
      { ...never, deployed: anUnknownSecret('masked') },
    ],
    [
      'keeps a digest',
      'pend SecretUnreadable ERR_ADOPTION_REQUIRED',
      { ...never, deployed: anUnknownSecret('digest') },
    ],
    [
      'keeps one of our key id that our key did not sign',
      'pend SignatureInvalid ERR_ADOPTION_REQUIRED',
      { ...never, deployed: aForeignSecret({ keyId: aKey().keyId }) },
    ],
    [
      'keeps it in the last tenth of its life',
      'pend KeyChanged ERR_ADOPTION_REQUIRED',
      { ...never, deployed: aForeignSecret(left(1)) },
    ],
    [
      'is asked before the window',
      'pend KeyChanged ERR_ADOPTION_REQUIRED',
      { ...never, deployed: foreign, windowOpen: false },
    ],
    ['gives way to adopt', 'rotate KeyChanged', { ...never, deployed: foreign, adopt: true }],
    [
      'gives way to adopt where it cannot be read',
      'rotate SecretUnreadable',
      { ...never, deployed: anUnknownSecret('masked'), adopt: true },
    ],
    [
      'does not keep a secret that our key signed',
      'rotate RenewalDue',
      { ...never, deployed: aDeployed({ ...left(50 * DAY), ours: false }) },
    ],
    ['does not keep a missing one', 'rotate SecretMissing', { ...never, deployed: anUnknownSecret('missing') }],
    ['does not keep an expired one', 'rotate KeyChanged', { ...never, deployed: aForeignSecret(left(0)) }],
    [
      'does not keep one that Apple would not take',
      'rotate KeyChanged',
      { ...never, deployed: aForeignSecret({ defects: [NO_AUDIENCE] }) },
    ],
    [
      'does not keep one that lives too long',
      'rotate KeyChanged',
      { ...never, deployed: aForeignSecret({ expiresAt: NOW + LIMIT + 1 }) },
    ],
    ['has nothing to say of a healthy one', 'none', { ...never, deployed: aDeployed({ ours: false }) }],
    ['is over after our first write', 'rotate KeyChanged', { deployed: foreign }],
  ])('%s', (_name, short, overrides) => {
    expect(inShort(decide(aSnapshot(overrides)))).toBe(short);
  });

  test('says why, and what to do', () => {
    expect(decide(aSnapshot({ ...never, deployed: foreign }))).toMatchObject({
      why: { found: 'other-key', id: 'KEYFOREIGN', wanted: 'K1L2M3N4O5' },
      error: {
        code: 'ERR_ADOPTION_REQUIRED',
        message:
          'this journal has never written this provider, and the deployed secret was made with key KEYFOREIGN, the key source holds K1L2M3N4O5',
        hint: expect.stringContaining('once --adopt --target NAME'),
      },
    });
  });
});

describe('the loop guard: no second rotation for the same reason within 24 h', () => {
  const due = (at: number, overrides: Partial<Snapshot> = {}, reason: Reason = 'RenewalDue') => ({
    deployed: aDeployed(left(50 * DAY)),
    state: aState({ written: aWritten({ at, reason }) }),
    ...overrides,
  });
  test.each<[string, string, Partial<Snapshot>]>([
    ['stops it 24 h less 1 ms later', 'refuse RenewalDue ERR_ROTATION_LOOP', due(NOW - DAY + 1)],
    ['lets it go 24 h later', 'rotate RenewalDue', due(NOW - DAY)],
    ['stops it at once', 'refuse RenewalDue ERR_ROTATION_LOOP', due(NOW)],
    ['lets it go where the last one lies in the future: that clock was wrong', 'rotate RenewalDue', due(NOW + 1)],
    ['lets go what was asked for', 'rotate RenewalDue', due(NOW, { requested: true })],
    [
      'lets go what is asked for again',
      'rotate Requested',
      { requested: true, state: aState({ written: aWritten({ at: NOW, reason: 'Requested' }) }) },
    ],
    ['lets another reason go', 'rotate RenewalDue', due(NOW, {}, 'KeyChanged')],
    [
      'lets it go where somebody replaced the secret meanwhile',
      'rotate RenewalDue',
      due(NOW, { deployed: aDeployed({ ...left(50 * DAY), ours: false }) }),
    ],
    [
      'lets it go where nobody knows whether the last write arrived',
      'rotate RenewalDue',
      due(NOW, { state: aState({ written: aWritten({ at: NOW }), maybeWritten: aWritten() }) }),
    ],
    [
      'holds in an emergency too',
      'refuse SecretExpired ERR_ROTATION_LOOP',
      due(NOW, { deployed: aDeployed(left(0)) }, 'SecretExpired'),
    ],
    ['is asked before the window', 'refuse RenewalDue ERR_ROTATION_LOOP', due(NOW, { windowOpen: false })],
  ])('%s', (_name, short, overrides) => {
    expect(inShort(decide(aSnapshot(overrides)))).toBe(short);
  });

  test('says what to look at', () => {
    expect(decide(aSnapshot(due(NOW - HOUR)))).toMatchObject({
      error: {
        message: 'rotated within the last 24 h for the same reason, and again renewal is due',
        hint: expect.stringContaining('once --force --target NAME'),
      },
    });
  });
});

describe('somebody else’s secret, after two replacements within 7 days', () => {
  const replaced = (...ago: number[]) => aState({ foreign: ago.map((ms) => ({ fingerprint: 'f', at: NOW - ms })) });
  const foreign = { deployed: aForeignSecret(), state: replaced(6 * DAY, DAY) };
  test.each<[string, string, Partial<Snapshot>]>([
    ['is left alone', 'pend KeyChanged ERR_FOREIGN_SECRET', foreign],
    [
      'is left alone with 7 days less 1 ms since the first',
      'pend KeyChanged ERR_FOREIGN_SECRET',
      { ...foreign, state: replaced(7 * DAY - 1, DAY) },
    ],
    ['is replaced with 7 days since the first', 'rotate KeyChanged', { ...foreign, state: replaced(7 * DAY, DAY) }],
    ['is replaced after one', 'rotate KeyChanged', { ...foreign, state: replaced(DAY) }],
    [
      'is replaced where one of the two lies in the future',
      'rotate KeyChanged',
      { ...foreign, state: replaced(DAY, -1) },
    ],
    ['is replaced on request', 'rotate KeyChanged', { ...foreign, requested: true }],
    [
      'is left alone with a tenth of its life left',
      'pend KeyChanged ERR_FOREIGN_SECRET',
      { ...foreign, deployed: aForeignSecret(left(18 * DAY)) },
    ],
    ['is replaced in an emergency', 'rotate KeyChanged', { ...foreign, deployed: aForeignSecret(left(18 * DAY - 1)) }],
    ['is replaced when it has expired', 'rotate KeyChanged', { ...foreign, deployed: aForeignSecret(left(0)) }],
    [
      'is replaced where Apple would not take it',
      'rotate KeyChanged',
      { ...foreign, deployed: aForeignSecret({ defects: [NO_AUDIENCE] }) },
    ],
    [
      'is replaced where it cannot be read: it may be anything',
      'rotate SecretUnreadable',
      { ...foreign, deployed: anUnknownSecret('masked') },
    ],
    ['is not meant where it is ours again', 'rotate RenewalDue', { ...foreign, deployed: aDeployed(left(50 * DAY)) }],
    [
      'is left alone although our own key signed it (another rotator)',
      'pend RenewalDue ERR_FOREIGN_SECRET',
      { ...foreign, deployed: aDeployed({ ...left(50 * DAY), ours: false }) },
    ],
    ['is asked before the window', 'pend KeyChanged ERR_FOREIGN_SECRET', { ...foreign, windowOpen: false }],
  ])('%s', (_name, short, overrides) => {
    expect(inShort(decide(aSnapshot(overrides)))).toBe(short);
  });

  test('says how often, and what to do', () => {
    expect(decide(aSnapshot(foreign))).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^somebody else replaced the client secret 2 times within 7 days, and the deployed secret was made with key KEYFOREIGN/,
        ),
        hint: expect.stringContaining('once --force --target NAME'),
      },
    });
  });
});

describe('a closed window', () => {
  const due = { deployed: aDeployed(left(50 * DAY)) };
  const closed = { windowOpen: false };
  test.each<[string, string, Partial<Snapshot>]>([
    ['holds back a renewal', 'defer RenewalDue', due],
    [
      'holds back a new key while the old secret works',
      'defer KeyChanged',
      { deployed: aDeployed({ keyId: 'OLDKEYOLDK', signedByOurKey: false }) },
    ],
    ['holds back a renewal with a tenth of the life left', 'defer RenewalDue', { deployed: aDeployed(left(18 * DAY)) }],
    ['does not hold back an emergency', 'rotate RenewalDue', { deployed: aDeployed(left(18 * DAY - 1)) }],
    ['does not hold back what was asked for', 'rotate RenewalDue', { ...due, requested: true }],
    ['does not hold back a request without another reason', 'rotate Requested', { requested: true }],
    ['does not hold back a missing secret', 'rotate SecretMissing', { deployed: anUnknownSecret('missing') }],
    ['does not hold back an unreadable one', 'rotate SecretUnreadable', { deployed: anUnknownSecret('masked') }],
    ['does not hold back an expired one', 'rotate SecretExpired', { deployed: aDeployed(left(0)) }],
    ['does not hold back a new key over an expired one', 'rotate KeyChanged', { deployed: aForeignSecret(left(0)) }],
    ['does not hold back a new team', 'rotate TeamChanged', { deployed: aDeployed({ teamId: 'OLDTEAMOLD' }) }],
    [
      'does not hold back a new client',
      'rotate ClientChanged',
      { deployed: aDeployed({ clientId: 'com.example.old' }) },
    ],
    [
      'does not hold back a wrong signature',
      'rotate SignatureInvalid',
      { deployed: aDeployed({ signedByOurKey: false }) },
    ],
    [
      'does not hold back too long a life',
      'rotate LifetimeTooLong',
      { deployed: aDeployed({ expiresAt: NOW + LIMIT + 1 }) },
    ],
    [
      'does not hold back a write that nobody can confirm',
      'rotate RenewalDue',
      { state: aState({ maybeWritten: aWritten() }) },
    ],
    ['leaves a healthy target healthy', 'none', {}],
  ])('%s', (_name, short, overrides) => {
    expect(inShort(decide(aSnapshot({ ...closed, ...overrides })))).toBe(short);
    if (short.startsWith('defer')) expect(inShort(decide(aSnapshot(overrides)))).toBe(short.replace('defer', 'rotate'));
  });

  test('says so', () => {
    expect(decide(aSnapshot({ ...closed, ...due }))).toEqual({
      action: 'defer',
      reason: 'RenewalDue',
      why: { found: 'renewal' },
    });
  });
});

describe('a decision to rotate', () => {
  test('says why, and whether it is an emergency', () => {
    expect(decide(aSnapshot({ deployed: aDeployed(left(10 * DAY)) }))).toEqual({
      action: 'rotate',
      reason: 'RenewalDue',
      why: { found: 'renewal' },
      emergency: true,
      needsAcceptance: false,
    });
  });
});

describe('whatever the snapshot', () => {
  const around = (from: number, to: number) => fc.integer({ min: NOW + from, max: NOW + to });
  const text = (own: string) => fc.constantFrom(own, 'SOMETHINGX', null);
  const known: fc.Arbitrary<Deployed> = fc
    .record({
      knownFrom: fc.constantFrom('read', 'record'),
      keyId: text(aKey().keyId),
      teamId: text(aKey().teamId),
      clientId: text(aKey().clientId),
      issuedAt: fc.option(around(-200 * DAY, DAY)),
      expiresAt: fc.option(around(-10 * DAY, 190 * DAY)),
      signedByOurKey: fc.boolean(),
      defects: fc.constantFrom<Objection[]>([], [NO_AUDIENCE]),
      ours: fc.boolean(),
    })
    .map((overrides) => aDeployed(overrides));
  const unknown = fc.constantFrom(...SHAPES.filter((shape) => shape !== 'clear')).map(anUnknownSecret);
  const written = fc
    .record({ at: around(-3 * DAY, HOUR), reason: fc.constantFrom(...REASONS) })
    .map((overrides) => aWritten(overrides));
  const snapshots: fc.Arbitrary<Snapshot> = fc
    .record({
      deployed: fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: unknown }),
      state: fc
        .record({
          written: fc.option(written),
          maybeWritten: fc.option(written, { freq: 5 }),
          foreign: fc.array(
            around(-9 * DAY, HOUR).map((at) => ({ fingerprint: 'f', at })),
            { maxLength: 4 },
          ),
          keyThumbprints: fc.constantFrom({}, { [aKey().keyId]: aKey().thumbprint }, { [aKey().keyId]: 'another' }),
        })
        .map((overrides) => aState(overrides)),
      windowOpen: fc.boolean(),
      requested: fc.boolean(),
      adopt: fc.boolean(),
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

  law('a missing secret is put in at once, whatever the window, adoption or history', (snapshot, decision) => {
    const missing =
      snapshot.deployed.knownFrom === 'none' && ['empty', 'null', 'missing'].includes(snapshot.deployed.shown.shape);
    const refused = decision.action === 'refuse' && decision.reason === null;
    if (missing && !refused) {
      expect(decision).toMatchObject({ action: 'rotate', reason: 'SecretMissing', emergency: true });
    }
  });

  law(
    'nothing that was never ours and may be working is replaced without leave',
    ({ deployed, state, adopt }, decision) => {
      const works =
        deployed.expiresAt !== null &&
        deployed.expiresAt > NOW &&
        deployed.expiresAt <= NOW + LIMIT &&
        deployed.defects.length === 0;
      const opaque = deployed.knownFrom === 'none' && ['masked', 'digest'].includes(deployed.shown.shape);
      if (
        state.written === null &&
        state.maybeWritten === null &&
        !adopt &&
        deployed.signedByOurKey !== true &&
        (works || opaque)
      ) {
        expect(decision.action).not.toBe('rotate');
        expect(decision.action).not.toBe('defer');
      }
    },
  );

  law('an emergency is never deferred', (snapshot, decision) => {
    if (isEmergency(snapshot)) expect(decision.action).not.toBe('defer');
  });

  law(
    'what is asked for by hand is never deferred, and stopped by refusals and adoption alone',
    ({ requested }, decision) => {
      if (!requested) return;
      expect(decision.action).not.toBe('defer');
      expect(decision.action).not.toBe('none');
      if ('error' in decision) {
        expect(['ERR_PROVIDER_NOT_FOUND', 'ERR_CLIENT_ID_MISMATCH', 'ERR_ADOPTION_REQUIRED']).toContain(
          decision.error.code,
        );
      }
    },
  );

  law('every error has a next step', (_snapshot, decision) => {
    if ('error' in decision) expect(decision.error.hint).toMatch(/^[A-Z]/);
  });
});
