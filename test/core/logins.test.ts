// The one judge (design.md, "Logins"): every combination of the rows of its table of evidence against a second
// formulation of that table, and each row at the boundaries of its time.
import { describe, expect, test } from 'vitest';
import { identityId } from '../../src/core/identity.ts';
import { type Evidence, isChoice, isUrgent, type JudgeClock, judgeLogins, lifetimeOf } from '../../src/core/logins.ts';
import { DEFECTS, EVIDENCE_DETAILS, type EvidenceDetail, type LoginCause, type Shape } from '../../src/core/reasons.ts';
import type { DeployedRecord, TargetState } from '../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { aDeployed, aKey, anAnswer, aState, CLOCK, NOW } from '../support/builders.ts';

/** One row of one kind of evidence: what the journal holds, and the sentence of design.md in data. */
interface Row {
  readonly name: string;
  readonly state?: Partial<TargetState>;
  readonly says: readonly EvidenceDetail[];
}

const FINGERPRINT = 'a'.repeat(64);
const LEFT = 100 * DAY;
const deployed = (overrides: Partial<DeployedRecord>): Partial<TargetState> => ({
  deployed: {
    fingerprint: FINGERPRINT,
    keyId: 'K1L2M3N4O5',
    issuedAt: NOW - 80 * DAY,
    expiresAt: NOW + LEFT,
    shape: 'clear',
    from: 'read',
    identity: identityId(aKey()),
    defect: null,
    ...overrides,
  },
});
const nothing = (shape: Shape) =>
  deployed({ fingerprint: null, keyId: null, issuedAt: null, expiresAt: null, shape, from: 'none', identity: null });
const EXPIRED = { expiresAt: NOW - DAY };

const SECRET: readonly Row[] = [
  { name: 'nothing was read yet', state: { deployed: null }, says: [] },
  { name: 'a secret that shows', state: deployed({}), says: ['valid'] },
  { name: 'an expired one', state: deployed(EXPIRED), says: ['expired'] },
  ...DEFECTS.map((defect): Row => ({ name: `one that is ${defect}`, state: deployed({ defect }), says: [defect] })),
  { name: 'an expired one with a defect', state: deployed({ ...EXPIRED, defect: 'damaged' }), says: ['expired'] },
  { name: 'a hidden one of our last write', state: deployed({ shape: 'masked', from: 'record' }), says: ['stands-in'] },
  { name: '… that has expired', state: deployed({ ...EXPIRED, shape: 'null', from: 'record' }), says: ['expired'] },
  { name: 'a mask', state: nothing('masked'), says: ['unreadable'] },
  { name: 'an unknown digest', state: nothing('digest'), says: ['unreadable'] },
  { name: 'an empty text', state: nothing('empty'), says: ['missing'] },
  { name: 'null', state: nothing('null'), says: ['missing'] },
  { name: 'no secret', state: nothing('missing'), says: ['missing'] },
  {
    name: 'one that replaced a useless one',
    state: { ...deployed({}), unproven: FINGERPRINT },
    says: ['valid', 'unproven'],
  },
  { name: 'another one than that', state: { ...deployed({}), unproven: 'another' }, says: ['valid'] },
];

const said = (answer: Partial<ReturnType<typeof anAnswer>>): Partial<TargetState> => ({
  apple: { ...aState().apple, deployed: { askedAt: NOW, answer: anAnswer(answer) } },
});
const APPLE: readonly Row[] = [
  { name: 'was not asked', says: [] },
  {
    name: 'gave no answer',
    state: { apple: { ...aState().apple, deployed: { askedAt: NOW, answer: null } } },
    says: [],
  },
  { name: 'accepted it', state: said({ verdict: 'accepted' }), says: ['accepted'] },
  { name: 'accepted it two days ago', state: said({ verdict: 'accepted', at: NOW - 2 * DAY }), says: ['accepted'] },
  { name: 'accepted it in the future', state: said({ verdict: 'accepted', at: NOW + DAY }), says: ['accepted'] },
  {
    name: 'accepted it, and false ones',
    state: said({ verdict: 'accepted', counts: false }),
    says: ['accepted-uncounted'],
  },
  {
    name: 'accepted another one of its identity',
    state: said({ verdict: 'accepted', fingerprint: 'another' }),
    says: ['identity-accepted'],
  },
  { name: 'rejected it twice', state: said({}), says: ['rejected'] },
  { name: 'rejected another one of its identity twice', state: said({ fingerprint: 'another' }), says: ['rejected'] },
  { name: 'rejected it once', state: said({ rejectedSince: NOW - MINUTE }), says: ['rejected-once'] },
  {
    name: 'rejected it, which does not count',
    state: said({ counts: false, rejectedSince: null }),
    says: ['rejected-uncounted'],
  },
  {
    name: 'rejected a secret of another identity twice',
    state: said({ fingerprint: 'another', identity: 'another' }),
    says: [],
  },
];

