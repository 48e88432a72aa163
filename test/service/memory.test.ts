// What a start has filled is given back to the system, not only free for later use.
import { expect, test } from 'vitest';
import { releaseMemory } from '../../src/service/memory.ts';

test('memory that is no longer used is given back', () => {
  let filled: object[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index, list: [index] }));
  const full = process.memoryUsage().heapTotal;
  expect(filled).toHaveLength(500_000);
  filled = undefined;
  releaseMemory();
  expect(full - process.memoryUsage().heapTotal).toBeGreaterThan(20 * 1024 * 1024);
});
