// Instants as they are printed for programs: ISO 8601 UTC, null where there is none.

/** The furthest instant that a Date can hold, in ms from the epoch (ECMA-262, "Time Values and Time Range"). */
const MAX_INSTANT = 8.64e15;

/** ISO 8601 UTC of an instant in ms; null for null and for what no Date can hold (a stored number may be damaged). */
export function isoOrNull(instantMs: number | null): string | null {
  if (instantMs === null || !(Math.abs(instantMs) <= MAX_INSTANT)) return null;
  return new Date(instantMs).toISOString();
}

/** The same to the second, as log lines show it; the number itself where no Date can hold it. */
export function isoSeconds(instantMs: number): string {
  return isoOrNull(instantMs)?.replace(/\.\d{3}Z$/, 'Z') ?? String(instantMs);
}
