// What programs read of targets and rotations: every field of the contract, null where there is nothing.
import { describe, expect, test } from 'vitest';
import { deployedRecord } from '../../src/core/deployed.ts';
import { isoOrNull } from '../../src/core/instants.ts';
import type { EvidenceDetail, LoginState } from '../../src/core/reasons.ts';
import { emptyTargetState, type Rotation, type TargetState } from '../../src/core/records.ts';
import { rotationView } from '../../src/core/rotation-view.ts';
import { isWell, lastingView, type TargetView, targetView } from '../../src/core/target-view.ts';
import { aDeployed, asked, CLOCK, NOW } from '../support/builders.ts';

const label = { name: 'shop-prod', envId: 'shop-prod-1g2h3j', providerId: 'apple' };
const error = { code: 'ERR_CONFLICT', message: 'a third secret', hint: 'Look.' } as const;
const state: TargetState = emptyTargetState({ endpoint: 'https://tcb.tencentcloudapi.com', ...label }, 'an older name');

describe('a target', () => {
  test('that the journal does not know is unknown, and every field is there', () => {
    expect(targetView(undefined, label, CLOCK)).toEqual({
      ...label,
      state: 'unknown',
      reason: null,
      keyId: null,
      expiresAt: null,
      renewalAt: null,
      lastRotationAt: null,
      consecutiveFailures: 0,
      nextAttemptAt: null,
      logins: { state: 'unknown', until: null, because: null, evidence: [] },
      error: null,
    });
    expect(targetView(state, label, CLOCK)).toEqual(targetView(undefined, label, CLOCK));
  });

  test('is shown under its configured name, with ISO times', () => {
    const full: TargetState = {
      ...state,
      state: 'failed',
      reason: 'RenewalDue',
      deployed: deployedRecord(aDeployed({ expiresAt: NOW + 1 })),
      lastGatherAt: NOW,
      apple: asked({ verdict: 'accepted', rejectedSince: null }),
      renewalAt: NOW - 1000.5,
      lastRotationAt: 0,
      retry: { failures: 3, nextAttemptAt: NOW + 60_000 },
      error: { ...error, secretOfTheFuture: 'x' } as typeof error,
    };
    expect(JSON.parse(JSON.stringify(targetView(full, label, CLOCK)))).toEqual({
      ...label,
      state: 'failed',
      reason: 'RenewalDue',
      keyId: 'K1L2M3N4O5',
      expiresAt: '2026-11-22T10:00:00.001Z',
      renewalAt: '2026-11-22T09:59:58.999Z',
      lastRotationAt: '1970-01-01T00:00:00.000Z',
      consecutiveFailures: 3,
      nextAttemptAt: '2026-11-22T10:01:00.000Z',
      logins: {
        state: 'works',
        until: '2026-11-22T10:00:00.001Z',
        because: null,
        evidence: [
          { kind: 'apple', verdict: 'works', at: '2026-11-22T09:59:00.000Z', detail: 'accepted' },
          { kind: 'secret', verdict: 'unknown', at: '2026-11-22T10:00:00.000Z', detail: 'valid' },
        ],
      },
      error,
    });
  });

  test('whose logins fail says what for, and not until when they work', () => {
    const expired: TargetState = { ...state, state: 'due', deployed: deployedRecord(aDeployed({ expiresAt: NOW })) };
    expect(targetView(expired, label, CLOCK)).toMatchObject({
      expiresAt: '2026-11-22T10:00:00.000Z',
      logins: { state: 'fails', until: null, because: 'secret', evidence: [{ kind: 'secret', detail: 'expired' }] },
    });
  });

  test.each(['healthy', 'rotated', 'unverified'] as const)('whose logins fail is never %s', (name) => {
    const expired: TargetState = { ...state, state: name, deployed: deployedRecord(aDeployed({ expiresAt: NOW })) };
    expect(targetView(expired, label, CLOCK).state).toBe('failed');
    expect(lastingView(expired, label, CLOCK).state).toBe('failed');
    const provider = { ...state.provider, enabled: false, at: NOW };
    expect(targetView({ ...state, state: name, provider }, label, CLOCK).state).toBe(name);
    const wanted = { ...label, stated: { enabled: true } };
    expect(targetView({ ...state, state: name, provider }, wanted, CLOCK).state).toBe('failed');
  });

  test('that was rotated is healthy for whoever asks later', () => {
    const rotated: TargetState = { ...state, state: 'rotated', reason: 'RenewalDue' };
    expect(targetView(rotated, label, CLOCK)).toMatchObject({ state: 'rotated', reason: 'RenewalDue' });
    expect(lastingView(rotated, label, CLOCK)).toMatchObject({ state: 'healthy', reason: null });
  });
});

