// Work on a large configuration, in slices: between two of them everything else in this process has its turn, so that a
// daemon that reads ten thousand targets again goes on answering.
import { setImmediate } from 'node:timers/promises';

/** Entries of `targets` between two turns: some milliseconds. Ten times as many could hold up a slow machine for 100 ms. */
const ENTRIES = 100;

/** Resolves when everything else that is ready has run. */
export async function giveWay(): Promise<void> {
  await setImmediate();
}

/** Calls `each` for every item in order, and gives way between slices. */
export async function inSlices<T>(items: Iterable<T>, each: (item: T, index: number) => void): Promise<void> {
  let index = 0;
  for (const item of items) {
    each(item, index);
    index += 1;
    if (index % ENTRIES === 0) await giveWay();
  }
}
