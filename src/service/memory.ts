// Memory that a start or a reload has filled with what it no longer needs. V8 would keep it: a heap that is mostly free
// is neither compacted nor given back while passes go on.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

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
