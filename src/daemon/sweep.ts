// A sweep: passes over several targets at once, those that expire soonest first. Each goes at the pace of its lane, so
// that one lane's trouble never delays another's targets.
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Clock, Target } from '../core/ports.ts';
import { emptyTargetState } from '../core/records.ts';
import { giveWay } from '../net/event-loop.ts';
import { type Examined, type ExamineOptions, examine } from '../pass/examine.ts';
import { type PassRequest, type PassResult, type PassTools, runPass } from '../pass/pass.ts';
import { type Preview, previewPass } from '../pass/preview.ts';
import { deployedFields, viewOf } from '../pass/report.ts';
import { type Lane, Lanes } from './lanes.ts';

/** A target with the adapters that its configuration names. */
export interface WiredTarget {
  readonly target: Target;
  readonly tools: Omit<PassTools, keyof SweepTools | 'lane'>;
  /** How many looks its lane carries at a time. */
  readonly laneWidth: number;
}

export function byKey<T extends WiredTarget>(wired: readonly T[]): ReadonlyMap<string, T> {
  return new Map(wired.map((each) => [each.target.key, each]));
}

/** What the passes of a process share. */
export type SweepTools = Pick<
  PassTools,
  'journal' | 'isDegraded' | 'standsBack' | 'nextTick' | 'startedAt' | 'crashedBefore'
>;

/** Wall clock and monotonic clock may drift apart by so much since the clock was compared: NTP slews by less in a day. */
const STEP_MS = 30_000;
/** The measured skew is kept in the journal when it has changed by this much, and after so many sweeps anyway. */
const KEPT_APART_MS = 1_000;
const KEPT_SWEEPS = 10;

export interface SweepItem {
  readonly wired: WiredTarget;
  readonly request: PassRequest;
}

/** Hears how a pass ended. */
export type OnResult = (target: Target, result: PassResult) => void;

export class Sweeper {
  private readonly tools: SweepTools;
  private readonly lanes = new Lanes();
  private measured:
    | { readonly skewMs: number; readonly at: number; readonly steady: number; readonly clock: Clock }
    | undefined;
  /** Since when the clock could have been compared. */
  private since: number;
  private kept: { readonly skewMs: number; uses: number } | undefined;

  constructor(tools: SweepTools) {
    this.tools = tools;
    this.since = tools.startedAt;
  }

  /**
   * Runs one pass on each item and calls `onResult` as each ends. Never rejects: a pass that threw (a journal that
   * cannot be written) has a failed result.
   */
  async sweep(items: readonly SweepItem[], onResult: OnResult): Promise<void> {
    const ordered = items.length > 1 ? await this.soonestFirst(items) : items;
    const byLane = Map.groupBy(ordered, ({ wired }) => this.laneOf(wired));
    await Promise.all([...byLane].map(([lane, own]) => this.sweepLane(lane, own, onResult)));
    await this.keepSkew();
  }

  /** Begins a pass whenever the lane has room, so that what waits costs nothing. */
  private async sweepLane(lane: Lane, items: readonly SweepItem[], onResult: OnResult): Promise<void> {
    const passes = new Set<Promise<void>>();
    for (const item of items) {
      await lane.room(item.request.drop);
      await giveWay();
      const pass = this.passOf(item, onResult).finally(() => passes.delete(pass));
      passes.add(pass);
    }
    await Promise.all(passes);
  }

  private async passOf(item: SweepItem, onResult: OnResult): Promise<void> {
    const { target, tools } = item.wired;
    const { clock } = tools;
    const result = await this.pass(item);
    if (result.skewMs !== undefined)
      this.measured = { skewMs: result.skewMs, at: clock.now(), steady: clock.monotonic(), clock };
    onResult(target, result);
  }

  /**
   * Our clock less CloudBase's, in ms, as a pass measured it last; undefined: none did, or the clock was set or the
   * machine slept since, so that it has to be compared again.
   */
  get skewMs(): number | undefined {
    if (this.measured === undefined) return undefined;
    const { skewMs, at, steady, clock } = this.measured;
    const now = clock.now();
    if (Math.abs(now - at - (clock.monotonic() - steady)) <= STEP_MS) return skewMs;
    [this.measured, this.since] = [undefined, now];
    return undefined;
  }

  /** By which logins are judged at `now`. */
  judgeClock(now: number): JudgeClock {
    return { now, skewMs: this.skewMs, since: this.since };
  }

  /** For commands that read the journal alone. */
  private async keepSkew(): Promise<void> {
    const { skewMs, kept, measured } = this;
    if (
      skewMs === undefined ||
      measured === undefined ||
      (kept !== undefined && Math.abs(kept.skewMs - skewMs) < KEPT_APART_MS && kept.uses < KEPT_SWEEPS)
    ) {
      if (kept !== undefined) kept.uses += 1;
      return;
    }
    this.kept = { skewMs, uses: 0 };
    const { at } = measured;
    await this.tools.journal.updateFleet((fleet) => ({ ...fleet, skew: { skewMs, at } })).catch(() => undefined);
  }

  /** What a pass would do now; nothing is written. */
  preview({ wired, request }: SweepItem): Promise<Preview> {
    const tools = this.toolsFor(wired);
    return tools.lane.look(request.drop, () => previewPass(wired.target, request, tools));
  }

  /** Tries what a pass would work with; nothing is written. */
  examine(wired: WiredTarget, options: ExamineOptions): Promise<Examined> {
    const tools = this.toolsFor(wired);
    return tools.lane.look(options.request.drop, () => examine(wired.target, options, tools));
  }

  private laneOf({ tools, laneWidth }: WiredTarget): Lane {
    return this.lanes.lane(tools.provider.lane, laneWidth, { ...tools, ...this.tools });
  }

  private toolsFor(wired: WiredTarget): PassTools {
    return { ...wired.tools, ...this.tools, lane: this.laneOf(wired) };
  }

  private async pass({ wired, request }: SweepItem): Promise<PassResult> {
    const { target, tools } = wired;
    try {
      return await runPass(target, request, this.toolsFor(wired));
    } catch (thrown) {
      const error = asRotatorError(thrown);
      tools.emit(passBrokeOff(target, error));
      return failed(target, error);
    }
  }

  private async soonestFirst(items: readonly SweepItem[]): Promise<SweepItem[]> {
    const expiries = await this.tools.journal.expiries().catch(() => new Map<string, number>());
    const expiry = ({ wired: { target } }: SweepItem) => expiries.get(target.key) ?? 0;
    return [...items].sort((a, b) => expiry(a) - expiry(b));
  }
}

function passBrokeOff({ name, envId }: Target, error: RotatorError): RotatorEvent<'pass.failed'> {
  const nothing = { rotationId: null, durationMs: null, nextCheckAt: null };
  return { event: 'pass.failed', target: name, envId, error, ...nothing, ...deployedFields(null) };
}

function failed(target: Target, error: RotatorError): PassResult {
  const state = { ...emptyTargetState(target, target.name), state: 'failed' as const, error: viewOf(error) };
  return { state, outcome: null, waitsFor: null, wakeAt: null, skewMs: undefined };
}
