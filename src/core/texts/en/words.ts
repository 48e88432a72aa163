// English for what many sentences need: times, counts, lists and reasons.

import type { Reason } from '../../reasons.ts';
import { dayOf, firstOf, inUnits, minuteOf } from '../quote.ts';

const UNKNOWN_TIME = 'an unknown time';

/** `3 targets`, `1 target`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** `12 days`, `1 hour`, `less than a minute`; rounded down. */
export function duration(ms: number): string {
  const { count, unit } = inUnits(ms);
  if (count === null) return UNKNOWN_TIME;
  return count === 0 ? 'less than a minute' : counted(count, unit);
}

/** `2026-11-22 20:15 UTC`. */
export function at(ms: number): string {
  return minuteOf(ms) ?? UNKNOWN_TIME;
}

export function day(ms: number): string {
  return dayOf(ms) ?? UNKNOWN_TIME;
}

/** `in 12 days`, `3 hours ago`, `now` (within a minute). */
export function distance(ms: number, now: number): string {
  if (Math.abs(ms - now) < 60_000) return 'now';
  return ms > now ? `in ${duration(ms - now)}` : `${duration(now - ms)} ago`;
}

/** `2026-11-22 20:15 UTC (in 12 days)`. */
export function when(ms: number, now: number): string {
  return minuteOf(ms) === null ? UNKNOWN_TIME : `${at(ms)} (${distance(ms, now)})`;
}

/** `a, b, c and 4 more`. */
export function listed(items: readonly string[]): string {
  const { named, more } = firstOf(items);
  if (more > 0) return `${named.join(', ')} and ${more} more`;
  if (named.length <= 1) return named.join('');
  return `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}

/** Of a target whose `cloudbase.endpoint` was changed: with another endpoint it is another target. */
export const MOVED = 'cloudbase.endpoint was changed, so this counts as a new target';

/** Why a client secret is to be replaced. */
export const REASONS: Readonly<Record<Reason, string>> = {
  SecretMissing: 'there is no client secret',
  SecretUnreadable: 'the client secret cannot be read',
  SecretExpired: 'it has expired',
  SecretInvalid: 'Apple cannot accept it',
  RejectedByApple: 'Apple rejects it',
  KeyChanged: 'the key was changed',
  RenewalDue: 'its time for renewal has come',
  Requested: 'somebody asked for it',
};
