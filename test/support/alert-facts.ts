// Facts for the detection of conditions: a target and a service with which nothing is wrong, and overrides. The target
// was rotated by us 80 days ago, was checked a minute ago and has 100 days left.
import type { ServiceFacts, TargetFacts, WatchedTarget } from '../../src/alerts/detect/detect.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import type { ErrorCode, ErrorView } from '../../src/core/errors.ts';
import type { AppleAsked, Calibration, TargetState } from '../../src/core/records.ts';
import { DAY, MINUTE } from '../../src/core/time.ts';
import { aKey, aState, aWritten, NOW } from './builders.ts';
import { LANE } from './fleet.ts';

export const TOKEN_URL = 'https://appleid.apple.com/auth/token';

export function anError(code: ErrorCode): ErrorView {
  return { code, message: 'something was found', hint: 'Do something.' };
}

export function aWatchedState(overrides: Partial<TargetState> = {}): TargetState {
  const { fingerprint, keyId, issuedAt, expiresAt } = aWritten();
  return aState({
    lastPassAt: NOW - MINUTE,
    lastGatherAt: NOW - MINUTE,
    lastSuccessAt: NOW - MINUTE,
    lastRotationAt: NOW - 80 * DAY,
    deployed: { fingerprint, keyId, issuedAt, expiresAt, shape: 'clear' },
    renewalAt: NOW + 40 * DAY,
    ...overrides,
  });
}

/** The deployed secret, with so many ms left. */
export function left(ms: number): Pick<TargetState, 'deployed'> {
  const { deployed } = aWatchedState();
  return { deployed: deployed && { ...deployed, expiresAt: NOW + ms } };
}

export function anAsked(overrides: Partial<AppleAsked> = {}): AppleAsked {
  const { fingerprint } = aWritten();
  return { at: NOW - MINUTE, verdict: 'rejected', asked: 'deployed', keyId: aKey().keyId, fingerprint, ...overrides };
}

export function aWatched(overrides: Partial<WatchedTarget> = {}): WatchedTarget {
  const { endpoint, envId, providerId, key } = aState();
  return {
    endpoint,
    envId,
    providerId,
    key,
    name: 'shop',
    policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: undefined },
    expiry: { warningMs: 45 * DAY, criticalMs: 20 * DAY },
    appleCheck: 'compare',
    ...overrides,
  };
}

export function targetFacts(state: Partial<TargetState>, overrides: Partial<TargetFacts> = {}): TargetFacts {
  return {
    target: aWatched(),
    state: aWatchedState(state),
    watchedSince: NOW - 90 * DAY,
    now: NOW,
    longestTickGapMs: 60 * MINUTE,
    open: new Set(),
    appleBlind: false,
    ...overrides,
  };
}

export function aCalibration(overrides: Partial<Calibration> = {}): Calibration {
  const instants = { controlAskedAt: NOW, controlRejectedAt: NOW, oursAcceptedAt: NOW };
  return { ...instants, firstAskedAt: NOW - 80 * DAY, answeredAt: NOW, ...overrides };
}

export function serviceFacts(overrides: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    now: NOW,
    fleet: { lanes: {}, apple: { [TOKEN_URL]: aCalibration() } },
    tokenUrl: TOKEN_URL,
    asksApple: true,
    states: [aWatchedState()],
    members: [{ key: aWatchedState().key, lane: LANE, lifetimeMs: 180 * DAY }],
    skewMs: 0,
    journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
    channels: [{ name: 'ops', state: undefined, oldestAt: null }],
    configurationRejected: null,
    scheduler: { alive: true, lastTurnAt: NOW },
    open: new Set(),
    ...overrides,
  };
}

/** `RotationFailing critical`, … */
export function inShort(findings: readonly Finding[]): string[] {
  return findings.map(({ condition, severity }) => `${condition} ${severity}`);
}
