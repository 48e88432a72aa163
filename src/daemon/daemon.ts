// When passes run. The loop sleeps until the next tick or until something is due, and turns at least once a minute on
// the monotonic clock, so that it sees ticks that it missed and a wall clock that stepped. Sweeps run side by side,
// each target at most once: one target's trouble never delays another's.

import type { CronExpression } from '../core/cron.ts';
import { asRotatorError, type ErrorCode, RotatorError, type StoredError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Clock, Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import type { TargetState } from '../core/records.ts';
import { LONGEST_TURN_MS, stallLimitMs } from '../core/schedule.ts';
import { DAY } from '../core/time.ts';
import type { PassRequest, PassResult } from '../pass/pass.ts';
import { Agenda } from './agenda.ts';
import { type RequestAnswer, RotationRequests } from './rotation-requests.ts';
import type { Sweeper, WiredTarget } from './sweep.ts';

/** What a configuration gives the daemon; exchanged as a whole on reload. */
export interface Plan {
  /** By key. */
  readonly targets: ReadonlyMap<string, WiredTarget>;
  readonly cron: CronExpression;
}

export interface DaemonTools {
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly sweeper: Sweeper;
  /** Is called when a sweep has ended. Must not throw. */
  readonly onSwept: () => void;
  /** Undefined: no other replica shares the journal, so every pass is made here. */
  readonly seat?: Seat | undefined;
}

/** The place of a daemon among the replicas of its journal. */
export interface Seat {
  /**
   * `leads`: it decides when passes run, and any replica makes them. `follows`: it makes what it is given, and what it is
   * asked for over HTTP. `alone`: the journal cannot be reached, so it decides for itself and makes every pass itself.
   */
  readonly role: 'leads' | 'follows' | 'alone';
  /** Has some replica make a pass of each. Must not throw. */
  handOut(targets: readonly WiredTarget[], triggerOf: (key: string) => Trigger): void;
}

/** Passes that begin so soon one after another, each for itself, may all find the same trouble. */
const MOMENT_MS = 10_000;
/** How far ahead a tick is looked for: a schedule of leap days alone is refused long before. */
const CRON_HORIZON_MS = 400 * DAY;
/**
 * Wall clock and monotonic clock may drift apart by so much between two turns. With less, the slewing of NTP would
 * count as a step and have everything checked; with more, a step that moves a tick or an expiry could go unnoticed.
 */
const STEP_MS = 5_000;
/**
 * How long a pass that has recorded its intent may go on after a stop. Shorter, and a slow write is cut off before its
 * read-back; longer, and a container's usual 30 s are over before alerts are flushed.
 */
const GRACE_MS = 25_000;
/** How long a request waits for another process. A check takes about a second; what takes longer has a row to answer with. */
const REQUEST_LEASE_WAIT_MS = 5_000;

/** How a pass is made that was given to this replica. */
export interface GivenPass {
  readonly leaseWaitMs: number;
  /** Is aborted when it was given to another replica: this one was taken for dead. */
  readonly lost: AbortSignal;
}

/** Ends of a pass that leave the target's state as it was. */
const UNRECORDED: ReadonlySet<ErrorCode | undefined> = new Set([
  'ERR_LEASE_HELD',
  'ERR_LEASE_LOST',
  'ERR_INTERRUPTED',
  'ERR_JOURNAL_UNWRITABLE',
]);

/** Whether the scheduler's loop turns. */
export interface DaemonHealth {
  /** False when it has not turned for three ticks or 3 h, whichever is sooner. */
  readonly alive: boolean;
  /** How long ago it last turned, in ms on the monotonic clock. */
  readonly lastTurnMs: number;
}

export class Daemon {
  private readonly tools: DaemonTools;
  private cron: CronExpression;
  /** By key. */
  private targets: ReadonlyMap<string, WiredTarget>;
  private readonly agenda = new Agenda();
  private readonly requests = new RotationRequests();
  /** Targets of which no pass has ended since the start, well or not. */
  private readonly untriedKeys: Set<string>;
  /** What passes are asked for that nobody has asked for. */
  private readonly scheduled = new Map<Trigger, PassRequest>();
  private readonly sweeps = new Set<Promise<void>>();
  private unfinished = 0;
  private readonly stopping = new AbortController();
  private readonly cutOff = new AbortController();
  private wake = new AbortController();
  private comingTick: number | undefined;
  private lastWall = 0;
  private lastMonotonic: number;

  constructor(plan: Plan, tools: DaemonTools) {
    this.cron = plan.cron;
    this.targets = plan.targets;
    this.untriedKeys = new Set(this.targets.keys());
    this.tools = tools;
    this.lastMonotonic = tools.clock.monotonic();
  }

  /** Runs until `stop` has done its work. Everything is checked at the start. */
  async run(): Promise<void> {
    this.begin('start');
    for (;;) {
      const sleep = this.turn();
      // A fresh controller before the sleep: every rouse() from here on ends it.
      this.wake = new AbortController();
      if (this.isStopping) break;
      await this.tools.clock.sleep(sleep, this.wake.signal).catch(() => undefined);
    }
    while (this.sweeps.size > 0) await Promise.all(this.sweeps);
    this.cutOff.abort(new Error('stopped'));
  }

  /** No new pass; a pass without an intent is dropped, one with it has 25 s. `run` resolves when they have ended. */
  stop(): void {
    if (this.isStopping) return;
    this.stopping.abort(new Error('stopping'));
    this.requests.refuseOthers(new Set(), stoppingError());
    void this.tools.clock.sleep(GRACE_MS, this.cutOff.signal).then(
      () => this.cutOff.abort(new Error('stopped')),
      () => undefined,
    );
    this.rouse();
  }

  /** True from `stop` on. */
  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Passes are under way, or due in a moment. */
  get isSweeping(): boolean {
    return !this.isStopping && (this.sweeps.size > 0 || this.agenda.next() <= this.tools.clock.now() + MOMENT_MS);
  }

  /** How many passes of this process are under way, or wait for their lane. */
  get passes(): number {
    return this.unfinished;
  }

  /** Goes on with another configuration; everything is checked at once. After a stop it does nothing. */
  reload(plan: Plan): void {
    if (this.isStopping) return;
    const before = this.targets;
    this.cron = plan.cron;
    this.targets = plan.targets;
    for (const key of this.targets.keys()) if (!before.has(key)) this.untriedKeys.add(key);
    for (const key of this.untriedKeys) if (!this.targets.has(key)) this.untriedKeys.delete(key);
    this.requests.refuseOthers(this.targets, goneError());
    this.begin('start');
    this.rouse();
  }

  /** Everything is checked at once: what is known of it may be old. After a stop it does nothing. */
  checkAll(): void {
    if (this.isStopping) return;
    this.agenda.everything(this.targets.keys(), 'schedule');
    this.rouse();
  }

  /**
   * Has a target rotated now, however much is left of its secret. Answers as soon as a row is journalled, which takes
   * as long as the target's lane is busy. A request whose pass could not begin is refused; it never rejects.
   */
  async requestRotation(key: string, requestedBy: string): Promise<RequestAnswer> {
    if (this.isStopping) return { kind: 'refused', error: stoppingError() };
    if (!this.targets.has(key)) return { kind: 'refused', error: goneError() };
    const answer = this.requests.ask(key, requestedBy);
    this.rouse();
    return answer;
  }

  /** The id of the row of a pass that this daemon has begun and not ended. */
  runningRotation(key: string): string | undefined {
    return this.requests.runningRow(key);
  }

  /** Whether the scheduler's loop turns. */
  health(): DaemonHealth {
    const { clock } = this.tools;
    const now = clock.now();
    const [last, next] = [this.cron.previousStart(now, CRON_HORIZON_MS), this.nextTick()];
    const lastTurnMs = Math.round(clock.monotonic() - this.lastMonotonic);
    const period = last === undefined || next === undefined ? undefined : next - last;
    return { alive: lastTurnMs <= stallLimitMs(period), lastTurnMs };
  }

  /** This replica now leads, or is alone: everything is due. */
  takeOver(): void {
    if (this.isStopping) return;
    this.begin('start');
    this.rouse();
  }

  /** The journal says that a pass of this target has ended, here or elsewhere. */
  heard(state: TargetState): void {
    const wired = this.targets.get(state.key);
    if (wired === undefined || this.requests.isRunning(state.key)) return;
    const { target, tools } = wired;
    const result = { state, outcome: null, waitsFor: null, wakeAt: state.wakeAt, skewMs: undefined };
    this.untriedKeys.delete(state.key);
    this.agenda.note(target, tools.provider.lane, result, this.tools.clock.now());
    this.rouse();
  }

  /** Nobody works on this target any more, and a rotation of it is open. */
  abandoned(key: string): void {
    if (this.requests.isRunning(key)) return;
    this.agenda.wake(key);
    this.rouse();
  }

  /** Makes a pass that was given to this replica. False: its end is in nobody's journal, so it has to be made again. */
  async make(key: string, trigger: Trigger, { leaseWaitMs, lost }: GivenPass): Promise<boolean> {
    const wired = this.targets.get(key);
    if (wired === undefined || this.isStopping) return false;
    // A pass that was asked for over HTTP is a check as well.
    if (this.requests.isRunning(key)) return true;
    const requestedBy = this.requests.begin(key);
    const request = this.request(requestedBy === null ? trigger : 'http', requestedBy);
    const drop = AbortSignal.any([request.drop, lost]);
    let isRecorded = false;
    this.unfinished += 1;
    const sweep = this.tools.sweeper.sweep([{ wired, request: { ...request, leaseWaitMs, drop } }], (_, result) => {
      this.unfinished -= 1;
      const { waitsFor, state } = result;
      this.requests.ended(key, () => waitsFor ?? errorOf(state.error));
      isRecorded = !UNRECORDED.has((waitsFor ?? state.error)?.code);
    });
    this.sweeps.add(sweep);
    await sweep;
    this.sweeps.delete(sweep);
    this.rouse();
    return isRecorded;
  }

  /** How many targets had no pass yet that has ended, since the start; a reload may add some. Replicas check for each other. */
  untried(): number {
    return this.tools.seat === undefined ? this.untriedKeys.size : 0;
  }

  /** The next tick after now. */
  nextTick(): number | undefined {
    return this.cron.nextStart(this.tools.clock.now() + 1, CRON_HORIZON_MS);
  }

  private begin(trigger: Trigger): void {
    const { clock } = this.tools;
    [this.lastWall, this.lastMonotonic] = [clock.now(), clock.monotonic()];
    this.comingTick = this.nextTick();
    this.agenda.everything(this.targets.keys(), trigger);
  }

  /** One look at the clocks; starts what is due, and returns for how many ms nothing will be. */
  private turn(): number {
    const { clock, seat } = this.tools;
    this.watchClock();
    const now = clock.now();
    this.startAsked();
    if (seat?.role === 'follows') return LONGEST_TURN_MS;
    if (this.comingTick !== undefined && this.comingTick <= now) {
      this.agenda.tick(now);
      this.comingTick = this.nextTick();
    }
    this.startDue(now);
    const next = Math.min(this.agenda.next(), this.comingTick ?? Number.POSITIVE_INFINITY);
    return Math.max(0, Math.min(LONGEST_TURN_MS, next - now));
  }

  private watchClock(): void {
    const { clock, emit } = this.tools;
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    const step = wall - this.lastWall - (monotonic - this.lastMonotonic);
    [this.lastWall, this.lastMonotonic] = [wall, monotonic];
    if (Math.abs(step) <= STEP_MS) return;
    emit({ event: 'warning', error: new RotatorError('ERR_CLOCK_SKEWED', { problem: 'stepped', stepMs: step }) });
    this.begin('schedule');
  }

  /** What somebody asked for is a sweep of its own, so that alerts about it do not wait for the end of a large one. */
  private startAsked(): void {
    if (this.isStopping) return;
    for (const key of this.requests.startable()) this.sweep(this.wired([key]));
  }

  private startDue(now: number): void {
    const { seat } = this.tools;
    const due = this.wired(this.agenda.due(now));
    if (this.isStopping || due.length === 0) return;
    if (seat?.role !== 'leads') {
      this.sweep(due);
      return;
    }
    const triggers = new Map(due.map(({ target }) => [target.key, this.agenda.begin(target, now)]));
    seat.handOut(due, (key) => triggers.get(key) ?? 'schedule');
  }

  private wired(keys: readonly string[]): WiredTarget[] {
    return keys.flatMap((key) => this.targets.get(key) ?? []);
  }

  private sweep(ready: readonly WiredTarget[]): void {
    if (ready.length === 0) return;
    this.unfinished += ready.length;
    const items = ready.map((wired) => ({ wired, request: this.requestFor(wired.target) }));
    const sweep = this.tools.sweeper
      .sweep(items, (target, result) => this.onResult(target, result))
      .then(() => {
        this.sweeps.delete(sweep);
        this.tools.onSwept();
      });
    this.sweeps.add(sweep);
  }

  private requestFor(target: Target): PassRequest {
    const { key } = target;
    const requestedBy = this.requests.begin(key);
    const trigger = this.agenda.begin(target, this.tools.clock.now());
    if (requestedBy !== null) return this.request('http', requestedBy);
    // Thousands of passes wait with the same one.
    const known = this.scheduled.get(trigger) ?? this.request(trigger, null);
    this.scheduled.set(trigger, known);
    return known;
  }

  private request(trigger: Trigger, requestedBy: string | null): PassRequest {
    return {
      trigger,
      requestedBy,
      force: requestedBy !== null,
      waiveAppleCheck: false,
      leaseWaitMs: requestedBy === null ? 0 : REQUEST_LEASE_WAIT_MS,
      drop: this.stopping.signal,
      cutOff: this.cutOff.signal,
      onRow: ({ targetKey, id }) => this.requests.opened(targetKey, id),
    };
  }

  private onResult(target: Target, result: PassResult): void {
    const { state, waitsFor } = result;
    this.unfinished -= 1;
    this.requests.ended(target.key, () => waitsFor ?? errorOf(state.error));
    this.untriedKeys.delete(target.key);
    const lane = this.targets.get(target.key)?.tools.provider.lane;
    if (lane !== undefined) this.agenda.note(target, lane, result, this.tools.clock.now());
    this.rouse();
  }

  private rouse(): void {
    this.wake.abort('roused');
  }
}

function stoppingError(): RotatorError {
  return new RotatorError('ERR_INTERRUPTED', { problem: 'no-new' });
}

function goneError(): RotatorError {
  return new RotatorError('ERR_USAGE', { problem: 'target-gone' });
}

function errorOf(error: StoredError | null): RotatorError {
  if (error === null) return asRotatorError(new Error('the pass ended without a row'));
  return RotatorError.of(error);
}
