// How texts of other origin (error messages, hints, names, paths) get into a message: redacted, on one line, of
// bounded length. And what both languages share in the way of quoting: instants, fingerprints, lists.
import { isoOrNull } from '../instants.ts';
import { shown } from '../shown.ts';
import { DAY, HOUR, SECOND } from '../time.ts';

/** CAM's own words (up to 500 characters) and ours around them have room in it. */
const LONGEST_DETAIL = 800;
const LONGEST_LIST = 5;

/** A text of other origin on one line, without a full stop at its end, secrets redacted. */
export function detail(text: string, limit = LONGEST_DETAIL): string {
  return shown(text.replace(/\s+/g, ' ').trim(), limit)
    .toWellFormed()
    .replace(/(?<!\.)\.$/, '');
}

/** An id that is compared with another: in quotes where white space at its ends could not be seen. */
export function comparedId(id: string | number | null): string {
  return /^\s|\s$/.test(String(id)) ? `"${id}"` : String(id);
}

/** A setting of a provider: `true`, or a text in quotes, because it may hold blanks. */
export function settingValue(value: string | boolean): string {
  return typeof value === 'boolean' ? String(value) : `"${detail(value, 120)}"`;
}

/** A lane as a person reads it: credential, region, endpoint. */
export function laneWords(lane: string): string {
  return detail(lane.split('|').join(', '));
}

/** `2026-11-22 20:15 UTC`; null for what no Date can hold. */
export function minuteOf(atMs: number): string | null {
  const iso = isoOrNull(atMs);
  return iso === null ? null : `${dayOf(atMs)} ${iso.slice(iso.indexOf('T') + 1).slice(0, 5)} UTC`;
}

/** `2026-11-22` (UTC); null for what no Date can hold. */
export function dayOf(atMs: number): string | null {
  const iso = isoOrNull(atMs);
  return iso === null ? null : iso.slice(0, iso.indexOf('T'));
}

/** Two instants that a Date can hold are never further apart. */
const LONGEST_MS = 2 * 8.64e15;

/** A duration in days or hours where it has two or more of them, else in minutes; rounded down. Null: it is none. */
export function inUnits(ms: number): { readonly count: number | null; readonly unit: 'day' | 'hour' | 'minute' } {
  if (!(Math.abs(ms) <= LONGEST_MS)) return { count: null, unit: 'minute' };
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes >= 2 * 24 * 60) return { count: Math.floor(minutes / (24 * 60)), unit: 'day' };
  if (minutes >= 2 * 60) return { count: Math.floor(minutes / 60), unit: 'hour' };
  return { count: minutes, unit: 'minute' };
}

/** Days, hours or seconds, whichever is short and exact enough for a person; rounded down. */
export function spanOf(ms: number): { readonly count: number; readonly unit: 'day' | 'hour' | 'second' } {
  if (ms >= 2 * DAY) return { count: Math.floor((ms / DAY) * 10) / 10, unit: 'day' };
  return ms >= 2 * HOUR
    ? { count: Math.floor((ms / HOUR) * 10) / 10, unit: 'hour' }
    : { count: Math.floor(ms / SECOND), unit: 'second' };
}

/** The beginning of a fingerprint: enough to compare two by eye. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.length <= 12 ? detail(fingerprint) : `${detail(fingerprint.slice(0, 12))}…`;
}

/** The first few of a list, and how many are left over. */
export function firstOf(list: readonly string[]): { readonly named: readonly string[]; readonly more: number } {
  const named = list.slice(0, LONGEST_LIST).map((item) => detail(item, 200));
  return { named, more: list.length - named.length };
}
