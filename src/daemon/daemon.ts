// When passes run. node-cron gives the ordinary ticks and is not trusted beyond that: a watchdog on the monotonic
// clock, at most a minute apart, sees ticks that were missed and wall clocks that stepped, and checks what is due.
// One target's trouble never delays another's: sweeps run side by side, each target at most once.

import type { CronExpression } from '../core/cron.ts';
import { asRotatorError, errorView, RotatorError, type StoredError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Clock, Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import { stallLimitMs } from '../core/schedule.ts';
import type { PassRequest, PassResult } from '../pass/pass.ts';
import { Agenda, latestTick, tickAfter, tickOffset, tickPeriod } from './agenda.ts';
import { type RequestAnswer, type RotationRequest, RotationRequests } from './rotation-requests.ts';
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

/** The wall clock and the monotonic one may drift apart by so much between two looks; more is a step. */
const STEP_MS = 5_000;
/** A pass that has recorded its intent may go on for so long after a stop. */
const GRACE_MS = 25_000;
/** A check by another process is over in about a second; what takes longer is a rotation, and has its row. */
const REQUEST_LEASE_WAIT_MS = 5_000;

/** Whether the scheduler's loop turns. */
export interface DaemonHealth {
  /** False when it has not turned for three ticks or 3 h, whichever is sooner. */
  readonly alive: boolean;
  /** How long ago it last turned, in ms on the monotonic clock. */
  readonly lastTurnMs: number;
}

/** A pass that has begun and not ended. */
interface Running {
  readonly request: RotationRequest | undefined;
  /** Once its row is journalled. */
  rowId: string | undefined;
}

export class Daemon {
  private readonly tools: DaemonTools;
  private plan: Plan;
  private ticks: Ticks | undefined;
  private readonly agenda: Agenda;
  private readonly inFlight = new Map<string, Running>();
  private readonly requests = new RotationRequests();
  /** Targets of which a pass has ended since the start, whatever came of it. */
  private readonly tried = new Set<string>();
  private readonly sweeps = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly cutOff = new AbortController();
  private wake = new AbortController();
  private lastTick = 0;
  private lastWall = 0;
  private lastMonotonic = 0;
  private lastTurn: number;
  private stallLimit: number;

  constructor(plan: Plan, tools: DaemonTools) {
    this.plan = plan;
    this.tools = tools;
    this.agenda = new Agenda(tools.clock);
    this.lastTurn = tools.clock.monotonic();
    this.stallLimit = this.presentStallLimit();
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
    this.requests.refuseOthers(new Set(), stoppingError());
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
    this.agenda.clear();
    this.requests.refuseOthers(new Set(plan.targets.map(({ target }) => target.key)), goneError());
    this.begin('start');
    this.rouse();
  }

  /**
   * Has a target rotated now, whatever is left of its secret. Answers as soon as a row is journalled, which takes as
   * long as the target's lane is busy. A request that its pass could not begin is answered too; it never rejects.
   */
  async requestRotation(key: string, requestedBy: string): Promise<RequestAnswer> {
    if (this.isStopping) return { kind: 'refused', error: stoppingError() };
    if (!this.plan.targets.some(({ target }) => target.key === key)) return { kind: 'refused', error: goneError() };
    const running = this.runningRotation(key);
    if (running !== undefined) return { kind: 'running', id: running };
    const answer = this.requests.ask(key, requestedBy);
    this.rouse();
    return answer;
  }

  /** The id of the row of a pass that this daemon has begun and not ended. */
  runningRotation(key: string): string | undefined {
    return this.inFlight.get(key)?.rowId;
  }

  /** Whether the scheduler's loop turns. */
  health(): DaemonHealth {
    const lastTurnMs = Math.round(this.tools.clock.monotonic() - this.lastTurn);
    return { alive: lastTurnMs <= this.stallLimit, lastTurnMs };
  }

  /** Targets of which no pass has ended since the start; a reload may add some. */
  untried(): readonly Target[] {
    return this.targets.filter(({ key }) => !this.tried.has(key));
  }

  /** When a target is checked next, if its retry comes at `retryAt`. */
  nextCheckAt(target: Target, retryAt: number | null): number | undefined {
    if (retryAt !== null) return retryAt;
    const now = this.tools.clock.now();
    const { cron } = this.plan;
    const tick = tickAfter(cron, now);
    return tick === undefined ? undefined : tick + tickOffset(cron, target.envId, tick);
  }

  private begin(trigger: Trigger): void {
    const { clock } = this.tools;
    this.ticks?.stop();
    this.ticks = this.plan.startTicks(() => this.rouse());
    [this.lastWall, this.lastMonotonic] = [clock.now(), clock.monotonic()];
    this.lastTick = latestTick(this.plan.cron, clock.now());
    this.agenda.everything(this.targets, trigger);
  }

  /** One look at the clocks; starts what is due, and says how long nothing will be. */
  private turn(): number {
    this.lastTurn = this.tools.clock.monotonic();
    this.watchClock();
    this.stallLimit = this.presentStallLimit();
    const tick = latestTick(this.plan.cron, this.tools.clock.now());
    if (tick > this.lastTick) this.agenda.tick(this.targets, this.plan.cron, tick);
    this.lastTick = Math.max(this.lastTick, tick);
    this.startDue();
    return this.agenda.quietMs(this.targets.filter(({ key }) => !this.inFlight.has(key)));
  }

  private get targets(): readonly Target[] {
    return this.plan.targets.map(({ target }) => target);
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
    emit({ event: 'warning', error });
    this.begin('schedule');
  }

  private startDue(): void {
    if (this.stopping.signal.aborted) return;
    const ready = this.plan.targets.filter(({ target }) => !this.inFlight.has(target.key) && this.isDue(target));
    if (ready.length === 0) return;
    const asked = ready.filter(({ target }) => this.requests.waits(target.key));
    // A request does not wait for what a large sweep waits for.
    for (const wired of asked) this.sweep([wired]);
    this.sweep(ready.filter((wired) => !asked.includes(wired)));
  }

  private sweep(ready: readonly WiredTarget[]): void {
    if (ready.length === 0) return;
    const items = ready.map((wired) => {
      const { key } = wired.target;
      const running: Running = { request: this.requests.begin(key), rowId: undefined };
      this.inFlight.set(key, running);
      const request = this.requestFor(key, this.agenda.begin(wired.target), running);
      return { wired, request, key, running };
    });
    const runningOf = new Map(items.map(({ key, running }) => [key, running]));
    const sweep = this.tools.sweeper
      .sweep(items, (key, result) => this.onResult(key, result, runningOf.get(key)))
      .then(() => undefined)
      .finally(() => {
        for (const { key, running } of items) this.endRunning(key, running);
        this.sweeps.delete(sweep);
        this.rouse();
      });
    this.sweeps.add(sweep);
  }

  private requestFor(key: string, trigger: Trigger, running: Running): PassRequest {
    const { request } = running;
    return {
      trigger: request === undefined ? trigger : 'http',
      requestedBy: request?.requestedBy ?? null,
      force: request !== undefined,
      adopt: false,
      waiveAppleCheck: false,
      leaseWaitMs: request === undefined ? 0 : REQUEST_LEASE_WAIT_MS,
      drop: this.stopping.signal,
      cutOff: this.cutOff.signal,
      onRow: (id) => {
        running.rowId = id;
        request?.resolve({ kind: 'started', id });
        this.requests.answerWaiting(key, { kind: 'running', id });
      },
    };
  }

  /** A sweep may run a pass again after its result; by then another one of the target may be running. */
  private endRunning(key: string, running: Running | undefined): void {
    if (running === undefined) return;
    if (this.inFlight.get(key) === running) this.inFlight.delete(key);
    // Only if no row was opened is this the first answer.
    running.request?.resolve({ kind: 'refused', error: unexplainedError() });
  }

  private onResult(key: string, result: PassResult, running: Running | undefined): void {
    const { state, waitsFor } = result;
    if (state.error !== null) running?.request?.resolve({ kind: 'refused', error: waitsFor ?? errorOf(state.error) });
    this.endRunning(key, running);
    this.tried.add(key);
    this.rouse();
    const target = this.targets.find((each) => each.key === key);
    if (target !== undefined) this.agenda.note(target, result);
  }

  private isDue(target: Target): boolean {
    return this.requests.waits(target.key) || this.agenda.isDue(target);
  }

  private presentStallLimit(): number {
    return stallLimitMs(tickPeriod(this.plan.cron, this.tools.clock.now()));
  }

  private rouse(): void {
    this.wake.abort(new Error('roused'));
  }

  private async settled(): Promise<void> {
    while (this.sweeps.size > 0) await Promise.all(this.sweeps);
    this.cutOff.abort(new Error('stopped'));
  }
}

function stoppingError(): RotatorError {
  return new RotatorError('ERR_INTERRUPTED', 'the program is being stopped, so no rotation begins', {
    hint: 'Ask again when it runs again.',
  });
}

function goneError(): RotatorError {
  return new RotatorError('ERR_USAGE', 'the target is not in the configuration any more', {
    hint: 'Ask for a target that is configured.',
  });
}

function errorOf(error: StoredError): RotatorError {
  const { code, message, hint } = errorView(error);
  return new RotatorError(code, message, { hint });
}

function unexplainedError(): RotatorError {
  return asRotatorError(new Error('the pass ended without a row'));
}

/** The next tick of a plan after `now`; both in ms. */
export function nextTick(plan: Plan, now: number): number | undefined {
  return tickAfter(plan.cron, now);
}
