// When passes run. node-cron gives the ordinary ticks and is not trusted beyond that: a watchdog on the monotonic
// clock, at most a minute apart, sees ticks that were missed and wall clocks that stepped, and checks what is due.
// One target's trouble never delays another's: sweeps run side by side, each target at most once.
import { RotatorError } from './core/errors.ts';
import type { Trigger } from './core/reasons.ts';
import { LONGEST_RETRY_MS, notBeyond, tickOffsetMs } from './core/schedule.ts';
import type { CronExpression } from './cron.ts';
import type { EventSink } from './events.ts';
import { iso } from './pass/report.ts';
import type { PassResult } from './pass.ts';
import type { Clock, Target } from './ports.ts';
import type { Sweeper, WiredTarget } from './sweep.ts';

/** Ordinary ticks; main.ts makes them with node-cron. */
export interface Ticks {
  stop(): void;
}

/** What a configuration gives the daemon; exchanged as a whole on reload. */
export interface Plan {
  readonly targets: readonly WiredTarget[];
  readonly cron: CronExpression;
  readonly startTicks: (onTick: () => void) => Ticks;
}

export interface DaemonTools {
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly sweeper: Sweeper;
}

/** The watchdog's longest sleep. */
const WATCH_MS = 60_000;
/** The wall clock and the monotonic one may drift apart by so much between two looks; more is a step. */
const STEP_MS = 5_000;
const SOONEST_MS = 1_000;
/** A pass that has recorded its intent may go on for so long after a stop. */
const GRACE_MS = 25_000;
/** How far back a missed tick is looked for, and how far ahead the next one. */
const CRON_HORIZON_MS = 400 * 86_400_000;

/** Why and when a target is due: on the monotonic clock after a tick, on the wall clock for stored instants. */
interface Due {
  trigger: Trigger;
  atMonotonic: number | undefined;
  retryAt: number | null;
  windowAt: number | undefined;
}

export class Daemon {
  private readonly tools: DaemonTools;
  private plan: Plan;
  private ticks: Ticks | undefined;
  private readonly due = new Map<string, Due>();
  private readonly inFlight = new Set<string>();
  private readonly sweeps = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly cutOff = new AbortController();
  private wake = new AbortController();
  private lastTick = 0;
  private lastWall = 0;
  private lastMonotonic = 0;

  constructor(plan: Plan, tools: DaemonTools) {
    this.plan = plan;
    this.tools = tools;
  }

  /** Runs until `stop` has done its work. Everything is checked at the start. */
  async run(): Promise<void> {
    const { clock } = this.tools;
    this.begin('start');
    while (!this.stopping.signal.aborted) {
      const sleep = this.turn();
      // A fresh controller before the sleep: whatever calls rouse() from here on ends it.
      this.wake = new AbortController();
      if (this.stopping.signal.aborted) break;
      await clock.sleep(sleep, this.wake.signal).catch(() => undefined);
    }
    this.ticks?.stop();
    await this.settled();
  }

  /** No new pass; a pass without an intent is dropped, one with it has 25 s. `run` resolves when they have ended. */
  stop(): void {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort(new Error('stopping'));
    const { clock } = this.tools;
    void clock.sleep(GRACE_MS, this.cutOff.signal).then(
      () => this.cutOff.abort(new Error('stopped')),
      () => undefined,
    );
    this.rouse();
  }

  /** True from `stop` on. */
  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Goes on with another configuration; everything is checked at once. After a stop it does nothing. */
  reload(plan: Plan): void {
    if (this.isStopping) return;
    this.plan = plan;
    this.due.clear();
    this.begin('start');
    this.rouse();
  }

  /** When a target is checked next, if its retry comes at `retryAt`. */
  nextCheckAt(target: Target, retryAt: number | null): number | undefined {
    if (retryAt !== null) return retryAt;
    const now = this.tools.clock.now();
    const tick = this.plan.cron.nextStart(now + 1, CRON_HORIZON_MS);
    if (tick === undefined) return undefined;
    return tick + this.offset(target.envId, tick);
  }

  private begin(trigger: Trigger): void {
    const { clock } = this.tools;
    this.ticks?.stop();
    this.ticks = this.plan.startTicks(() => this.rouse());
    [this.lastWall, this.lastMonotonic] = [clock.now(), clock.monotonic()];
    this.lastTick = this.latestTick();
    this.everythingDue(trigger);
  }

  /** One look at the clocks; starts what is due, and says how long nothing will be. */
  private turn(): number {
    this.watchClock();
    const tick = this.latestTick();
    if (tick > this.lastTick) this.onTick(tick);
    this.startDue();
    return this.sleepMs();
  }

  private watchClock(): void {
    const { clock, emit } = this.tools;
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    const step = wall - this.lastWall - (monotonic - this.lastMonotonic);
    [this.lastWall, this.lastMonotonic] = [wall, monotonic];
    if (Math.abs(step) <= STEP_MS) return;
    const error = new RotatorError('ERR_CLOCK_SKEWED', `the wall clock stepped by ${Math.round(step / 1000)} s`, {
      hint: 'Nothing to do if the clock was just set right; everything is checked now.',
    });
    emit({ event: 'warning', message: error.message, code: error.code, hint: error.hint });
    this.begin('schedule');
  }

