// The young generation stays small while much survives in it, and what a start or a sweep has filled is given back to the
// system, not only free for later use.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { collectAtRest, releaseMemory } from '../../src/service/memory.ts';

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

/** Ends once the heap has given back half a million objects, while the program goes on allocating; prints how. */
const REST = `
  import { collectAtRest } from '${new URL('../../src/service/memory.ts', import.meta.url).href}';
  let filled = Array.from({ length: 500_000 }, (_, index) => ({ index, list: [index] }));
  const full = process.memoryUsage().heapTotal + 0 * filled.length;
  filled = undefined;
  let passes = 11;
  collectAtRest({ every: (ms, look) => (look(), passes = 10, look()) }, () => passes);
  const timer = setInterval(() => {
    Array.from({ length: 20_000 }, (_, index) => ({ index }));
    if (process.memoryUsage().heapTotal > full / 2) return;
    clearInterval(timer);
    console.log('given back');
  }, 5);`;

/** Prints how many MB stay in use for a configuration of 4 MB, of which nearly all is a comment. */
const LOAD = `
  import { writeFileSync } from 'node:fs';
  import { loadConfig } from '${new URL('../../src/config/load.ts', import.meta.url).href}';
  import { releaseMemory } from '${new URL('../../src/service/memory.ts', import.meta.url).href}';
  const load = (comment) => {
    writeFileSync(process.argv[1], '# ' + comment + \`
alerts: { none: accepted }
targets: [{ name: the-name-of-the-shop, envId: the-environment-1a2b3c, key: { from: file, path: the-key-of-the-shop.p8 } }]\`);
    return loadConfig({ file: process.argv[1], env: {}, mode: 'strict' });
  };
  const inUse = () => {
    releaseMemory();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const kept = [await load('')];
  const before = inUse();
  kept.push(await load('x'.repeat(4 * 2 ** 20)));
  console.log((inUse() - before) / 2 ** 20 + 0 * kept.length);`;

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

test('V8 is told when a sweep begins, when it is over, and when what it left has been given back', () => {
  const told: string[] = [];
  let passes = 0;
  let look = () => undefined as unknown;
  const every = (_: number, work: () => void) => {
    look = work;
    return () => told.push('ended');
  };
  const { again, end } = collectAtRest(
    { every },
    () => passes,
    (flags) => told.push(flags),
  );
  const seen = (count: number, times = 1) => {
    passes = count;
    for (let i = 0; i < times; i += 1) look();
    return told.splice(0);
  };
  const [inSweep, afterSweep, atRest] = [
    '--no-optimize-for-size --heap-growing-percent=50',
    '--optimize-for-size --heap-growing-percent=10',
    '--no-optimize-for-size --heap-growing-percent=10',
  ];
  expect(seen(11)).toEqual([]);
  expect(seen(10, 120)).toEqual([afterSweep]);
  expect(seen(0, 2)).toEqual([atRest]);
  expect(seen(10_000, 2)).toEqual([inSweep]);
  expect(seen(1)).toEqual([afterSweep]);
  expect(seen(0, 120)).toEqual([atRest]);
  // A configuration was read, and nothing is swept.
  again();
  expect(seen(0)).toEqual([afterSweep]);
  expect(seen(11)).toEqual([inSweep]);
  end();
  expect(told).toEqual(['ended']);
});

test('after a start, which has given back what it filled, the daemon is at rest at once', () => {
  const told: string[] = [];
  collectAtRest(
    {
      every(_, look) {
        look();
        return () => undefined;
      },
    },
    () => 0,
    (flags) => told.push(flags),
  );
  expect(told).toEqual(['--no-optimize-for-size --heap-growing-percent=10']);
});

test('after a sweep V8 collects and gives back, also while something is still allocated', () => {
  const args = ['--gc-memory-reducer-start-delay-ms=100', '--input-type=module', '--eval', REST];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })).toBe('given back\n');
});

test('of a configuration the values stay in memory, and not its text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(printed(LOAD, join(folder, 'rotator.yaml'))).toBeLessThan(2);
});