describe('all is well', () => {
  const view = (overrides: Partial<TargetView>): TargetView => ({ ...targetView(state, label, CLOCK), ...overrides });
  const found = (login: LoginState, ...details: EvidenceDetail[]): TargetView['logins'] => ({
    state: login,
    until: null,
    because: null,
    evidence: details.map((detail) => ({ kind: 'provider', verdict: 'fails', at: null, detail })),
  });

  test.each(['healthy', 'rotated', 'due', 'pending', 'unverified'] as const)('with a target that is %s', (name) => {
    for (const logins of [found('works'), found('unknown')]) expect(isWell(view({ state: name, logins }))).toBe(true);
  });

  test.each(['failed', 'unknown'] as const)('not with one that is %s, though its logins work', (name) => {
    expect(isWell(view({ state: name, logins: found('works') }))).toBe(false);
  });

  test.each<[string, boolean, TargetView['logins'], boolean?]>([
    ['not with logins that fail', false, found('fails', 'expired')],
    ['with a provider that somebody switched off', true, found('fails', 'switched-off')],
    ['with one that the configuration wants off', true, found('fails', 'switched-off'), false],
    ['not with one that the configuration wants on', false, found('fails', 'switched-off'), true],
    ['not with one whose secret has expired as well', false, found('fails', 'expired', 'switched-off')],
  ])('%s', (_name, well, logins, enabled) => {
    expect(isWell(view({ state: 'healthy', logins }), { stated: { enabled } })).toBe(well);
  });
});

describe('a rotation', () => {
  const rotation: Rotation = {
    id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    targetKey: 'k',
    target: 'shop-prod',
    envId: 'shop-prod-1g2h3j',
    reason: 'KeyChanged',
    trigger: 'http',
    requestedBy: 'deploy-bot',
    keyId: 'K1',
    fingerprint: 'ab',
    issuedAt: NOW,
    expiresAt: NOW + 1000,
    previousFingerprint: 'cd',
    previousExpiresAt: NOW - 1000,
    startedAt: NOW,
    finishedAt: NOW + 5000,
    outcome: 'failed',
    appleCheck: { candidate: 'accepted', deployed: 'rejected' },
    appleCheckWaived: true,
    requestIds: ['r1'],
    proof: { readBack: 'seen', apple: 'accepted', loginCheck: 'not-asked' },
    settles: '017f22e2-79b0-7cc3-98c4-dc0c0c073000',
    error,
    intent: { thumbprint: 't', teamId: 'T', clientId: 'c', fields: {}, shapeBefore: 'clear', at: NOW },
  };

  test('shows every field of the contract and no other', () => {
    expect(JSON.parse(JSON.stringify(rotationView(rotation)))).toEqual({
      id: rotation.id,
      target: 'shop-prod',
      envId: 'shop-prod-1g2h3j',
      reason: 'KeyChanged',
      trigger: 'http',
      requestedBy: 'deploy-bot',
      keyId: 'K1',
      fingerprint: 'ab',
      issuedAt: '2026-11-22T10:00:00.000Z',
      expiresAt: '2026-11-22T10:00:01.000Z',
      previousFingerprint: 'cd',
      previousExpiresAt: '2026-11-22T09:59:59.000Z',
      startedAt: '2026-11-22T10:00:00.000Z',
      finishedAt: '2026-11-22T10:00:05.000Z',
      outcome: 'failed',
      appleCheck: { candidate: 'accepted', deployed: 'rejected' },
      requestIds: ['r1'],
      proof: { readBack: 'seen', apple: 'accepted', loginCheck: 'not-asked' },
      settles: '017f22e2-79b0-7cc3-98c4-dc0c0c073000',
      error,
    });
  });

  test('that is open has nulls, and leaves none out', () => {
    const nothing = { keyId: null, fingerprint: null, issuedAt: null, expiresAt: null, requestedBy: null, error: null };
    const open = { ...rotation, ...nothing, finishedAt: null, outcome: null, previousFingerprint: null };
    const view = rotationView({ ...open, previousExpiresAt: null, requestIds: [], proof: null, settles: null });
    expect(Object.entries(view).filter(([, value]) => value === null)).toHaveLength(12);
    expect(Object.keys(view)).toEqual(Object.keys(rotationView(rotation)));
  });
});

test.each([
  [null, null],
  [8.64e15, '+275760-09-13T00:00:00.000Z'],
  [8.64e15 + 1, null],
  [Number.NaN, null],
])('the instant %s is shown as %s', (instant, shown) => {
  expect(isoOrNull(instant)).toBe(shown);
});