  private onTick(tick: number): void {
    this.lastTick = tick;
    const { clock } = this.tools;
    for (const { target } of this.plan.targets) {
      const due = this.dueOf(target);
      // A target that waits for its retry is passed by.
      if (due.retryAt !== null && notBeyond(due.retryAt, clock.now(), LONGEST_RETRY_MS) > clock.now()) continue;
      due.atMonotonic ??= clock.monotonic() + this.offset(target.envId, tick);
      due.trigger = 'schedule';
    }
  }

  private everythingDue(trigger: Trigger): void {
    for (const { target } of this.plan.targets) {
      const due = this.dueOf(target);
      due.atMonotonic = this.tools.clock.monotonic();
      due.trigger = trigger;
    }
  }

  private startDue(): void {
    if (this.stopping.signal.aborted) return;
    const ready = this.plan.targets.filter(({ target }) => !this.inFlight.has(target.key) && this.isDue(target));
    if (ready.length === 0) return;
    const items = ready.map((wired) => ({ wired, request: this.requestFor(this.dueOf(wired.target)) }));
    for (const { target } of ready) {
      this.inFlight.add(target.key);
      this.due.set(target.key, { trigger: 'schedule', atMonotonic: undefined, retryAt: null, windowAt: undefined });
    }
    const sweep = this.tools.sweeper
      .sweep(items, (key, result) => this.onResult(key, result))
      .then(() => undefined)
      .finally(() => {
        for (const { target } of ready) this.inFlight.delete(target.key);
        this.sweeps.delete(sweep);
        this.rouse();
      });
    this.sweeps.add(sweep);
  }

  private requestFor({ trigger }: Due) {
    return {
      trigger,
      requestedBy: null,
      force: false,
      adopt: false,
      waiveAppleCheck: false,
      leaseWaitMs: 0,
      drop: this.stopping.signal,
      cutOff: this.cutOff.signal,
    };
  }

  private onResult(key: string, { state, waitsFor }: PassResult): void {
    this.inFlight.delete(key);
    this.rouse();
    const wired = this.plan.targets.find(({ target }) => target.key === key);
    if (wired === undefined) return;
    const due = this.dueOf(wired.target);
    const now = this.tools.clock.now();
    const retryAt = waitsFor?.code === 'ERR_LEASE_HELD' ? now + WATCH_MS : state.retry.nextAttemptAt;
    // Whatever a pass asks for, the next one leaves a moment between.
    due.retryAt = retryAt === null ? null : Math.max(retryAt, now + SOONEST_MS);
    if (due.retryAt !== null) due.trigger = 'retry';
    due.windowAt = state.state === 'due' && waitsFor === null ? this.windowAfter(wired.target) : undefined;
  }

  private windowAfter({ policy }: Target): number | undefined {
    return policy.window?.nextOpening(this.tools.clock.now(), policy.renewBeforeMs);
  }

  private isDue(target: Target): boolean {
    const { clock } = this.tools;
    const { atMonotonic, retryAt, windowAt } = this.dueOf(target);
    if (atMonotonic !== undefined && atMonotonic <= clock.monotonic()) return true;
    const now = clock.now();
    if (retryAt !== null && notBeyond(retryAt, now, LONGEST_RETRY_MS) <= now) return true;
    return windowAt !== undefined && windowAt <= now;
  }

  private sleepMs(): number {
    const { clock } = this.tools;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    let sleep = WATCH_MS;
    for (const { target } of this.plan.targets) {
      if (this.inFlight.has(target.key)) continue;
      const { atMonotonic, retryAt, windowAt } = this.dueOf(target);
      if (atMonotonic !== undefined) sleep = Math.min(sleep, atMonotonic - monotonic);
      if (retryAt !== null) sleep = Math.min(sleep, retryAt - now);
      if (windowAt !== undefined) sleep = Math.min(sleep, windowAt - now);
    }
    return Math.max(0, sleep);
  }

  private dueOf({ key }: Target): Due {
    const known = this.due.get(key);
    if (known !== undefined) return known;
    const due: Due = { trigger: 'start', atMonotonic: undefined, retryAt: null, windowAt: undefined };
    this.due.set(key, due);
    return due;
  }

  private latestTick(): number {
    return this.plan.cron.previousStart(this.tools.clock.now(), CRON_HORIZON_MS) ?? 0;
  }

  private offset(envId: string, tick: number): number {
    const next = this.plan.cron.nextStart(tick + 1_000, CRON_HORIZON_MS);
    return tickOffsetMs(envId, next === undefined ? 0 : next - tick);
  }

  private rouse(): void {
    this.wake.abort(new Error('roused'));
  }

  private async settled(): Promise<void> {
    while (this.sweeps.size > 0) await Promise.all(this.sweeps);
    this.cutOff.abort(new Error('stopped'));
  }
}

/** For the log: the next tick of a plan. */
export function nextTick(plan: Plan, now: number): string | undefined {
  const next = plan.cron.nextStart(now + 1, CRON_HORIZON_MS);
  return next === undefined ? undefined : iso(next);
}
