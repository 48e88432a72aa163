// What programs read of targets and rotations: every field of the contract, null where there is nothing.
import { describe, expect, test } from 'vitest';
import { isoOrNull } from '../../src/core/instants.ts';
import { emptyTargetState, type Rotation, type TargetState } from '../../src/core/records.ts';
import { rotationView } from '../../src/core/rotation-view.ts';
import { isWell, type TargetView, targetView } from '../../src/core/target-view.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const label = { name: 'shop-prod', envId: 'shop-prod-1g2h3j', providerId: 'apple' };
const error = { code: 'ERR_CONFLICT', message: 'a third secret', hint: 'Look.' } as const;
const state: TargetState = emptyTargetState({ endpoint: 'https://tcb.tencentcloudapi.com', ...label }, 'an older name');

describe('a target', () => {
  test('that the journal does not know is unknown, and every field is there', () => {
    expect(targetView(undefined, label)).toEqual({
      ...label,
      state: 'unknown',
      reason: null,
      expiresAt: null,
      renewalAt: null,
      lastRotationAt: null,
      consecutiveFailures: 0,
      nextAttemptAt: null,
      error: null,
    });
    expect(targetView(state, label)).toEqual(targetView(undefined, label));
  });

  test('is shown under its configured name, with ISO times', () => {
    const full: TargetState = {
      ...state,
      state: 'failed',
      reason: 'RenewalDue',
      deployed: { fingerprint: 'ab', keyId: 'K', issuedAt: NOW - 1, expiresAt: NOW + 1, shape: 'clear' },
      renewalAt: NOW - 1000.5,
      lastRotationAt: 0,
      retry: { failures: 3, nextAttemptAt: NOW + 60_000 },
      error: { ...error, secretOfTheFuture: 'x' } as typeof error,
    };
    expect(JSON.parse(JSON.stringify(targetView(full, label)))).toEqual({
      ...label,
      state: 'failed',
      reason: 'RenewalDue',
      expiresAt: '2026-11-22T10:00:00.001Z',
      renewalAt: '2026-11-22T09:59:58.999Z',
      lastRotationAt: '1970-01-01T00:00:00.000Z',
      consecutiveFailures: 3,
      nextAttemptAt: '2026-11-22T10:01:00.000Z',
      error,
    });
  });

  const view = (overrides: Partial<TargetView>): TargetView => ({ ...targetView(state, label), ...overrides });

  test.each(['healthy', 'rotated', 'due', 'pending', 'unverified'] as const)('that is %s is well', (name) => {
    expect(isWell(view({ state: name }), NOW)).toBe(true);
  });

  test.each(['failed', 'unknown'] as const)('that is %s is not', (name) => {
    expect(isWell(view({ state: name, expiresAt: '2027-01-01T00:00:00.000Z' }), NOW)).toBe(false);
  });

  test('is not well from the instant on at which its secret expires', () => {
    const expiresAt = new Date(NOW).toISOString();
    expect(isWell(view({ state: 'healthy', expiresAt }), NOW - 1)).toBe(true);
    expect(isWell(view({ state: 'healthy', expiresAt }), NOW)).toBe(false);
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
      error,
    });
  });

  test('that is open has nulls, and leaves none out', () => {
    const nothing = { keyId: null, fingerprint: null, issuedAt: null, expiresAt: null, requestedBy: null, error: null };
    const open = { ...rotation, ...nothing, finishedAt: null, outcome: null, previousFingerprint: null };
    const view = rotationView({ ...open, previousExpiresAt: null, requestIds: [] });
    expect(Object.entries(view).filter(([, value]) => value === null)).toHaveLength(10);
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
