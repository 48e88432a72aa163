// First come, first served, at most n starts in any second.
import type { Clock } from '../core/ports.ts';
import { SECOND } from '../core/time.ts';
import { untilAborted } from './abort.ts';

export interface RateLimit {
  /**
   * Resolves when the caller may start, in the order of the calls. A caller that aborts gets the signal's reason and
   * uses nothing up.
   */
  turn(signal: AbortSignal): Promise<void>;
  /** Lowers the rate; a rate above the present one changes nothing. */
  lower(perSecond: number): void;
}

/** At most `perSecond` starts in any window of a second; a rate of 0.5 is one start in two seconds. */
export function createRateLimit(initial: number, clock: Clock): RateLimit {
  let perSecond = checked(initial);
  let starts: number[] = [];
  let last: Promise<unknown> = Promise.resolve();

  /** How long until another start fits, in ms on the monotonic clock. */
  const wait = () => {
    const inWindow = Math.max(1, Math.floor(perSecond));
    const windowMs = (SECOND * inWindow) / perSecond;
    starts = starts.slice(-inWindow);
    const oldest = starts.length < inWindow ? undefined : starts[0];
    return oldest === undefined ? 0 : oldest + windowMs - clock.monotonic();
  };
  const take = async (before: Promise<unknown>, signal: AbortSignal) => {
    await untilAborted(before, signal);
    for (let ms = wait(); ms > 0; ms = wait()) await clock.sleep(ms, signal);
    signal.throwIfAborted();
    starts.push(clock.monotonic());
  };
  return {
    turn(signal) {
      const before = last;
      const mine = take(before, signal);
      // The next caller waits for this one or, if this one gives up, for the one before it.
      last = mine.catch(() => before);
      return mine;
    },
    lower(rate) {
      perSecond = Math.min(perSecond, checked(rate));
    },
  };
}

function checked(perSecond: number): number {
  if (!(perSecond > 0)) throw new TypeError(`a rate is above 0, not ${perSecond}`);
  return perSecond;
}
