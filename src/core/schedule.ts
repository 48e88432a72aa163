// When things are due, as pure functions of instants: renewal, emergency, retries. Instants are
// milliseconds since the epoch; durations are milliseconds.
import { createHash } from 'node:crypto';
import type { Remedy } from './errors.ts';
import { HOUR, MINUTE } from './time.ts';

/** The longest wait that the retry table can produce. */
export const LONGEST_RETRY_MS = 6 * HOUR;
/** In an emergency whatever failed is tried again at least this often. */
export const EMERGENCY_RETRY_MS = 10 * MINUTE;
export const LEASE_MS = 2 * MINUTE;

/** A steady number in [0, 1) for a text: the same text gives the same number for ever, on every machine. */
export function steadyFraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

export interface RenewalRule {
  readonly key: string;
  readonly expiresAt: number;
  readonly lifetimeMs: number;
  readonly renewBeforeMs: number;
}

/**
 * The instant from which renewal is due: `renewBefore` ahead of expiry, earlier by the target's steady spread of
 * up to a tenth of the lifetime. The spread takes at most half of what lies between issue and renewal, so that a
 * `renewBefore` close to the lifetime does not renew a secret on the day it was made.
 */
export function renewalInstant({ key, expiresAt, lifetimeMs, renewBeforeMs }: RenewalRule): number {
  const room = Math.max(0, (lifetimeMs - renewBeforeMs) / 2);
  const spread = Math.floor(steadyFraction(`spread ${key}`) * Math.min(lifetimeMs / 10, room));
  return expiresAt - renewBeforeMs - spread;
}

/** The instant from which less than a tenth of the lifetime is left. */
export function emergencyInstant(expiresAt: number, lifetimeMs: number): number {
  return expiresAt - lifetimeMs / 10;
}

/** Waits after the 1st, 2nd, … failure in a row that may pass; the last one holds for ever. */
const RETRY_DELAYS_MS: readonly number[] = [
  1 * MINUTE, // 1 min after the first failure
  2 * MINUTE, // 3 min
  5 * MINUTE, // 8 min
  ...repeat(3, 10 * MINUTE), // 38 min
  ...repeat(4, 20 * MINUTE), // 1 h 58
  ...repeat(6, 30 * MINUTE), // 4 h 58
  ...repeat(3, HOUR), // 7 h 58
  ...repeat(2, 2 * HOUR), // 11 h 58
  ...repeat(2, 3 * HOUR), // 17 h 58
  LONGEST_RETRY_MS, // for ever
];

function repeat(times: number, delayMs: number): number[] {
  return Array.from({ length: times }, () => delayMs);
}

/** The wait after `failures` failures in a row (1 or more) that may pass. */
export function retryDelayMs(failures: number): number {
  return RETRY_DELAYS_MS[Math.max(1, failures) - 1] ?? LONGEST_RETRY_MS;
}

/**
 * The earliest instant of the next attempt after a failure; null means the next tick. A failure that a person
 * must mend waits for ticks; in an emergency both kinds are tried at least every ten minutes.
 */
export function nextAttemptAt(now: number, failures: number, remedy: Remedy, emergency: boolean): number | null {
  if (remedy === 'person') return emergency ? now + EMERGENCY_RETRY_MS : null;
  const delay = retryDelayMs(failures);
  return now + (emergency ? Math.min(delay, EMERGENCY_RETRY_MS) : delay);
}

/**
 * A stored instant as it may be used: one further ahead than its rule can produce was written by a clock that was
 * wrong, and means now.
 */
export function notBeyond(instant: number, now: number, longestMs: number): number {
  return instant > now + longestMs ? now : instant;
}

/** True if a stored instant of the past lies within the last `spanMs`; one in the future is void. */
export function within(instant: number | null | undefined, now: number, spanMs: number): boolean {
  return instant !== null && instant !== undefined && instant <= now && now - instant < spanMs;
}

/** The scheduler's loop turns at least this often, whatever the cron expression says. */
export const LONGEST_TURN_MS = MINUTE;
const LONGEST_STALL_MS = 3 * HOUR;

/**
 * For how long the scheduler's loop may not have turned before it counts as stalled: three ticks or 3 h, whichever
 * is sooner, for ticks `periodMs` apart (undefined: there is no next one). Ticks closer together than a turn count
 * as a turn apart: the loop need not turn sooner.
 */
export function stallLimitMs(periodMs: number | undefined): number {
  if (periodMs === undefined) return LONGEST_STALL_MS;
  return Math.min(LONGEST_STALL_MS, 3 * Math.max(periodMs, LONGEST_TURN_MS));
}
