// First come, first served, at most n starts in any second: of this process, and of all that share a journal. While a
// process is alone it keeps the rate by itself; beside others each start takes its place from the journal.

import type { SharedPace } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import { SECOND } from '../core/time.ts';
import { untilAborted } from './abort.ts';

/**
 * How much longer than a second a window is: calls that leave a second apart arrive closer together where the network, or
 * a busy machine on the other side, is slower with the first one. With less, 40 ms of that would exceed the rate; with
 * more, less than 95 % of it could be used.
 */
const SLACK = 1.04;
/**
 * Where a second's starts are used up, the next ones wait until this share of them is free again, and go together: what
 * follows each costs a fifth less CPU time than after a pause of 50 ms, in which the processor's caches are emptied.
 */
const TOGETHER = 1 / 2;
/** For how long a call that has its turn, and has not left, counts as one that leaves now: later it hangs. */
const LEAVES_WITHIN_MS = SECOND;

/** To be called when the call leaves: by then other work may have held it up, and the window counts from there. */
export type Leaves = () => void;

export interface RateLimit {
  /**
   * Resolves when the caller may start, in the order of the calls. A caller that aborts gets the signal's reason and
   * uses nothing up, but for a place that it has taken among other processes.
   */
  turn(signal: AbortSignal): Promise<Leaves>;
  /** Lowers the rate; a rate above the present one changes nothing. */
  lower(perSecond: number): void;
}

/** Instants of the monotonic clock. */
interface Start {
  readonly at: number;
  leftAt: number | undefined;
}

/** The pace that this rate is, among all processes. */
export interface NamedPace {
  readonly name: string;
  readonly shared: SharedPace;
}

/**
 * At most `perSecond` starts in any window of a second; a rate of 0.5 is one start in two seconds. Without a pace, of
 * this process alone.
 */
export function createRateLimit(initial: number, clock: Clock, pace?: NamedPace): RateLimit {
  let perSecond = checked(initial);
  let starts: Start[] = [];
  /** So many may go before the window is looked at again. */
  let free = 0;
  /** Settles when the call before has started, or given up; undefined while nobody waits. */
  let last: Promise<unknown> | undefined;
  /** Whether others were there at the last look, so that they and we start by the same places. */
  let hadCompany = false;

  const inWindow = () => Math.max(1, Math.floor(perSecond));
  const windowMs = () => (SLACK * SECOND * inWindow()) / perSecond;
  /** How long until another start may go, in ms on the monotonic clock. */
  const wait = () => {
    if (free > 0) return 0;
    const now = clock.monotonic();
    const countsUntil = ({ at, leftAt }: Start) => (leftAt ?? Math.min(now, at + LEAVES_WITHIN_MS)) + windowMs();
    starts = starts.slice(-inWindow()).filter((start) => countsUntil(start) > now);
    const unused = inWindow() - starts.length;
    const lacking = Math.ceil(inWindow() * TOGETHER) - unused;
    if (lacking <= 0) {
      free = unused;
      return 0;
    }
    const ends = starts.map(countsUntil).sort((a, b) => a - b);
    return (ends[lacking - 1] ?? now) - now;
  };
  /** Waits for a place among other processes, if there are any. */
  const amongOthers = async ({ name, shared }: NamedPace, signal: AbortSignal) => {
    for (;;) {
      const { others, leftMsAgo = Number.POSITIVE_INFINITY } = await shared.company();
      if (others && hadCompany) return clock.sleep(await shared.takePlace(name, (SLACK * SECOND) / perSecond), signal);
      // What another has started without us, or one that has left, is over after a window.
      const rest = others ? windowMs() : windowMs() - leftMsAgo;
      hadCompany = others;
      if (rest <= 0) return;
      await clock.sleep(rest, signal);
    }
  };
  const take = async (before: Promise<unknown> | undefined, signal: AbortSignal): Promise<Leaves> => {
    if (before !== undefined) await untilAborted(before, signal);
    for (let ms = wait(); ms > 0; ms = wait()) await clock.sleep(ms, signal);
    if (pace !== undefined) await amongOthers(pace, signal);
    signal.throwIfAborted();
    const start: Start = { at: clock.monotonic(), leftAt: undefined };
    starts.push(start);
    free -= 1;
    return () => {
      start.leftAt = clock.monotonic();
    };
  };
  return {
    turn(signal) {
      const before = last;
      const mine = take(before, signal);
      // The next caller waits for this one or, if this one gives up, for the one before it.
      const settled = mine.then(
        () => undefined,
        () => before,
      );
      last = settled;
      void settled.then(() => {
        if (last === settled) last = undefined;
      });
      return mine;
    },
    lower(rate) {
      perSecond = Math.min(perSecond, checked(rate));
      free = 0;
    },
  };
}

function checked(perSecond: number): number {
  if (!(perSecond > 0)) throw new TypeError(`a rate is above 0, not ${perSecond}`);
  return perSecond;
}
