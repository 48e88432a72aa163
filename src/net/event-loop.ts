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

/** Passes may hold one turn of the loop for so long. Many lanes can get hundreds of answers in one turn. */
const LONGEST_TURN_MS = 20;

let turnBeganAt = Number.NEGATIVE_INFINITY;
let nextTurn: Promise<void> | undefined;

/** Resolves at once, or in a later turn of the loop where this one has lasted for long. To be called before costly work. */
export async function giveWay(): Promise<void> {
  while (performance.now() - turnBeganAt > LONGEST_TURN_MS) {
    nextTurn ??= yieldToLoop().then(() => {
      turnBeganAt = performance.now();
      nextTurn = undefined;
    });
    await nextTurn;
  }
}
