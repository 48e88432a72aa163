// Instants as a person reads them on a terminal: the day, the minute, how far away, or to the second. Times are UTC and
// say so, but for one in the time zone of this machine.
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

/** `2027-05-21 16:00:00 UTC`. */
export function utcTime(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, -5).replace('T', ' ')} UTC`;
}

/** `2027-05-22 00:00:00 +08:00`, in the time zone of the process. */
export function localTime(instantMs: number): string {
  const offset = -new Date(instantMs).getTimezoneOffset();
  const shifted = new Date(instantMs + offset * 60_000).toISOString().slice(0, -5).replace('T', ' ');
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${shifted} ${offset < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
