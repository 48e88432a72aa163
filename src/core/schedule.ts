// When things are due, as pure functions of instants: renewal, emergency, retries. Instants are
// milliseconds since the epoch; durations are milliseconds.
import { hash } from 'node:crypto';
import type { Remedy } from './errors.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

/**
 * The longest wait of the retry table. With less, a fleet that fails for weeks would use up the limits that it shares
 * with others; with more, a secret could wait for most of a day after the cause is gone.
 */
export const LONGEST_RETRY_MS = 6 * HOUR;
/** In an emergency a failed pass is tried again at least this often: every attempt may be the one that saves logins. */
export const EMERGENCY_RETRY_MS = 10 * MINUTE;
/**
 * How long a lease lasts unless it is renewed. With less, a pause of the machine would end leases of passes that run;
 * with more, a crash blocks its target for longer. Whoever has lost a lease writes no more before another process can
 * take it: a renewal is at most RENEW_LEASE_MS old when a write begins, a write takes at most LONGEST_WRITE_MS, and the
 * journal may keep a renewal waiting for its busy timeout; together that is less.
 */
export const LEASE_MS = 45 * SECOND;
/** How often leases are renewed. With less, every rotation would cost more transactions; with more, see LEASE_MS. */
export const RENEW_LEASE_MS = 10 * SECOND;
/** The longest `cloudbase.timeout`: a write that has no answer by then is given up. */
export const LONGEST_WRITE_MS = 20 * SECOND;

/** A number in [0, 1) for a text: the same text always gives the same number, on every machine. */
export function steadyFraction(text: string): number {
  return hash('sha256', text, 'buffer').readUInt32BE(0) / 2 ** 32;
}

export interface RenewalRule {
  readonly key: string;
  readonly expiresAt: number;
  readonly lifetimeMs: number;
  readonly renewBeforeMs: number;
}

/**
 * The instant from which renewal is due: `renewBefore` ahead of expiry, earlier by the target's steady spread of
 * up to a tenth of the lifetime. The spread takes at most half of the time between issue and renewal, so that a secret
 * is not renewed on the day it was made where `renewBefore` is close to the lifetime.
 */
export function renewalInstant({ key, expiresAt, lifetimeMs, renewBeforeMs }: RenewalRule): number {
  const room = Math.max(0, (lifetimeMs - renewBeforeMs) / 2);
  const spread = Math.floor(steadyFraction(`spread ${key}`) * Math.min(lifetimeMs / 10, room));
  return expiresAt - renewBeforeMs - spread;
}

/**
 * The longest `renewBefore` with which every new secret rests for at least a day, whatever its spread: with a longer one
 * a target may rotate for ever.
 */
export function longestRenewBeforeMs(lifetimeMs: number): number {
  return lifetimeMs - DAY - Math.min(lifetimeMs / 10, DAY);
}

/** The instant from which less than a tenth of the lifetime is left. */
export function emergencyInstant(expiresAt: number, lifetimeMs: number): number {
  return expiresAt - lifetimeMs / 10;
}

/** Waits after the 1st, 2nd, … failure in a row that may pass, with the time that has gone by then. The last one repeats. */
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
  LONGEST_RETRY_MS, // and so on
];

function repeat(times: number, delayMs: number): number[] {
  return Array.from({ length: times }, () => delayMs);
}

/** The wait after `failures` failures in a row (1 or more) that may pass. */
export function retryDelayMs(failures: number): number {
  return RETRY_DELAYS_MS[Math.max(1, failures) - 1] ?? LONGEST_RETRY_MS;
}

/**
 * The earliest instant of the next attempt after a failure; null means the next tick. A failure that a person must fix
 * waits for ticks; in an emergency both kinds are tried at least every ten minutes.
 */
export function nextAttemptAt(now: number, failures: number, remedy: Remedy, emergency: boolean): number | null {
  if (remedy === 'person') return emergency ? now + EMERGENCY_RETRY_MS : null;
  const delay = retryDelayMs(failures);
  return now + (emergency ? Math.min(delay, EMERGENCY_RETRY_MS) : delay);
}

/** A stored instant; `now` if it is further ahead than its rule can produce, because a wrong clock wrote it. */
export function notBeyond(instant: number, now: number, longestMs: number): number {
  return instant > now + longestMs ? now : instant;
}

/** True if a stored instant lies within the last `spanMs`. One in the future was written by a wrong clock and does not. */
export function within(instant: number | null | undefined, now: number, spanMs: number): boolean {
  return instant !== null && instant !== undefined && instant <= now && now - instant < spanMs;
}

/**
 * The scheduler's loop turns at least this often. With more, a clock that was set or a machine that slept would be
 * noticed late; with less, an idle daemon would wake the machine for nothing.
 */
export const LONGEST_TURN_MS = MINUTE;
/** A loop that has not turned for this long is stalled, however far apart its ticks are. */
const LONGEST_STALL_MS = 3 * HOUR;

/**
 * How long the scheduler's loop may stand still before it counts as stalled: three ticks or 3 h, whichever is sooner.
 * `periodMs`: how far apart ticks are; undefined: there is no next one. Ticks that are closer together than a turn
 * count as a turn apart, because the loop need not turn sooner.
 */
export function stallLimitMs(periodMs: number | undefined): number {
  if (periodMs === undefined) return LONGEST_STALL_MS;
  return Math.min(LONGEST_STALL_MS, 3 * Math.max(periodMs, LONGEST_TURN_MS));
}
