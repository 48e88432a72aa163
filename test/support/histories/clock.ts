// The time of a history. The world's clock is the truth; the program's clock may be off. A sleep inside the program
// takes no time on the machine: as soon as no call to the sandbox is under way, the clock leaps to its end. Only what
// waits for the next pass stands still until the history moves on.
import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/core/ports.ts';
import { MINUTE } from '../../../src/core/time.ts';

/** Calls of this process to the outside that have no answer yet. */
const underWay = new Set<unknown>();
const request = (message: unknown) => (message as { request: unknown }).request;
subscribe('http.client.request.start', (message) => void underWay.add(request(message)));
subscribe('http.client.response.finish', (message) => void underWay.delete(request(message)));
subscribe('http.client.request.error', (message) => void underWay.delete(request(message)));

/** Longer than anything takes to go on after an answer: turns of the event loop. */
const IDLE_TURNS = 8;

/** Resolves when nothing that was started goes on by itself. */
export async function idle(): Promise<void> {
  for (let quiet = 0; quiet < IDLE_TURNS; quiet += 1) {
    await turn();
    if (underWay.size > 0) quiet = 0;
  }
}

/** The time of the world. */
export class Truth {
  wall = 0;
  mono = 0;

  now(): number {
    return this.wall;
  }

  pass(ms: number): void {
    this.wall += ms;
    this.mono += ms;
  }
}

/** The program's clock: off from the truth by `offMs`. */
export class ProgramClock implements Clock {
  offMs = 0;
  private readonly truth: Truth;

  constructor(truth: Truth) {
    this.truth = truth;
  }

  now(): number {
    return this.truth.wall + this.offMs;
  }

  monotonic(): number {
    return this.truth.mono;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await idle();
    signal?.throwIfAborted();
    this.truth.pass(ms);
  }

  /** A pass takes less time than any timer that goes on beside it. */
  every(): () => void {
    return () => undefined;
  }
}

/** The same clock for whoever waits between passes: time passes for them when the history says so. */
export class WaitingClock implements Clock {
  private readonly own: ProgramClock;
  private sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(own: ProgramClock) {
    this.own = own;
  }

  now(): number {
    return this.own.now();
  }

  monotonic(): number {
    return this.own.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.sleepers = this.sleepers.filter((each) => each !== mine);
      };
      const mine = {
        at: this.monotonic() + ms,
        wake: () => {
          leave();
          resolve();
        },
      };
      this.sleepers.push(mine);
      const onAbort = () => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  every(): () => void {
    return () => undefined;
  }

  /** In how many ms the first sleeper wakes. */
  soonest(): number {
    return Math.max(0, Math.min(...this.sleepers.map(({ at }) => at)) - this.monotonic());
  }

  /** Wakes everybody whose time has come. */
  wake(): void {
    for (const { at, wake } of [...this.sleepers]) if (at <= this.monotonic()) wake();
  }
}

/** A loop that turns every minute may turn so seldom in a history without missing anything that matters. */
export function stride(nextMs: number, leftMs: number): number {
  if (nextMs < MINUTE) return Math.min(nextMs, leftMs);
  return Math.min(leftMs, leftMs > 6 * 60 * MINUTE ? 20 * MINUTE : 2 * MINUTE);
}
