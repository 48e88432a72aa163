// What a time zone's clocks show against UTC, as spans of constant offset. The runtime's Intl is the only source;
// answers are kept per zone and UTC day, because a formatter call costs microseconds and a survey of years makes many.
import { DAY, SECOND } from './time.ts';

/** A stretch of time in which local time is UTC + `offsetMs`; `endMs` excluded. Never longer than one UTC day. */
export interface OffsetSpan {
  readonly offsetMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

interface Zone {
  readonly offsetAt: (atMs: number) => number;
  readonly days: Map<number, readonly OffsetSpan[]>;
}

const zones = new Map<string, Zone>();
/** Days kept per zone before starting afresh: more than the longest survey needs. */
const MOST_DAYS = 4000;

/**
 * The span of constant offset that contains `atMs`, cut at UTC midnights. A zone that changes its offset and
 * changes it back within one UTC day is not seen to do so; none does. Throws RangeError for an unknown zone.
 */
export function offsetSpan(timezone: string, atMs: number): OffsetSpan {
  const zone = zones.get(timezone) ?? openZone(timezone);
  const day = Math.floor(atMs / DAY);
  let spans = zone.days.get(day);
  if (spans === undefined) {
    if (zone.days.size >= MOST_DAYS) zone.days.clear();
    spans = spansOfDay(day * DAY, zone.offsetAt);
    zone.days.set(day, spans);
  }
  return (
    spans.find(({ endMs }) => atMs < endMs) ?? { offsetMs: zone.offsetAt(atMs), startMs: atMs, endMs: atMs + SECOND }
  );
}

function openZone(timezone: string): Zone {
  const zone = { offsetAt: offsetReader(timezone), days: new Map() };
  zones.set(timezone, zone);
  return zone;
}

function spansOfDay(startMs: number, offsetAt: (atMs: number) => number): readonly OffsetSpan[] {
  const endMs = startMs + DAY;
  const [before, after] = [offsetAt(startMs), offsetAt(endMs)];
  if (before === after) return [{ offsetMs: before, startMs, endMs }];
  let [low, high] = [startMs, endMs];
  while (high - low > SECOND) {
    const middle = Math.floor((low + high) / (2 * SECOND)) * SECOND;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return [
    { offsetMs: before, startMs, endMs: high },
    { offsetMs: after, startMs: high, endMs },
  ];
}

function offsetReader(timezone: string): (atMs: number) => number {
  if (timezone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / SECOND) * SECOND;
  };
}
