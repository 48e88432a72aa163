// Tencent limits requests by action, region and account, and other programs use the same account. So all targets with
// the same credential, region and endpoint share one limit: they form a lane.

import type { SharedPace } from '../../core/journal-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { createRateLimit, type RateLimit } from '../../net/rate-limit.ts';

/** One limit a lane. Where its users disagree about the rate, the lowest holds. */
export interface RateLimits {
  lane(lane: string, perSecond: number): RateLimit;
}

/** `shared`: where other processes keep to the same limits. */
export function createRateLimits(clock: Clock, shared?: SharedPace): RateLimits {
  const lanes = new Map<string, RateLimit>();
  return {
    lane(lane, perSecond) {
      const limit = lanes.get(lane) ?? createRateLimit(perSecond, clock, shared && { name: `calls:${lane}`, shared });
      limit.lower(perSecond);
      lanes.set(lane, limit);
      return limit;
    },
  };
}

/** The name of the lane of calls with this credential to this region of this endpoint. */
export function laneOf(call: { credentialId: string; region: string; endpoint: string }): string {
  return `${call.credentialId}|${call.region}|${new URL(call.endpoint).origin}`;
}
