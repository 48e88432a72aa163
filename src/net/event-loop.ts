// The event loop: whoever works through many things lets others have their turn in between.
import { setImmediate } from 'node:timers/promises';

/** Resolves when everything else that is ready has had its turn. */
export function yieldToLoop(): Promise<void> {
  return setImmediate();
}
