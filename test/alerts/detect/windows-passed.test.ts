// How many maintenance windows went by, counted against real windows.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { windowsPassed } from '../../../src/alerts/detect/windows-passed.ts';
import { createWindow } from '../../../src/core/cron.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';

/** A Monday. */
const MONDAY = Date.UTC(2026, 10, 16);
const nightly = createWindow({ cron: '0 2 * * *', durationMs: 4 * HOUR, timezone: 'UTC' });

describe('of a window from two to six every night', () => {
  test.each([
    ['none has passed while the first is open', 0, 6 * HOUR - 1, 0],
    ['one has when it shuts', 0, 6 * HOUR, 1],
    ['one has until the second shuts', 0, DAY + 6 * HOUR - 1, 1],
    ['two have when it does', 0, DAY + 6 * HOUR, 2],
    ['the rest of an open one does not count', 2 * HOUR, DAY, 0],
    ['nor does the moment before it opens', 2 * HOUR - 1, 6 * HOUR, 1],
    ['none has in no time', 0, 0, 0],
    ['none has in a time that runs backwards', DAY, 0, 0],
  ])('%s', (_name, from, until, passed) => {
    expect(windowsPassed(nightly, MONDAY + from, MONDAY + until, 10)).toBe(passed);
  });

  test('as many are counted as are asked for', () => {
    expect(windowsPassed(nightly, MONDAY, MONDAY + 30 * DAY, 10)).toBe(10);
    expect(windowsPassed(nightly, MONDAY, MONDAY + 30 * DAY, 2)).toBe(2);
  });

  test('each night is one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * DAY }), fc.integer({ min: 0, max: 8 * DAY }), (offset, length) => {
        const [from, until] = [MONDAY + offset, MONDAY + offset + length];
        let nights = 0;
        for (let opens = MONDAY + 2 * HOUR; opens + 4 * HOUR <= until; opens += DAY) if (opens > from) nights += 1;
        // From the very instant of its opening a window is open already.
        expect(windowsPassed(nightly, from, until, 100)).toBe(nights);
      }),
    );
  });
});

test('a window shorter than the step is seen', () => {
  const short = createWindow({ cron: '0 * * * *', durationMs: MINUTE, timezone: 'UTC' });
  expect(windowsPassed(short, MONDAY + 1, MONDAY + 5 * HOUR + 2 * MINUTE, 100)).toBe(5);
});

test('one that never shuts counts once a day, from the second day on', () => {
  const always = createWindow({ cron: '0 * * * *', durationMs: 2 * HOUR, timezone: 'UTC' });
  expect(windowsPassed(always, MONDAY, MONDAY + 5 * DAY + HOUR, 100)).toBe(4);
});

test('one that never opens has not passed', () => {
  expect(windowsPassed({ isOpen: () => false, nextOpening: () => undefined }, MONDAY, MONDAY + 30 * DAY, 100)).toBe(0);
});
