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
  /** What `every` began and what has not come to an end. */
  readonly #begun = new Set<Promise<unknown>>();

  readonly #rest: () => Promise<unknown>;

  /** `rest` resolves when what the last instant began has come to rest; by default that takes one turn of the loop. */
  constructor(wall = Date.UTC(2026, 10, 22), rest: () => Promise<unknown> = () => turn()) {
    this.#wall = wall;
    this.#rest = rest;
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
          this.#follow(work());
        },
        () => undefined,
      );
    again();
    return () => ended.abort(new Error('over'));
  }

  #follow(work: unknown): void {
    const ended = Promise.resolve(work).finally(() => this.#begun.delete(ended));
    this.#begun.add(ended);
  }

  /** Both clocks go on by `ms`; whoever wakes on the way runs at their own instant, and to its end if `every` woke it. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.#rest();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#go(next.at);
      next.wake();
      await this.#rest();
      await Promise.allSettled(this.#begun);
    }
    this.#go(end);
    await this.#rest();
  }

  /** The wall clock alone jumps. */
  step(ms: number): void {
    this.#wall += ms;
  }

  #next(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers)
      if (sleeper.at <= end && sleeper.at < (first?.at ?? Number.POSITIVE_INFINITY)) first = sleeper;
    return first;
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
