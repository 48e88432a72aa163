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
const waiting: (() => void)[] = [];

/** Resolves at once, or in a later turn of the loop where this one has lasted for long. To be called before costly work. */
export function giveWay(): Promise<void> {
  if (waiting.length === 0 && !hasLastedLong()) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push(resolve);
  if (waiting.length === 1) nextTurn();
  return promise;
}

function hasLastedLong(): boolean {
  return performance.now() - turnBeganAt > LONGEST_TURN_MS;
}

function nextTurn(): void {
  void yieldToLoop().then(() => {
    turnBeganAt = performance.now();
    letOneGo();
  });
}

/** The next one only when the first has done its work: together they would all find that there is time. */
function letOneGo(): void {
  waiting.shift()?.();
  process.nextTick(() => {
    if (waiting.length === 0) return;
    if (hasLastedLong()) nextTurn();
    // Node runs all ticks that wait before the promises that one of them has resolved.
    else queueMicrotask(letOneGo);
  });
}
