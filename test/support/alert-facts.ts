// Facts for the detection of conditions: a target and a service with which nothing is wrong, and overrides. The target
// was rotated by us 80 days ago, was checked a minute ago and has 100 days left.
import type { ServiceFacts } from '../../src/alerts/detect/service.ts';
import type { TargetFacts, WatchedTarget } from '../../src/alerts/detect/target-facts.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import { emptyChannelState } from '../../src/core/alerts/records.ts';
import { NOTHING_SAID } from '../../src/core/answers.ts';
import type { ErrorCode, ErrorView } from '../../src/core/errors.ts';
import { type AppleRecord, EMPTY_FLEET, type TargetState } from '../../src/core/records.ts';
import { DAY, MINUTE } from '../../src/core/time.ts';
import { aState, CLOCK, NOW } from './builders.ts';
import { LANE } from './fleet.ts';

export const TOKEN_URL = 'https://appleid.apple.com/auth/token';

export function anError(code: ErrorCode): ErrorView {
  return { code, message: 'something was found', hint: 'Do something.' };
}

export function aWatchedState(overrides: Partial<TargetState> = {}): TargetState {
  return aState({
    lastPassAt: NOW - MINUTE,
    lastGatherAt: NOW - MINUTE,
    lastSuccessAt: NOW - MINUTE,
    lastRotationAt: NOW - 80 * DAY,
    renewalAt: NOW + 40 * DAY,
    ...overrides,
  });
}

/** The deployed secret, with so many ms left. */
export function left(ms: number): Pick<TargetState, 'deployed'> {
  const { deployed } = aWatchedState();
  return { deployed: deployed && { ...deployed, expiresAt: NOW + ms } };
}

export function aWatched(overrides: Partial<WatchedTarget> = {}): WatchedTarget {
  const { endpoint, envId, providerId, key } = aState();
  return {
    endpoint,
    envId,
    providerId,
    key,
    name: 'shop',
    lane: LANE,
    policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: undefined },
    expiry: { warningMs: 45 * DAY, criticalMs: 20 * DAY },
    appleCheck: 'compare',
    stated: {},
    ...overrides,
  };
}

export function targetFacts(state: Partial<TargetState>, overrides: Partial<TargetFacts> = {}): TargetFacts {
  return {
    target: aWatched(),
    state: aWatchedState(state),
    watchedSince: NOW - 90 * DAY,
    clock: CLOCK,
    longestTickGapMs: 60 * MINUTE,
    open: new Set(),
    ...overrides,
  };
}

/** Apple answers as it should. */
export function anAppleRecord(overrides: Partial<AppleRecord> = {}): AppleRecord {
  const control = { controlAskedAt: NOW, control: 'rejected', controlSince: NOW - 80 * DAY } as const;
  return { ...NOTHING_SAID, ...control, acceptedAt: NOW, firstAskedAt: NOW - 80 * DAY, answeredAt: NOW, ...overrides };
}

export function serviceFacts(overrides: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    now: NOW,
    since: CLOCK.since,
    fleet: { ...EMPTY_FLEET, apple: { [TOKEN_URL]: anAppleRecord() } },
    tokenUrl: TOKEN_URL,
    targets: new Map([[aWatched().key, aWatched()]]),
    states: [aWatchedState()],
    configured: new Map([[aWatched().key, aWatched()]]),
    lastAskedAt: NOW,
    skewMs: 0,
    journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
    channels: [{ state: emptyChannelState('ops'), oldestAt: null }],
    configurationRejected: null,
    scheduler: { alive: true, lastTurnAt: NOW },
    replicas: null,
    open: new Set(),
    ...overrides,
  };
}

/** `RotationFailing critical`, … */
export function inShort(findings: readonly Finding[]): string[] {
  return findings.map(({ condition, severity }) => `${condition} ${severity}`);
}