const found = (overrides: Partial<TargetState['provider']>): Partial<TargetState> => ({
  provider: { enabled: true, strangeHost: null, differs: [], trouble: null, since: null, at: NOW, ...overrides },
});
const PROVIDER: readonly Row[] = [
  { name: 'never seen', says: [] },
  { name: 'as it should be', state: found({}), says: [] },
  { name: 'silent about its switch', state: found({ enabled: null }), says: [] },
  { name: 'switched off', state: found({ enabled: false }), says: ['switched-off'] },
  { name: 'with a strange host', state: found({ strangeHost: 'evil.example.com' }), says: ['strange-host'] },
  { name: 'not found once', state: found({ trouble: 'gone', since: NOW }), says: ['not-found-once'] },
  { name: 'gone', state: found({ trouble: 'gone', since: NOW - DAY }), says: ['gone'] },
  { name: 'gone, and off before', state: found({ enabled: false, trouble: 'gone', since: NOW - DAY }), says: ['gone'] },
  {
    name: 'in an environment that is gone',
    state: found({ trouble: 'environment', since: NOW - DAY }),
    says: ['environment-gone'],
  },
];

const checked = (verdict: 'rejected' | 'unknown', rejectedSince: number | null): Partial<TargetState> => ({
  loginCheck: { at: NOW, verdict, rejectedSince },
});
const CHECK: readonly Row[] = [
  { name: 'off', says: [] },
  { name: 'knows nothing', state: checked('unknown', null), says: [] },
  { name: 'was given invalid_client once', state: checked('rejected', NOW), says: ['invalid-client-once'] },
  { name: 'was given it twice', state: checked('rejected', NOW - DAY), says: ['invalid-client'] },
];

const CLOCKS: readonly (JudgeClock & {
  readonly name: string;
  readonly isCompared: boolean;
  readonly first: boolean;
})[] = [
  { ...CLOCK, name: 'compared', isCompared: true, first: false },
  { ...CLOCK, skewMs: undefined, since: NOW - 10 * MINUTE, name: 'not compared yet', isCompared: false, first: true },
  { ...CLOCK, skewMs: undefined, name: 'never compared', isCompared: false, first: false },
];

/** Design.md's table in its own words, over the names of the rows. */
function expected(secret: Row, apple: Row, provider: Row, check: Row, { isCompared, first }: (typeof CLOCKS)[number]) {
  const read = secret.state?.deployed ?? null;
  const isHidden = read?.from === 'record';
  let [ofSecret, ofApple] = [[...secret.says], [...apple.says]];
  // "Before the first reading since the start nothing is said to have expired, for at most an hour; then … with that caveat."
  if (ofSecret[0] === 'expired' && !isCompared) ofSecret = first ? ['never-compared'] : ['expired', 'never-compared'];
  // "Apple is asked about a fresh secret of the same identity" of a hidden one alone; what shows is asked about itself.
  const isOfAnother = apple.name.includes('another');
  if (read === null || read.from === 'none' || (isOfAnother && !isHidden)) ofApple = [];
  // "Accepted says that the identity is good and no more."
  if (isHidden && ofApple[0] === 'accepted') ofApple = ['identity-accepted'];
  const isAccepted = ofApple[0] === 'accepted' && apple.name === 'accepted it';
  const details = [...ofSecret, ...ofApple, ...provider.says, ...check.says];
  const bad: [LoginCause, readonly EvidenceDetail[]][] = [
    ['provider', ['gone', 'environment-gone']],
    ['secret', ['rejected', 'expired', ...DEFECTS]],
    // "An acceptance outweighs the login check, never expiry or the provider's row."
    ['login-check', isAccepted ? [] : ['invalid-client']],
    ['provider', ['switched-off']],
  ];
  const because = bad.find(([, causes]) => causes.some((cause) => details.includes(cause)))?.[0] ?? null;
  const works = isAccepted ? 'works' : 'unknown';
  return {
    state: because === null ? works : 'fails',
    because,
    until: because === null ? (read?.expiresAt ?? null) : null,
    details: details.sort(),
    verdicts: Object.fromEntries(
      details.map((detail) => {
        const isBad = bad.some(([, causes]) => causes.includes(detail));
        return [detail, isBad ? 'fails' : detail === 'accepted' && isAccepted ? 'works' : 'unknown'];
      }),
    ),
  };
}

