// How little memory the program takes. V8 would keep what a start or a reload has filled and no longer needs: a heap that
// is mostly free is neither compacted nor given back while passes go on.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../core/ports.ts';

/**
 * V8 doubles its young generation, up to 64 MB, whenever much of it survives, as while a large configuration is read, and
 * does not give it back. To be called when the program is loaded, by which it has grown to 4 MB: at the size of the start,
 * reading ten thousand targets takes a tenth more CPU time.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

const GROWS = '--heap-growing-percent=50';

/**
 * V8 lets the heap grow to four times what is in use before it collects what has died in it, and may give that back only
 * after a long time. With half as much again, a sweep of ten thousand targets takes half the memory and a tenth more CPU
 * time. For the daemon, once it has started: to read a large configuration would take longer.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(GROWS);
}

interface CollectOptions {
  readonly type: 'major';
  readonly flavor: 'last-resort';
}

/**
 * Collects garbage and gives back what is free. It holds the event loop for about 0.1 s with ten thousand targets, so it
 * is for moments that are rare.
 */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: (options: CollectOptions) => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', flavor: 'last-resort' });
}

/** V8 acts on it within 8 s. More often would be of no use; less often would let a sweep be slowed down for longer. */
const LOOK_EVERY_MS = 5_000;

const IN_A_SWEEP = `--no-optimize-for-size ${GROWS}`;
/** The heap may still grow by 8 MB, V8's least step, before it is collected. */
const AT_REST = '--no-optimize-for-size --heap-growing-percent=10';
/** After a sweep: V8 collects what it has left, and gives it back, step by step beside everything else. */
const AFTER_A_SWEEP = '--optimize-for-size --heap-growing-percent=10';
/**
 * For so many looks, which is ten minutes: on a slow machine V8 took more than one. For ever, each of the few passes would
 * have its code compiled anew.
 */
const AFTER_LOOKS = 120;

/** So few passes at a time are rest: after a sweep, each target has one more when its turn to ask Apple has come. */
const FEW_PASSES = 10;

export interface Collecting {
  /** As after a sweep: something else has filled much. */
  again(): void;
  end(): void;
}

/**
 * After a sweep, has V8 give back what it has filled. By itself V8 does so when next to nothing was allocated lately,
 * which it may believe only after minutes. While passes run it would cost CPU time for nothing. To be called when a start
 * has given back what it had filled.
 */
export function collectAtRest(
  clock: Pick<Clock, 'every'>,
  passes: () => number,
  setFlags: (flags: string) => void = setFlagsFromString,
): Collecting {
  let looksAtRest = AFTER_LOOKS;
  let flags = IN_A_SWEEP;
  const end = clock.every(LOOK_EVERY_MS, () => {
    looksAtRest = passes() > FEW_PASSES ? 0 : looksAtRest + 1;
    const next = looksAtRest === 0 ? IN_A_SWEEP : looksAtRest > AFTER_LOOKS ? AT_REST : AFTER_A_SWEEP;
    if (next !== flags) setFlags(next);
    flags = next;
  });
  return {
    again() {
      looksAtRest = 0;
    },
    end,
  };
}
