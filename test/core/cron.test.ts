// Cron expressions and windows by instant, held to node-cron's own matcher second by second; and the days on which
// clocks change. Nothing here reads a clock.
import fc from 'fast-check';
import { createTask, getTasks } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { type CronExpression, createWindow, longestShutMs, parseCron } from '../../src/core/cron.ts';
import { offsetSpan } from '../../src/core/timezone.ts';
import { tries } from '../support/campaign.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const at = (iso: string) => Date.parse(iso);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** True if the expression starts in the second of `atMs`. */
const startsAt = (cron: CronExpression, atMs: number) =>
  cron.nextStart(Math.floor(atMs / SECOND) * SECOND, 0) !== undefined;

/** node-cron's opinion, a second at a time. */
function oracle(expression: string, timezone: string): (ms: number) => boolean {
  const task = createTask(expression, () => {}, { timezone });
  void task.destroy();
  return (ms) => task.match(new Date(ms));
}

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns'];
/** Around the changes of the clocks in Berlin, New York, Lord Howe and St John's, a leap day, a turn of the year. */
const MOMENTS = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2026-03-08T05:30:00Z',
  '2028-02-29T12:00:00Z',
  '2027-01-01T00:00:00Z',
].map(at);

const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
  );
const dayOfMonth = fc.oneof(
  { weight: 3, arbitrary: field(1, 28) },
  fc.constantFrom('L', 'L-2', '15W', 'LW', '1,L', '?'),
);
const dayOfWeek = fc.oneof(
  { weight: 3, arbitrary: field(0, 6) },
  fc.constantFrom('mon-fri', '7', '5L', '1#2', '5-7', '?', 'sun'),
);
const expressions = fc
  .tuple(fc.option(field(0, 59), { nil: undefined }), field(0, 59), field(0, 23), dayOfMonth, field(1, 12), dayOfWeek)
  .map((fields) => fields.filter((one) => one !== undefined).join(' '));
const instants = fc.oneof(
  fc
    .tuple(fc.constantFrom(...MOMENTS), fc.integer({ min: -5400, max: 5400 }))
    .map(([moment, s]) => moment + s * SECOND),
  fc
    .integer({ min: at('2026-01-01T00:00:00Z') / SECOND, max: at('2030-01-01T00:00:00Z') / SECOND })
    .map((s) => s * SECOND),
);
const cases = fc.tuple(expressions, fc.constantFrom(...ZONES), instants);

describe("node-cron's matcher agrees", () => {
  test('on every second of a stretch', () => {
    fc.assert(
      fc.property(cases, ([expression, zone, from]) => {
        const [cron, matches] = [parseCron(expression, zone), oracle(expression, zone)];
        for (let ms = from; ms < from + 90 * SECOND; ms += SECOND) expect(startsAt(cron, ms)).toBe(matches(ms));
      }),
      { numRuns: tries(50) },
    );
  });

  test('on the next and the previous start, found by trying every second', () => {
    fc.assert(
      fc.property(cases, ([expression, zone, from]) => {
        const [cron, matches] = [parseCron(expression, zone), oracle(expression, zone)];
        const seconds = Array.from({ length: 1801 }, (_, index) => index * SECOND);
        const next = seconds.map((ms) => from + ms).find(matches);
        const previous = seconds.map((ms) => from - ms).find(matches);
        expect([cron.nextStart(from, 1800 * SECOND), cron.previousStart(from, 1800 * SECOND)]).toEqual([
          next,
          previous,
        ]);
      }),
      { numRuns: tries(20) },
    );
  });

  test('on every minute of two days, for expressions without seconds', () => {
    const byMinute = fc
      .tuple(field(0, 59), field(0, 23), dayOfMonth, field(1, 12), dayOfWeek)
      .map((fields) => fields.join(' '));
    fc.assert(
      fc.property(byMinute, fc.constantFrom(...ZONES), fc.constantFrom(...MOMENTS), (expression, zone, moment) => {
        const [cron, matches] = [parseCron(expression, zone), oracle(expression, zone)];
        const minutes = Array.from({ length: 2880 }, (_, index) => moment - DAY + index * MINUTE);
        const found: number[] = [];
        for (let ms = cron.nextStart(moment - DAY, 2 * DAY); ms !== undefined && ms < moment + DAY; )
          [, ms] = [found.push(ms), cron.nextStart(ms + 1, moment + DAY - ms)];
        expect(found).toEqual(minutes.filter(matches));
      }),
      { numRuns: tries(12) },
    );
  });

  test('and none of its tasks is left behind', () => {
    const before = getTasks().size;
    parseCron('0 2 L * 5#2', 'UTC');
    expect(getTasks().size).toBe(before);
  });
});