test('every combination of the rows of the table of evidence is judged as design.md says', () => {
  const used = new Set<EvidenceDetail>();
  let combinations = 0;
  for (const secret of SECRET)
    for (const apple of APPLE)
      for (const provider of PROVIDER)
        for (const check of CHECK)
          for (const clock of CLOCKS) {
            const rows = [secret, apple, provider, check];
            const state: TargetState = Object.assign(aState(), ...rows.map((row) => row.state));
            const { evidence, ...logins } = judgeLogins(state, clock);
            const details = evidence.map(({ detail }) => detail).sort();
            const verdicts = Object.fromEntries(evidence.map(({ detail, verdict }) => [detail, verdict]));
            const names = [...rows, clock].map(({ name }) => name).join('; ');
            expect({ names, ...logins, details, verdicts }).toEqual({
              names,
              ...expected(secret, apple, provider, check, clock),
            });
            for (const detail of details) used.add(detail);
            combinations += 1;
          }
  expect(combinations).toBe(19 * 12 * 9 * 4 * 3);
  expect([...used].sort()).toEqual([...EVIDENCE_DETAILS].sort());
});

const judge = (state: Partial<TargetState>, clock: Partial<JudgeClock> = {}) =>
  judgeLogins(aState(state), { ...CLOCK, ...clock });

describe('in time', () => {
  test.each([
    [2 * DAY - 1, 'works'],
    [2 * DAY, 'unknown'],
    [-1, 'unknown'],
  ])('an acceptance of %d ms ago: %s', (age, state) => {
    const answer = said({ verdict: 'accepted', at: NOW - age });
    expect(judge(answer)).toMatchObject({ state, until: NOW + LEFT });
    // When it no longer says that logins work, it does not outweigh the login check either.
    const failing = judge({ ...answer, ...checked('rejected', NOW - DAY) });
    expect(failing.state).toBe(state === 'works' ? 'works' : 'fails');
  });

  test.each([0, DAY, 400 * DAY])('a second rejection stands after %d ms', (age) => {
    expect(judge(said({ at: NOW - age, rejectedSince: NOW - age - HOUR })).state).toBe('fails');
  });

  test.each<[string, Partial<TargetState>, Partial<TargetState>]>([
    [
      'rejections',
      said({ at: NOW, rejectedSince: NOW - 5 * MINUTE }),
      said({ at: NOW, rejectedSince: NOW - 5 * MINUTE + 1 }),
    ],
    [
      'readings without a provider',
      found({ trouble: 'gone', since: NOW - 5 * MINUTE }),
      found({ trouble: 'gone', since: NOW - 5 * MINUTE + 1 }),
    ],
    ['answers of the login check', checked('rejected', NOW - 5 * MINUTE), checked('rejected', NOW - 5 * MINUTE + 1)],
  ])('two %s prove something 5 min apart, and not 1 ms earlier', (_name, proof, early) => {
    expect(judge(proof).state).toBe('fails');
    expect(judge(early).state).toBe('unknown');
  });

  test('a secret expires at the instant of its exp, by the corrected clock', () => {
    const at = (expiresAt: number, skewMs: number) => judge(deployed({ expiresAt }), { skewMs }).state;
    expect(at(NOW, 0)).toBe('fails');
    expect(at(NOW + 1, 0)).toBe('unknown');
    expect(at(NOW - HOUR, HOUR)).toBe('fails');
    expect(at(NOW - HOUR + 1, HOUR)).toBe('unknown');
    expect(at(NOW + HOUR, -HOUR)).toBe('fails');
    expect(at(NOW + 1, 200 * DAY)).toBe('unknown');
  });

  test('before the clock was compared nothing is said to have expired, for an hour', () => {
    const since = (age: number) => judge(deployed({ expiresAt: NOW - DAY }), { skewMs: undefined, since: NOW - age });
    expect(since(HOUR - 1)).toMatchObject({
      state: 'unknown',
      evidence: [{ kind: 'clock', detail: 'never-compared' }],
    });
    expect(since(HOUR)).toMatchObject({ state: 'fails', because: 'secret', until: null });
    // A clock that was never compared is no reason to doubt a secret that is not expired by it.
    expect(judge({}, { skewMs: undefined }).evidence.map(({ kind }) => kind)).not.toContain('clock');
  });

  test('each piece of evidence has the instant at which it was found', () => {
    const state = { lastGatherAt: NOW - 2, ...said({ at: NOW - 3 }), ...checked('rejected', NOW - DAY) };
    const instants = ({ evidence }: { evidence: readonly Evidence[] }) => evidence.map(({ kind, at }) => [kind, at]);
    expect(instants(judge({ ...state, ...found({ enabled: false, at: NOW - 4 }) }))).toEqual([
      ['apple', NOW - 3],
      ['secret', NOW - 2],
      ['login-check', NOW],
      ['provider', NOW - 4],
    ]);
    expect(instants(judge({ lastGatherAt: null }))).toEqual([['secret', NOW]]);
  });
});

