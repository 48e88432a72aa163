// Cron expressions and maintenance windows, asked about instants; there is no clock in here. node-cron parses the
// expression and says which calendar days it fits (L, W, #, names). The instants are found here, by walking local days:
// node-cron's own search starts from the real clock, its matcher answers one second at a time, and its scheduler dies
// when the wall clock steps back. A property test holds both to the same second. Local times that a clock change skips
// do not occur, but as openings of windows; those that it repeats occur twice, as in node-cron's matcher.
import { createTask, parse } from 'node-cron';
import type { Window } from './ports.ts';
import { DAY, SECOND } from './time.ts';
import { offsetSpan } from './timezone.ts';

/** Four years: rules about leap days and month lengths show their longest gap in that time, with less they might not. */
const SURVEY = 1461 * DAY;

/** A parsed cron expression in a time zone. Starts are whole seconds; all instants are ms since the epoch. */
export interface CronExpression {
  /** The last start at or before `atMs`, not before `atMs - horizonMs`. */
  previousStart(atMs: number, horizonMs: number): number | undefined;
  /** The first start at or after `atMs`, not after `atMs + horizonMs`. */
  nextStart(atMs: number, horizonMs: number): number | undefined;
  /**
   * The longest time without a start in the four years after `fromMs`. The search ends as soon as a gap is longer
   * than `limitMs`: such an answer means "longer than the limit", not necessarily the longest of all.
   */
  longestGapMs(fromMs: number, limitMs: number): number;
}

/** The part of a local calendar day that lies in one span of constant offset, as UTC instants; `endMs` excluded. */
interface DayPart {
  readonly day: number;
  readonly localMidnightMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** The local times, as seconds of the day, that a clock change at `startMs` skipped: from here to that of `startMs`. */
  readonly skippedFrom: number;
}

/**
 * Reads `* * * * *`, six fields with seconds first, or `@daily` and the like.
 * Throws an Error with node-cron's words for an expression, a RangeError for a time zone that it does not know.
 * With `movesSkipped` a start at a local time that a clock change skips comes when that time would have ended.
 */
export function parseCron(expression: string, timezone: string, movesSkipped = false): CronExpression {
  const fields = parse(expression);
  const times = timesOfDay(fields);
  const dayMatches = dayMatcher(fields);
  const part = (atMs: number): DayPart => dayPart(atMs, timezone);
  /** Whether a start was moved to the beginning of this part. */
  const isMovedTo = ({ skippedFrom, startMs, localMidnightMs }: DayPart) => {
    const time = movesSkipped ? times[firstAtOrAfter(times, skippedFrom)] : undefined;
    return time !== undefined && localMidnightMs + time * SECOND < startMs;
  };
  offsetSpan(timezone, 0);
  const wholeDayStep = longestStep(times, 0, times.length);

  function nextStart(atMs: number, horizonMs: number): number | undefined {
    const latest = atMs + horizonMs;
    for (let from = Math.ceil(atMs / SECOND) * SECOND; from <= latest; ) {
      const found = part(from);
      const { day, localMidnightMs, endMs } = found;
      if (dayMatches(day)) {
        if (from === found.startMs && isMovedTo(found)) return from;
        const time = times[firstAtOrAfter(times, (from - localMidnightMs) / SECOND)];
        const start = time === undefined ? endMs : localMidnightMs + time * SECOND;
        if (start < endMs) return start <= latest ? start : undefined;
      }
      from = endMs;
    }
    return undefined;
  }

  function previousStart(atMs: number, horizonMs: number): number | undefined {
    const earliest = atMs - horizonMs;
    for (let until = Math.floor(atMs / SECOND) * SECOND; until >= earliest; ) {
      const found = part(until);
      const { day, localMidnightMs, startMs } = found;
      if (dayMatches(day)) {
        const time = times[firstAtOrAfter(times, (until - localMidnightMs) / SECOND + 1) - 1];
        const start = time === undefined ? Number.NEGATIVE_INFINITY : localMidnightMs + time * SECOND;
        if (start >= startMs) return start >= earliest ? start : undefined;
        if (isMovedTo(found)) return startMs >= earliest ? startMs : undefined;
      }
      until = startMs - SECOND;
    }
    return undefined;
  }

  function longestGapMs(fromMs: number, limitMs: number): number {
    const end = fromMs + SURVEY + limitMs;
    let last = fromMs;
    let longest = 0;
    for (let from = Math.ceil(fromMs / SECOND) * SECOND; from < end && longest <= limitMs; ) {
      const { day, localMidnightMs, endMs } = part(from);
      if (dayMatches(day)) {
        const first = firstAtOrAfter(times, (from - localMidnightMs) / SECOND);
        const beyond = firstAtOrAfter(times, (endMs - localMidnightMs) / SECOND);
        const [head, tail] = [times[first], times[beyond - 1]];
        if (first < beyond && head !== undefined && tail !== undefined) {
          const step = beyond - first === times.length ? wholeDayStep : longestStep(times, first, beyond);
          longest = Math.max(longest, localMidnightMs + head * SECOND - last, step * SECOND);
          last = localMidnightMs + tail * SECOND;
        }
      }
      from = endMs;
    }
    return longest > limitMs ? longest : Math.max(longest, end - last);
  }

  return { previousStart, nextStart, longestGapMs };
}

