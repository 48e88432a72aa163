// How little memory the program takes. V8 would keep what a start or a reload has filled and no longer needs: a heap that
// is mostly free is neither compacted nor given back while passes go on.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * V8 doubles its young generation, up to 64 MB, whenever much of it survives, as while a large configuration is read, and
 * does not give it back. At the size of the start, reading ten thousand targets takes a seventh more CPU time. For what
 * reads a whole configuration: a short command is slower with it.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * V8 lets the heap grow to four times what is in use before it collects what has died in it, and may give that back only
 * after a long time. With half as much again, a sweep of ten thousand targets takes half the memory and a tenth more CPU
 * time. For the daemon, once it has started: to read a large configuration would take longer.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
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
