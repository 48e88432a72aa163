// Counting calls in a sliding second, and waits.
import { describe, expect, test } from 'vitest';
import { busiest, median, percentile, perSecond } from './window.ts';

describe('the busiest second', () => {
  test.each([
    ['nothing', [], 0],
    ['one call', [5], 1],
    ['two calls a second apart', [0, 1_000], 1],
    ['two calls a millisecond less apart', [0, 999], 2],
    ['a burst over the border of two seconds of the clock', [0, 900, 950, 1_000, 1_050, 2_000], 4],
  ])('of %s', (_, times, most) => {
    expect(busiest(times, 1_000)).toBe(most);
  });
});

describe('the calls of a second', () => {
  test('are the same whether they come at once or evenly', () => {
    const atOnce = Array.from({ length: 100 }, (_, i) => 500 + 1_000 * Math.floor(i / 20));
    const evenly = Array.from({ length: 100 }, (_, i) => 500 + 50 * i);
    expect([perSecond(atOnce), perSecond(evenly)]).toEqual([20, 20]);
  });

  test('are not known before one has passed', () => {
    expect([perSecond([]), perSecond([5, 1_004])]).toEqual([Number.NaN, Number.NaN]);
  });
});

test('a percentile is one of the values', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
  expect(median([3, 1, 2])).toBe(2);
  expect(percentile([], 0.5)).toBeNaN();
});
