// When each target is due: on the monotonic clock after a tick, on the wall clock for what passes asked for (a retry,
// the opening of a window). It only remembers and answers; the daemon starts what is due.
import type { CronExpression } from '../core/cron.ts';
import type { Clock, Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import { LONGEST_RETRY_MS, LONGEST_TURN_MS, notBeyond, tickOffsetMs } from '../core/schedule.ts';
import { DAY } from '../core/time.ts';
import type { PassResult } from '../pass/pass.ts';

/** How far back a missed tick is looked for, and how far ahead the next one. */
const CRON_HORIZON_MS = 400 * DAY;
/** Whatever a pass asks for, the next one leaves a moment between. */
const SOONEST_MS = 1_000;
const LEASE_RETRY_MS = 60_000;

interface Due {
  trigger: Trigger;
  atMonotonic: number | undefined;
  retryAt: number | null;
  windowAt: number | undefined;
}

export class Agenda {
  private readonly clock: Clock;
  private readonly due = new Map<string, Due>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Forgets what passes asked for. */
  clear(): void {
    this.due.clear();
  }

  /** Every target is due now. */
  everything(targets: readonly Target[], trigger: Trigger): void {
    for (const target of targets) {
      const due = this.of(target);
      due.atMonotonic = this.clock.monotonic();
      due.trigger = trigger;
    }
  }

  /** A tick of the schedule: every target is due after its offset, but for those that wait for a retry. */
  tick(targets: readonly Target[], cron: CronExpression, tick: number): void {
    const now = this.clock.now();
    for (const target of targets) {
      const due = this.of(target);
      if (due.retryAt !== null && notBeyond(due.retryAt, now, LONGEST_RETRY_MS) > now) continue;
      due.atMonotonic ??= this.clock.monotonic() + tickOffset(cron, target.envId, tick);
      due.trigger = 'schedule';
    }
  }

  /** Its pass begins: nothing is due until that has ended. Returns what made it due. */
  begin(target: Target): Trigger {
    const { trigger } = this.of(target);
    this.due.set(target.key, { trigger: 'schedule', atMonotonic: undefined, retryAt: null, windowAt: undefined });
    return trigger;
  }

  /** Takes note of when a pass wants the next one. */
  note(target: Target, { state, waitsFor }: PassResult): void {
    const due = this.of(target);
    const now = this.clock.now();
    const retryAt = waitsFor?.code === 'ERR_LEASE_HELD' ? now + LEASE_RETRY_MS : state.retry.nextAttemptAt;
    due.retryAt = retryAt === null ? null : Math.max(retryAt, now + SOONEST_MS);
    if (due.retryAt !== null) due.trigger = 'retry';
    const { window, renewBeforeMs } = target.policy;
    const held = state.state === 'due' && waitsFor === null;
    due.windowAt = held ? window?.nextOpening(now, renewBeforeMs) : undefined;
  }

  isDue(target: Target): boolean {
    const { atMonotonic, retryAt, windowAt } = this.of(target);
    if (atMonotonic !== undefined && atMonotonic <= this.clock.monotonic()) return true;
    const now = this.clock.now();
    if (retryAt !== null && notBeyond(retryAt, now, LONGEST_RETRY_MS) <= now) return true;
    return windowAt !== undefined && windowAt <= now;
  }

  /** How long none of these targets is due, in ms; at most until the loop must turn anyway. */
  quietMs(targets: readonly Target[]): number {
    const [now, monotonic] = [this.clock.now(), this.clock.monotonic()];
    let quiet = LONGEST_TURN_MS;
    for (const target of targets) {
      const { atMonotonic, retryAt, windowAt } = this.of(target);
      if (atMonotonic !== undefined) quiet = Math.min(quiet, atMonotonic - monotonic);
      if (retryAt !== null) quiet = Math.min(quiet, retryAt - now);
      if (windowAt !== undefined) quiet = Math.min(quiet, windowAt - now);
    }
    return Math.max(0, quiet);
  }

  private of({ key }: Target): Due {
    const known = this.due.get(key);
    if (known !== undefined) return known;
    const due: Due = { trigger: 'start', atMonotonic: undefined, retryAt: null, windowAt: undefined };
    this.due.set(key, due);
    return due;
  }
}

/** The last tick at or before `now`; 0 if there was none. */
export function latestTick(cron: CronExpression, now: number): number {
  return cron.previousStart(now, CRON_HORIZON_MS) ?? 0;
}

/** The next tick after `now`. */
export function tickAfter(cron: CronExpression, now: number): number | undefined {
  return cron.nextStart(now + 1, CRON_HORIZON_MS);
}

/** A target's steady offset after a tick, in ms. */
export function tickOffset(cron: CronExpression, envId: string, tick: number): number {
  const next = cron.nextStart(tick + 1_000, CRON_HORIZON_MS);
  return tickOffsetMs(envId, next === undefined ? 0 : next - tick);
}

/** How far the ticks around `now` lie apart, in ms. */
export function tickPeriod(cron: CronExpression, now: number): number | undefined {
  const [last, next] = [cron.previousStart(now, CRON_HORIZON_MS), tickAfter(cron, now)];
  return last === undefined || next === undefined ? undefined : next - last;
}
