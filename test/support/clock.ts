// A clock that stands still until it is advanced; sleepers wake in the order of their instants.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class HandClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #sleepers: Sleeper[] = [];

  constructor(wall = Date.UTC(2026, 10, 22)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== mine);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        leave();
        reject(signal?.reason);
      };
      const wake = () => {
        leave();
        resolve();
      };
      const mine = { at: this.#monotonic + ms, wake };
      this.#sleepers.push(mine);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  every(ms: number, work: () => void): () => void {
    const ended = new AbortController();
    const again = (): void =>
      void this.sleep(ms, ended.signal).then(
        () => {
          again();
          work();
        },
        () => undefined,
      );
    again();
    return () => ended.abort(new Error('over'));
  }

  /** Both clocks go on by `ms`; whoever wakes on the way runs at their own instant. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await turn();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#go(next.at);
      next.wake();
      await turn();
    }
    this.#go(end);
    await turn();
  }

  /** The wall clock alone jumps. */
  step(ms: number): void {
    this.#wall += ms;
  }

  #next(end: number): Sleeper | undefined {
    return this.#sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }

  #go(monotonic: number): void {
    const by = Math.max(0, monotonic - this.#monotonic);
    this.#wall += by;
    this.#monotonic += by;
  }
}

/** The machine's own clocks. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
  every: (ms, work) => {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};
