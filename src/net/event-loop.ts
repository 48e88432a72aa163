// The event loop: whoever works through many things lets others have their turn in between.
import { setImmediate } from 'node:timers/promises';

/** Resolves when everything else that is ready has had its turn. */
export function yieldToLoop(): Promise<void> {
  return setImmediate();
}

/** So many things are done before others have their turn: with the costliest of them it takes about 10 ms. */
export const SLICE = 100;

/** What `map` makes of each item, in slices. */
export async function mapInSlices<T, R>(items: Iterable<T>, map: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(map(item));
    if (results.length % SLICE === 0) await yieldToLoop();
  }
  return results;
}