describe('starts', () => {
  const nightly = parseCron('30 2 * * *', 'UTC');

  test('are found at the instant itself, within the horizon, both ends included', () => {
    const start = at('2026-11-22T02:30:00Z');
    expect(nightly.nextStart(start, 0)).toBe(start);
    expect(nightly.previousStart(start, 0)).toBe(start);
    expect(nightly.nextStart(start - HOUR, HOUR)).toBe(start);
    expect(nightly.nextStart(start - HOUR, HOUR - 1)).toBeUndefined();
    expect(nightly.previousStart(start + HOUR, HOUR)).toBe(start);
    expect(nightly.previousStart(start + HOUR, HOUR - 1)).toBeUndefined();
  });

  test('are whole seconds, whatever the milliseconds of the question', () => {
    const start = at('2026-11-22T02:30:00Z');
    expect(nightly.nextStart(start + 1, DAY)).toBe(start + DAY);
    expect(nightly.nextStart(start - 1, DAY)).toBe(start);
    expect(nightly.previousStart(start + 999, DAY)).toBe(start);
    expect(nightly.previousStart(start - 1, DAY)).toBe(start - DAY);
    expect([startsAt(nightly, start + 999), startsAt(nightly, start + 1000), startsAt(nightly, start - 1)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('that come every few years are found within a horizon that reaches so far', () => {
    const leap = parseCron('0 0 29 2 *', 'UTC');
    expect(iso(leap.nextStart(at('2026-11-22T00:00:00Z'), 500 * DAY))).toBe('2028-02-29T00:00:00.000Z');
    expect(leap.nextStart(at('2026-11-22T00:00:00Z'), 400 * DAY)).toBeUndefined();
  });

  test.each([
    ['@daily', '2026-11-23T00:00:00.000Z'],
    ['@hourly', '2026-11-22T12:00:00.000Z'],
    ['15,45 30 * * * *', '2026-11-22T12:30:15.000Z'],
    ['0 9 * * mon', '2026-11-23T09:00:00.000Z'],
  ])('%s', (expression, expected) => {
    expect(iso(parseCron(expression, 'UTC').nextStart(at('2026-11-22T12:00:00Z'), 30 * DAY))).toBe(expected);
  });

  test.each(['', '* * * *', '61 * * * *', '* * 32 * *', 'x * * * *'])('%j is no expression', (expression) => {
    expect(() => parseCron(expression, 'UTC')).toThrow();
  });

  test('a zone that nobody knows is refused at once', () => {
    expect(() => parseCron('* * * * *', 'Mars/Olympus')).toThrow(RangeError);
  });
});

describe('when the clocks change', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28T01:30:00.000Z', '2026-03-30T00:30:00.000Z'],
    ['America/New_York', '2026-03-07T07:30:00.000Z', '2026-03-09T06:30:00.000Z'],
  ])('a local time that %s skips does not occur', (zone, last, next) => {
    const cron = parseCron('30 2 * * *', zone);
    expect(iso(cron.nextStart(at(last) + 1, 3 * DAY))).toBe(next);
    expect(iso(cron.previousStart(at(next) - 1, 3 * DAY))).toBe(last);
  });

  test.each([
    ['Europe/Berlin', '2026-10-25T00:30:00.000Z', 2.5],
    ['America/New_York', '2026-11-01T05:30:00.000Z', 1.5],
  ])('a local time that %s repeats occurs twice', (zone, first, hour) => {
    const cron = parseCron(`30 ${Math.floor(hour)} * * *`, zone);
    expect(cron.nextStart(at(first) - 5 * MINUTE, HOUR)).toBe(at(first));
    expect(cron.nextStart(at(first) + 1, DAY)).toBe(at(first) + HOUR);
    expect(cron.previousStart(at(first) + 3 * HOUR, DAY)).toBe(at(first) + HOUR);
  });

  test('hourly ticks go on', () => {
    const cron = parseCron('7 * * * *', 'Europe/Berlin');
    expect(cron.longestGapMs(at('2026-01-01T00:00:00Z'), DAY)).toBe(HOUR);
  });

  test('by half an hour, as on Lord Howe, the rest of the day is still right', () => {
    const cron = parseCron('0 12 * * *', 'Australia/Lord_Howe');
    expect(iso(cron.nextStart(at('2026-04-04T13:00:00Z'), 2 * DAY))).toBe('2026-04-05T01:30:00.000Z');
  });

  test('spans of constant offset meet without a gap', () => {
    const change = at('2026-03-29T01:00:00Z');
    expect(offsetSpan('Europe/Berlin', change - 1)).toEqual({
      offsetMs: HOUR,
      startMs: at('2026-03-29T00:00:00Z'),
      endMs: change,
    });
    expect(offsetSpan('Europe/Berlin', change)).toEqual({
      offsetMs: 2 * HOUR,
      startMs: change,
      endMs: at('2026-03-30T00:00:00Z'),
    });
  });
});

describe('the longest gap', () => {
  const from = at('2026-11-22T12:00:00Z');
  const longest = (expression: string, limit = 400 * DAY, zone = 'UTC') =>
    parseCron(expression, zone).longestGapMs(from, limit);

  test.each([
    ['* * * * *', MINUTE],
    ['* * * * * *', SECOND],
    ['7 * * * *', HOUR],
    ['0,7 * * * *', 53 * MINUTE],
    ['0 0,6 * * *', 18 * HOUR],
    ['0 2 * * 1-5', 3 * DAY],
    ['0 2 1 * *', 31 * DAY],
    ['0 2 31 * *', 61 * DAY],
  ])('of %s', (expression, expected) => {
    expect(longest(expression)).toBe(expected);
  });

  test('is seen whenever it is asked, though most of the year has none', () => {
    const seasonal = parseCron('0 * * 1-5,7-12 *', 'UTC');
    for (const month of ['2026-05-31', '2026-06-01', '2026-06-15', '2026-06-30', '2026-07-01', '2027-01-01'])
      expect(seasonal.longestGapMs(at(`${month}T00:00:00Z`), 20 * DAY)).toBeGreaterThan(20 * DAY);
  });

  test('ends the search where it is over the limit', () => {
    expect(longest('0 2 * * 1-5', 2 * DAY)).toBeGreaterThan(2 * DAY);
    expect(longest('0 2 * * 1-5', 3 * DAY)).toBe(3 * DAY);
  });

  test('is found by walking from start to start', () => {
    const everyHourOrSo = fc.tuple(field(0, 59), field(0, 23)).map(([minute, hour]) => `${minute} ${hour} * * *`);
    fc.assert(
      fc.property(everyHourOrSo, fc.constantFrom('UTC', 'Europe/Berlin'), (expression, zone) => {
        const cron = parseCron(expression, zone);
        const span = 1461 * DAY;
        let [last, widest] = [from, 0];
        for (let next = cron.nextStart(from, span); next !== undefined && next < from + span; )
          [widest, last, next] = [Math.max(widest, next - last), next, cron.nextStart(next + 1, 3 * DAY)];
        expect(cron.longestGapMs(from, 4 * DAY)).toBe(widest);
      }),
      { numRuns: tries(3) },
    );
  });
});

describe('a window that begins in the hour that daylight saving skips', () => {
  // Berlin goes from 02:00 to 03:00 at 01:00 UTC of this day, Azores from 00:00 to 01:00.
  const change = Date.UTC(2027, 2, 28, 1);

  test.each([
    ['30 2 * * *', 'Europe/Berlin'],
    ['0 2 * * *', 'Europe/Berlin'],
    ['30 0 * * *', 'Atlantic/Azores'],
  ])('%s in %s opens when that hour would have ended', (cron, timezone) => {
    const window = createWindow({ cron, durationMs: HOUR, timezone });
    expect(window.nextOpening(change - HOUR, DAY)).toBe(change);
    expect([change - 1, change, change + HOUR - 1, change + HOUR].map((ms) => window.isOpen(ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test('and the day after at its own time; a schedule leaves the skipped time out', () => {
    const window = createWindow({ cron: '30 2 * * *', durationMs: HOUR, timezone: 'Europe/Berlin' });
    expect(window.nextOpening(change + HOUR, 2 * DAY)).toBe(change + DAY - 30 * MINUTE);
    const schedule = parseCron('30 2 * * *', 'Europe/Berlin');
    expect(schedule.nextStart(change - HOUR, 2 * DAY)).toBe(change + DAY - 30 * MINUTE);
  });
});

describe('a window', () => {
  const office = { cron: '0 2 * * 1-5', durationMs: 4 * HOUR, timezone: 'Asia/Shanghai' };
  const monday = at('2026-11-23T02:00:00+08:00');

  test('is open from its start, inclusive, to its end, exclusive', () => {
    const window = createWindow(office);
    expect([monday - 1, monday, monday + 4 * HOUR - 1, monday + 4 * HOUR].map((ms) => window.isOpen(ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test('says when it opens next; now if it is open', () => {
    const window = createWindow(office);
    expect(window.nextOpening(monday - 1, DAY)).toBe(monday);
    expect(window.nextOpening(monday, DAY)).toBe(monday);
    expect(window.nextOpening(monday + HOUR, DAY)).toBe(monday + HOUR);
    expect(window.nextOpening(monday + 4 * HOUR, DAY)).toBe(monday + DAY);
    expect(window.nextOpening(monday + 4 * HOUR, 20 * HOUR - 1)).toBeUndefined();
  });

  test('stays open for its duration when the clocks change meanwhile', () => {
    const window = createWindow({ cron: '0 1 * * *', durationMs: 4 * HOUR, timezone: 'Europe/Berlin' });
    const opened = at('2026-03-29T00:00:00Z');
    expect([window.isOpen(opened + 4 * HOUR - 1), window.isOpen(opened + 4 * HOUR)]).toEqual([true, false]);
  });

  test('that is longer than the time between its starts is always open', () => {
    const window = createWindow({ cron: '0 * * * *', durationMs: 90 * MINUTE, timezone: 'UTC' });
    for (let ms = monday; ms < monday + 3 * HOUR; ms += 7 * MINUTE) expect(window.isOpen(ms)).toBe(true);
  });

  test('is one object for all who ask for the same rule', () => {
    expect(createWindow({ ...office })).toBe(createWindow(office));
    expect(createWindow({ ...office, durationMs: HOUR })).not.toBe(createWindow(office));
  });

  test('remembers nothing wrong: answers do not depend on what was asked before', () => {
    const questions = fc.array(
      fc.record({
        ms: fc.integer({ min: 0, max: 14 * 24 * 60 }).map((minute) => monday + minute * MINUTE),
        horizon: fc.integer({ min: 0, max: 100 }).map((hours) => hours * HOUR),
        opening: fc.boolean(),
      }),
      { minLength: 2, maxLength: 40 },
    );
    const starts = parseCron(office.cron, office.timezone);
    const open = (ms: number) => starts.previousStart(ms, office.durationMs - 1) !== undefined;
    const next = (ms: number, horizon: number) => (open(ms) ? ms : starts.nextStart(ms, horizon));
    fc.assert(
      fc.property(questions, (asked) => {
        const window = createWindow(office);
        for (const { ms, horizon, opening } of asked)
          if (opening) expect(window.nextOpening(ms, horizon)).toBe(next(ms, horizon));
          else expect(window.isOpen(ms)).toBe(open(ms));
      }),
      { numRuns: tries(100) },
    );
  });

  test.each([
    [office, 68 * HOUR],
    [{ cron: '0 * * * *', durationMs: HOUR, timezone: 'UTC' }, 0],
    [{ cron: '0 * * * *', durationMs: 2 * HOUR, timezone: 'UTC' }, 0],
    [{ cron: '0 2 1 * *', durationMs: DAY, timezone: 'UTC' }, 30 * DAY],
  ])('is shut for so long at most: %j', (rule, expected) => {
    expect(longestShutMs(rule, monday, 180 * DAY)).toBe(expected);
  });
});
