// The young generation stays small while much survives in it, and what a start has filled is given back to the system,
// not only free for later use.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { releaseMemory } from '../../src/service/memory.ts';

/** Prints how many MB the young generation takes after half a million objects that stay. */
const FILL = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { keepYoungGenerationSmall } from '${new URL('../../src/service/memory.ts', import.meta.url).href}';
  if (process.argv[1] === 'small') keepYoungGenerationSmall();
  const filled = Array.from({ length: 500_000 }, (_, index) => ({ index, list: [index] }));
  const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  console.log(space_size / 2 ** 20 + 0 * filled.length);`;

/** Prints how many MB the heap takes at most while 100,000 objects are replaced again and again. */
const REPLACE = `
  import { keepHeapSmall, keepYoungGenerationSmall, releaseMemory } from '${new URL('../../src/service/memory.ts', import.meta.url).href}';
  keepYoungGenerationSmall();
  const kept = Array.from({ length: 100_000 }, (_, index) => ({ index, list: [index] }));
  if (process.argv[1] === 'small') keepHeapSmall();
  releaseMemory();
  let most = 0;
  for (let i = 0; i < 1_500_000; i += 1) {
    kept[i % kept.length] = { index: i, list: [i] };
    if (i % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
  }
  console.log(most / 2 ** 20 + 0 * kept.length);`;

/** What a script prints; with a collector of one thread always the same. */
const printed = (script: string, before: string) => {
  const args = ['--single-threaded-gc', '--input-type=module', '--eval', script, before];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
};

test('memory that is no longer used is given back', () => {
  let filled: object[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index, list: [index] }));
  const full = process.memoryUsage().heapTotal;
  expect(filled).toHaveLength(500_000);
  filled = undefined;
  releaseMemory();
  expect(full - process.memoryUsage().heapTotal).toBeGreaterThan(20 * 1024 * 1024);
});

test('the young generation does not grow while much of it survives', () => {
  const grown = (before: string) =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', FILL, before], { encoding: 'utf8' }));
  expect(grown('as V8 does')).toBeGreaterThan(8);
  expect(grown('small')).toBeLessThanOrEqual(2);
});

test('the heap grows by half of what is in use, not by several times that', () => {
  expect(printed(REPLACE, 'as V8 does')).toBeGreaterThan(110);
  expect(printed(REPLACE, 'small')).toBeLessThan(100);
});