describe('somebody’s choice', () => {
  const off = found({ enabled: false });
  test.each<[string, boolean, Partial<TargetState>]>([
    ['is a login method that is switched off', true, off],
    ['is not one that is switched off and whose secret is rejected', false, { ...off, ...said({}) }],
    ['is not one that is switched off and whose secret has expired', false, { ...off, ...deployed(EXPIRED) }],
    [
      'is not one that is switched off and fails in the login check',
      false,
      { ...off, ...checked('rejected', NOW - DAY) },
    ],
    ['is none where logins work', false, said({ verdict: 'accepted' })],
    ['is none where nothing is known', false, {}],
    ['is none where the login method is gone', false, found({ trouble: 'gone', since: NOW - DAY })],
  ])('%s', (_name, choice, state) => {
    expect(isChoice(judge(state))).toBe(choice);
  });
});

describe('urgent', () => {
  const urgent = (state: Partial<TargetState>, clock: Partial<JudgeClock> = {}, lifetimeMs = 180 * DAY) =>
    isUrgent(judge(state, clock), aState(state).deployed, lifetimeMs, { ...CLOCK, ...clock });
  const left = (ms: number) => deployed({ issuedAt: NOW + ms - 180 * DAY, expiresAt: NOW + ms });

  test.each<[string, boolean, Partial<TargetState>]>([
    ['is not what has 100 days left', false, {}],
    ['is not what has a tenth of its lifetime left', false, left(18 * DAY)],
    ['is what has less', true, left(18 * DAY - 1)],
    ['is what has expired', true, deployed(EXPIRED)],
    ['is what has a certain defect', true, deployed({ defect: 'other-client' })],
    ['is what Apple rejected twice', true, said({})],
    ['is not what it rejected once', false, said({ rejectedSince: NOW - MINUTE })],
    ['is not a login method that is gone', false, found({ trouble: 'gone', since: NOW - DAY })],
    ['is not what fails in the login check alone', false, checked('rejected', NOW - DAY)],
    ['is not a missing secret: it may be hidden', false, nothing('missing')],
    ['is nothing of which nothing was read', false, { deployed: null }],
    ['is an expired one behind a switch', true, { ...deployed(EXPIRED), ...found({ enabled: false }) }],
  ])('%s', (_name, is, state) => {
    expect(urgent(state)).toBe(is);
  });

  test('by the corrected clock', () => {
    expect(urgent(left(18 * DAY), { skewMs: -1 })).toBe(true);
    expect(urgent(left(18 * DAY - 1), { skewMs: 1 })).toBe(false);
    expect(urgent(left(18 * DAY), { skewMs: undefined })).toBe(false);
  });

  test('by the policy’s lifetime where the secret does not say its own', () => {
    const unknown = deployed({ issuedAt: null, expiresAt: NOW + DAY });
    expect(urgent(unknown, {}, 10 * DAY)).toBe(false);
    expect(urgent(unknown, {}, 10 * DAY + 10)).toBe(true);
  });
});

test.each([
  ['is exp − iat', {}, 180 * DAY],
  ['is the policy’s without an iat', { issuedAt: null }, 7 * DAY],
  ['is the policy’s without an exp', { expiresAt: null }, 7 * DAY],
  ['is the policy’s where exp is iat', { issuedAt: NOW, expiresAt: NOW }, 7 * DAY],
  ['is 1 ms where exp is 1 ms after iat', { issuedAt: NOW, expiresAt: NOW + 1 }, 1],
])('the lifetime of a secret %s', (_name, overrides, lifetime) => {
  expect(lifetimeOf(aDeployed(overrides), 7 * DAY)).toBe(lifetime);
});
