// A sweep: passes over several targets at once. Those that expire soonest begin first; a lane (one rate limit)
// carries so few passes at a time that none waits long between its own reads and writes. A large sweep first looks
// at every target, so that it is known how many want rotation, before any rotates for a cause.
import pLimit, { type LimitFunction } from 'p-limit';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { Journal, Target } from '../core/ports.ts';
import { emptyTargetState } from '../core/records.ts';
import { type PassRequest, type PassResult, type PassTools, runPass } from '../pass/pass.ts';
import { deployedFields, viewOf } from '../pass/report.ts';
import type { Admissions } from './admission.ts';

/** A target with the adapters that its configuration names. */
export interface WiredTarget {
  readonly target: Target;
  readonly tools: Omit<PassTools, 'admit' | 'nextCheckAt' | 'journal'>;
  /** How many passes its lane carries at a time. */
  readonly laneWidth: number;
}

export interface SweepItem {
  readonly wired: WiredTarget;
  readonly request: PassRequest;
}

export interface SweepTools {
  readonly journal: Journal;
  readonly admissions: Admissions;
  readonly nextCheckAt: PassTools['nextCheckAt'];
  /** Hears how each pass ended. Must not throw. */
  readonly onPass?: (result: PassResult) => void;
}

/** Above so many targets a sweep counts before it rotates for a cause. */
const CENSUS_ABOVE = 3;

export type SweepResults = ReadonlyMap<string, PassResult>;

export class Sweeper {
  private readonly tools: SweepTools;
  private readonly lanes = new Map<string, LimitFunction>();

  constructor(tools: SweepTools) {
    this.tools = tools;
  }

  /**
   * Runs one pass on each item; `onResult` hears of each as it ends, and again of a target that had to wait for
   * another one's proof and then had its turn. Never rejects: a pass that threw (a journal that cannot be written)
   * has a failed result.
   */
  async sweep(items: readonly SweepItem[], onResult: (key: string, result: PassResult) => void): Promise<SweepResults> {
    const results = new Map<string, PassResult>();
    const note = (key: string, result: PassResult): void => {
      results.set(key, result);
      onResult(key, result);
    };
    const { admissions } = this.tools;
    const counted = items.length > CENSUS_ABOVE;
    if (counted) admissions.beginCensus();
    try {
      const ordered = await this.soonestFirst(items);
      await Promise.all(ordered.map(async (item) => note(item.wired.target.key, await this.inLane(item))));
    } finally {
      if (counted) admissions.endCensus();
    }
    if (counted) await this.afterCensus(items, note);
    return results;
  }

  /** Those that waited for the count have their turn: one goes first where many want, and then whom it lets follow. */
  private async afterCensus(
    items: readonly SweepItem[],
    note: (key: string, result: PassResult) => void,
  ): Promise<void> {
    const { admissions } = this.tools;
    const byKey = new Map(items.map((item) => [item.wired.target.key, item]));
    const turn = async (keys: readonly string[]) => {
      const due = keys.flatMap((key) => byKey.get(key) ?? []).filter(({ request }) => !request.drop.aborted);
      await Promise.all(due.map(async (item) => note(item.wired.target.key, await this.inLane(item))));
    };
    const waiting = admissions.waiting().filter((key) => byKey.has(key));
    if (!admissions.wantsFirst()) return turn(waiting);
    await turn(waiting.slice(0, 1));
    await turn(admissions.followers());
  }

  private inLane(item: SweepItem): Promise<PassResult> {
    const { tools, laneWidth } = item.wired;
    const { lane } = tools.provider;
    const slots = this.lanes.get(lane) ?? pLimit(laneWidth);
    this.lanes.set(lane, slots);
    return slots(() => this.pass(item));
  }

  private async pass({ wired: { target, tools }, request }: SweepItem): Promise<PassResult> {
    const { journal, admissions, nextCheckAt } = this.tools;
    let result: PassResult | undefined;
    try {
      result = await runPass(target, request, {
        ...tools,
        journal,
        nextCheckAt,
        admit: (want) => admissions.admit(want),
      });
    } catch (thrown) {
      const error = asRotatorError(thrown);
      result = failed(target, error);
      tools.emit(passBrokeOff(target, error));
    } finally {
      admissions.settle(target.key, result);
    }
    this.tools.onPass?.(result);
    return result;
  }

  private async soonestFirst(items: readonly SweepItem[]): Promise<SweepItem[]> {
    const states = await this.tools.journal.targets().catch(() => []);
    const expiry = new Map(states.map(({ key, deployed }) => [key, deployed?.expiresAt ?? 0]));
    return [...items].sort((a, b) => (expiry.get(a.wired.target.key) ?? 0) - (expiry.get(b.wired.target.key) ?? 0));
  }
}

function passBrokeOff({ name, envId }: Target, error: RotatorError): RotatorEvent<'pass.failed'> {
  const nothing = { rotationId: null, durationMs: null, nextCheckAt: null };
  return { event: 'pass.failed', target: name, envId, error, ...nothing, ...deployedFields(null) };
}

function failed(target: Target, error: RotatorError): PassResult {
  const state = { ...emptyTargetState(target, target.name), state: 'failed' as const, error: viewOf(error) };
  return { state, outcome: null, waitsFor: null, skewMs: undefined };
}