function dayPart(atMs: number, timezone: string): DayPart {
  const { offsetMs, startMs, endMs } = offsetSpan(timezone, atMs);
  const day = Math.floor((atMs + offsetMs) / DAY);
  const localMidnightMs = day * DAY - offsetMs;
  const partStartMs = Math.max(startMs, localMidnightMs);
  const skippedMs = partStartMs === startMs ? Math.max(0, offsetMs - offsetSpan(timezone, startMs - 1).offsetMs) : 0;
  return {
    day,
    localMidnightMs,
    startMs: partStartMs,
    endMs: Math.min(endMs, localMidnightMs + DAY),
    skippedFrom: Math.max(0, partStartMs - localMidnightMs - skippedMs) / SECOND,
  };
}

/** The seconds of a day at which the expression starts, ascending. */
function timesOfDay(fields: ReturnType<typeof parse>): readonly number[] {
  const ascending = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  const [hours, minutes, seconds] = [ascending(fields.hour), ascending(fields.minute), ascending(fields.second)];
  return hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => hour * 3600 + minute * 60 + second)),
  );
}

/** Whether the last three fields fit a calendar day (days since 1970-01-01). */
function dayMatcher({ dayOfMonth, month, dayOfWeek }: ReturnType<typeof parse>): (day: number) => boolean {
  const everyDay = new Set(dayOfMonth).size === 31 && new Set(month).size === 12 && new Set(dayOfWeek).size === 7;
  if (everyDay && [...dayOfMonth, ...dayOfWeek].every((value) => typeof value === 'number')) return () => true;
  const task = createTask(`* * * ${dayOfMonth.join()} ${month.join()} ${dayOfWeek.join()}`, () => {}, {
    timezone: 'UTC',
  });
  void task.destroy();
  const known = new Map<number, boolean>();
  return (day) => {
    const answer = known.get(day) ?? task.match(new Date(day * DAY));
    known.set(day, answer);
    return answer;
  };
}

/** The index of the first of the ascending `times` that is not below `time`; their number if there is none. */
function firstAtOrAfter(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Number.POSITIVE_INFINITY) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The longest difference of neighbours in times[first .. beyond - 1]. */
function longestStep(times: readonly number[], first: number, beyond: number): number {
  let longest = 0;
  for (let index = first + 1; index < beyond; index += 1)
    longest = Math.max(longest, (times[index] ?? 0) - (times[index - 1] ?? 0));
  return longest;
}

export interface WindowRule {
  /** When the window opens. */
  readonly cron: string;
  /** How long it stays open, in elapsed time, clock changes included. */
  readonly durationMs: number;
  readonly timezone: string;
}

/** One window for each rule, so that a thousand targets with the same rule ask the calendar once. */
const windows = new Map<string, Window>();
/** Rules that are kept. More only cost memory; with fewer, a fleet of many rules would ask the calendar each time. */
const MOST_WINDOWS = 256;

/** The window of a rule: open from each start, inclusive, for `durationMs`. Throws like `parseCron`. */
export function createWindow(rule: WindowRule): Window {
  const key = JSON.stringify([rule.cron, rule.durationMs, rule.timezone]);
  const known = windows.get(key);
  if (known !== undefined) return known;
  const window = rememberingWindow(parseCron(rule.cron, rule.timezone, true), rule.durationMs);
  if (windows.size >= MOST_WINDOWS) windows.clear();
  windows.set(key, window);
  return window;
}

/** Remembers the last time span known to be open and the last known to be closed: most questions are about one hour. */
function rememberingWindow(expression: CronExpression, durationMs: number): Window {
  let open = { fromMs: 0, untilMs: 0 };
  let closed = { fromMs: 0, untilMs: 0, opens: false };
  const within = ({ fromMs, untilMs }: typeof open, atMs: number) => fromMs <= atMs && atMs < untilMs;

  function isOpen(atMs: number): boolean {
    if (within(open, atMs)) return true;
    if (within(closed, atMs)) return false;
    const start = expression.previousStart(atMs, durationMs);
    if (start === undefined || start + durationMs <= atMs) return false;
    open = { fromMs: start, untilMs: start + durationMs };
    return true;
  }

  function nextOpening(atMs: number, horizonMs: number): number | undefined {
    if (isOpen(atMs)) return atMs;
    const latest = atMs + horizonMs;
    if (!within(closed, atMs) || (!closed.opens && closed.untilMs <= latest)) {
      const start = expression.nextStart(atMs, horizonMs);
      closed = { fromMs: atMs, untilMs: start ?? latest + 1, opens: start !== undefined };
    }
    return closed.opens && closed.untilMs <= latest ? closed.untilMs : undefined;
  }

  return { isOpen, nextOpening };
}

/**
 * The longest time for which a window is shut in the four years after `fromMs`. The search ends as soon as one is longer
 * than `limitMs`. 0 for a window that never shuts.
 */
export function longestShutMs({ cron, durationMs, timezone }: WindowRule, fromMs: number, limitMs: number): number {
  return Math.max(0, parseCron(cron, timezone).longestGapMs(fromMs, limitMs + durationMs) - durationMs);
}
