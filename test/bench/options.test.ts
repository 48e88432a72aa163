// The command line of the bench.
import { expect, test } from 'vitest';
import { FIGURES, parseOptions } from './options.ts';

test('everything is measured unless something is named', () => {
  expect(parseOptions([])).toEqual({ against: undefined, only: FIGURES, quick: false });
  expect(parseOptions(['--only', 'status', '--only', 'ticks', '--quick', '--against', 'HEAD~1'])).toEqual({
    against: 'HEAD~1',
    only: ['status', 'ticks'],
    quick: true,
  });
  expect(parseOptions(['--only', 'status', '--help'])).toBe('help');
});

test.each([
  [['--only', 'stats'], '--only stats: there is no such figure; choose from generate, rotation,'],
  [['--against'], "Option '--against <value>' argument missing"],
  [['--fast'], "Unknown option '--fast'"],
  [['HEAD~1'], "Unexpected argument 'HEAD~1'"],
])('%j is wrong', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
