// Instants as a person reads them in a table: the day, the minute, or how far away. Times are UTC and say so.
import { DAY, HOUR, MINUTE } from '../core/time.ts';

/** `2027-05-20` from an ISO 8601 text; `-` for null. */
export function day(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, iso.indexOf('T'));
}

/** `2027-05-20 14:03Z` from an ISO 8601 text; `-` for null. */
export function minute(iso: string | null): string {
  return iso === null ? '-' : `${day(iso)} ${iso.slice(iso.indexOf('T') + 1).slice(0, 5)}Z`;
}

/** `in 5 d`, `3 h ago`, `now` (within a minute); whole units, rounded towards now. */
export function distance(atMs: number, nowMs: number): string {
  const away = Math.abs(atMs - nowMs);
  if (away < MINUTE) return 'now';
  const text = amount(away);
  return atMs > nowMs ? `in ${text}` : `${text} ago`;
}

function amount(ms: number): string {
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}
