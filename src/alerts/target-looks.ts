// Which targets were looked at, when, and what was found that the alert book does not have yet. What a look costs must
// not depend on the number of targets: it takes those whose state was written since, those of which something is open,
// and a share of the others in turn, because time alone brings conditions about. Of a target that is well nothing is
// kept but when it was looked at.
import type { ConditionName } from '../core/alerts/conditions.ts';
import type { ChangedTargets, Revision } from '../core/journal-ports.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { TargetState } from '../core/records.ts';
import type { Look } from './detect/finding.ts';
import { concernsService, type Surroundings } from './detect/service.ts';
import { detectTarget } from './detect/target.ts';

/** The clock by which logins are judged may move by so much before everything is looked at anew: NTP slews by less. */
const CLOCK_MOVED_MS = 30_000;
/** Each minute so many are looked at in turn, and of a larger fleet a tenth: each then is within ten minutes. */
const IN_TURN = 500;
const IN_TURN_SHARE = 0.1;

/** What the looks at targets depend on beside their states. */
export interface LookFacts extends Pick<Surroundings, 'targets' | 'configured' | 'longestTickGapMs'> {
  readonly clock: JudgeClock;
  readonly watchedSince: (key: string) => number;
  /** The conditions of a target that are raised. */
  readonly open: (key: string) => ReadonlySet<ConditionName>;
}

/** Hears of each look at a target. */
export type OnLook = (state: TargetState, clock: JudgeClock) => void;

export class TargetLooks {
  private readonly onLook: OnLook;
  /** Up to where written states were looked at; undefined: none was. */
  revision: Revision | undefined;
  /** Key → when it was looked at, in ms on the monotonic clock; the longest ago first. */
  private readonly lookedAt = new Map<string, number>();
  /** What was found and is not in the book yet. */
  private readonly found = new Map<string, Look>();
  /** The states of configured targets by which conditions of the service are decided. */
  private readonly ofService = new Map<string, TargetState>();
  private begun: Begun | undefined;
  /** When Apple was last asked about a secret of any target; never a future instant. */
  lastAskedAt: number | null = null;

  constructor(onLook: OnLook) {
    this.onLook = onLook;
  }

  /** Everything is looked at anew: the configuration is another one. */
  restart(): void {
    this.revision = undefined;
    this.lookedAt.clear();
    this.ofService.clear();
    this.found.clear();
  }

  /** Begins a look, `at` ms on the monotonic clock; everything is looked at anew where the wall clock was set since. */
  begin(clock: JudgeClock, at: number): void {
    if (this.begun !== undefined && hasMoved(this.begun, { clock, at })) this.restart();
    this.begun = { clock, at };
  }

  /** Looks at targets whose state was written. */
  lookAt({ states, revision }: ChangedTargets, facts: LookFacts, at: number): void {
    for (const state of states) this.look(state.key, state, facts, at);
    this.revision = revision;
  }

  /** Looks at a target; `state` is undefined if the journal knows nothing of it. */
  look(key: string, state: TargetState | undefined, facts: LookFacts, at: number): void {
    const { clock, targets, configured, longestTickGapMs } = facts;
    if (!configured.has(key)) return;
    if (state !== undefined) this.keep(state, clock);
    const target = targets.get(key);
    if (target === undefined) return;
    this.lookedAt.delete(key);
    this.lookedAt.set(key, at);
    const own = { target, state, watchedSince: facts.watchedSince(key), open: facts.open(key) };
    this.found.set(key, detectTarget({ ...own, clock, longestTickGapMs }));
  }

  /** Targets that were not looked at since the (re)start. */
  unseen({ targets }: LookFacts): string[] {
    if (this.lookedAt.size === targets.size) return [];
    return [...targets.keys()].filter((key) => !this.lookedAt.has(key));
  }

  /** Those whose turn it is: the ones that were looked at the longest ago, before `at`. */
  inTurn(at: number): string[] {
    const count = Math.max(IN_TURN, this.lookedAt.size * IN_TURN_SHARE);
    const keys: string[] = [];
    for (const [key, lookedAt] of this.lookedAt) {
      if (keys.length >= count || lookedAt >= at) break;
      keys.push(key);
    }
    return keys;
  }

  /** What was found since the book was changed last. */
  get looks(): ReadonlyMap<string, Look> {
    return this.found;
  }

  /** The book has these; what was found of them meanwhile stays. */
  settled(looks: ReadonlyMap<string, Look>): void {
    for (const [key, look] of looks) if (this.found.get(key) === look) this.found.delete(key);
  }

  /** Of configured targets, by name. */
  serviceStates(): TargetState[] {
    return [...this.ofService.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private keep(state: TargetState, clock: JudgeClock): void {
    const { now } = clock;
    if (concernsService(state)) this.ofService.set(state.key, state);
    else this.ofService.delete(state.key);
    for (const { askedAt } of [state.apple.deployed, state.apple.candidate])
      if (askedAt !== null && askedAt <= now) this.lastAskedAt = Math.max(this.lastAskedAt ?? 0, askedAt);
    this.onLook(state, clock);
  }
}

interface Begun {
  readonly clock: JudgeClock;
  readonly at: number;
}

/** True if the clock was set between two looks, or compared for the first time. */
function hasMoved(before: Begun, now: Begun): boolean {
  const [a, b] = [before.clock, now.clock];
  if (a.since !== b.since || (a.skewMs === undefined) !== (b.skewMs === undefined)) return true;
  const stepMs = b.now - a.now - (now.at - before.at);
  return Math.abs(stepMs) > CLOCK_MOVED_MS || Math.abs((b.skewMs ?? 0) - (a.skewMs ?? 0)) > CLOCK_MOVED_MS;
}
