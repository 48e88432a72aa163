// How many maintenance windows went by. A window says whether it is open and when it opens next, but not when it
// closes: that is found in steps of ten minutes, so windows that are less than that apart count as one.
import type { Window } from '../../core/ports.ts';
import { MINUTE } from '../../core/time.ts';

const STEP_MS = 10 * MINUTE;
/** A window that stays open for longer counts as over after a day: a rotation has had its chance. */
const LONGEST_MS = 24 * 60 * MINUTE;

/**
 * How many windows opened after `fromMs` and closed by `nowMs`, at most `most`. A window that was open at `fromMs`
 * already does not count.
 */
export function windowsPassed(window: Window, fromMs: number, nowMs: number, most: number): number {
  let at: number | undefined = window.isOpen(fromMs) ? closing(window, fromMs, nowMs) : fromMs;
  for (let passed = 0; ; passed += 1) {
    const opening: number | undefined = at === undefined ? undefined : window.nextOpening(at, nowMs - at);
    at = opening === undefined ? undefined : closing(window, opening, nowMs);
    if (at === undefined || passed >= most) return passed;
  }
}

/** An instant at which the window that is open at `openMs` is over; undefined if that lies after `nowMs`. */
function closing(window: Window, openMs: number, nowMs: number): number | undefined {
  const end = Math.min(nowMs, openMs + LONGEST_MS);
  for (let at = openMs + STEP_MS; at <= end; at += STEP_MS) if (!window.isOpen(at)) return at;
  if (openMs + LONGEST_MS <= nowMs) return openMs + LONGEST_MS;
  return window.isOpen(nowMs) ? undefined : nowMs;
}
