// Which targets were looked at, and what was found that the alert book does not have yet. What a look costs must
// not depend on the number of targets: it takes those whose state was written since, those of which something is open,
// and a share of the others in turn, because time alone brings conditions about. Of a target that is well nothing is kept.
import type { ConditionName } from '../core/alerts/conditions.ts';
import type { ChangedTargets, Revision } from '../core/journal-ports.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { TargetState } from '../core/records.ts';
import type { Look } from './detect/finding.ts';
import { concernsService, type Surroundings } from './detect/service.ts';
import { detectTarget } from './detect/target.ts';
import type { WatchedTargets } from './detect/target-facts.ts';

/** The clock by which logins are judged may move by so much before everything is looked at anew: NTP slews by less. */
const CLOCK_MOVED_MS = 30_000;
/** Each minute so many are looked at in turn, and of a larger fleet a tenth: each then is within ten minutes. */
const IN_TURN = 500;
const IN_TURN_SHARE = 0.1;

/** What the looks at targets depend on beside their states. */
export interface LookFacts extends Surroundings {
  readonly watchedSince: (key: string) => number;
  /** The conditions of a target that are raised. */
  readonly open: (key: string) => ReadonlySet<ConditionName>;
}

/** Hears of each look at a target. */
export type OnLook = (state: TargetState, clock: JudgeClock) => void;

export class TargetLooks {
  private readonly onLook: OnLook | undefined;
  /** Up to where written states were looked at; undefined: none was. */
  revision: Revision | undefined;
  private round: Round | undefined;
  /** What was found and is not in the book yet. */
  readonly found = new Map<string, Look>();
  /** The states of configured targets by which conditions of the service are decided. */
  readonly ofService = new Map<string, TargetState>();
  private begun: Begun | undefined;
  /** When Apple was last asked about a secret of any target; never a future instant. */
  lastAskedAt: number | null = null;

  constructor(onLook: OnLook | undefined) {
    this.onLook = onLook;
  }

  /** Everything is looked at anew: the configuration is another one. */
  restart(): void {
    this.revision = undefined;
    this.round = undefined;
    this.ofService.clear();
    this.found.clear();
  }

  /** Begins a look, `at` ms on the monotonic clock. True: all is looked at anew, because the wall clock was set since. */
  begin(clock: JudgeClock, at: number): boolean {
    const { now, skewMs, since } = clock;
    const begun = { now, skewMs, since, at };
    const isMoved = this.begun !== undefined && hasMoved(this.begun, begun);
    if (isMoved) this.restart();
    this.begun = begun;
    return isMoved;
  }

  /** Looks at targets whose state was written. */
  lookAt({ states, revision }: ChangedTargets, facts: LookFacts): void {
    for (const state of states) this.look(state.key, state, facts);
    this.revision = revision;
  }

  /** Looks at a target; `state` is undefined if the journal knows nothing of it. */
  look(key: string, state: TargetState | undefined, facts: LookFacts): void {
    if (!facts.configured.has(key)) return;
    if (state !== undefined) this.keep(state, facts);
    const target = facts.targets.get(key);
    if (target === undefined) return;
    this.roundOf(facts).unseen.delete(key);
    const own = { target, state, watchedSince: facts.watchedSince(key), open: facts.open(key) };
    this.found.set(key, detectTarget({ ...own, clock: facts, longestTickGapMs: facts.longestTickGapMs }));
  }

  /** Targets that were not looked at since the (re)start. */
  unseen(facts: LookFacts): Iterable<string> {
    return this.roundOf(facts).unseen;
  }

  /** Those whose turn it is, in the order of the configuration, over and over. */
  inTurn(facts: LookFacts): string[] {
    const round = this.roundOf(facts);
    const { targets } = facts;
    const count = Math.min(targets.size, Math.max(IN_TURN, targets.size * IN_TURN_SHARE));
    const keys: string[] = [];
    while (round.turns !== undefined && keys.length < count) {
      const { done, value } = round.turns.next();
      if (done) round.turns = turnsOf(targets);
      else keys.push(value);
    }
    round.turns ??= turnsOf(targets);
    return keys;
  }

  private roundOf({ targets }: LookFacts): Round {
    if (this.round?.targets !== targets) this.round = { targets, unseen: new Set(targets.keys()), turns: undefined };
    return this.round;
  }

  /** The book has these; what was found of them meanwhile stays. */
  settled(looks: ReadonlyMap<string, Look>): void {
    for (const [key, look] of looks) if (this.found.get(key) === look) this.found.delete(key);
  }

  private keep(state: TargetState, clock: JudgeClock): void {
    const { now } = clock;
    if (concernsService(state)) this.ofService.set(state.key, state);
    else this.ofService.delete(state.key);
    for (const { askedAt } of [state.apple.deployed, state.apple.candidate])
      if (askedAt !== null && askedAt <= now) this.lastAskedAt = Math.max(this.lastAskedAt ?? 0, askedAt);
    this.onLook?.(state, clock);
  }
}

/** Of the targets of one configuration. */
interface Round {
  readonly targets: WatchedTargets;
  /** Those that were not looked at. */
  readonly unseen: Set<string>;
  /** Gives those that are looked at in turn; undefined: all were looked at just now. */
  turns: Iterator<string> | undefined;
}

function turnsOf(targets: WatchedTargets): Iterator<string> {
  return targets.keys()[Symbol.iterator]();
}

interface Begun extends JudgeClock {
  readonly at: number;
}

/** True if the clock was set between two looks, or compared for the first time. */
function hasMoved(a: Begun, b: Begun): boolean {
  if (a.since !== b.since || (a.skewMs === undefined) !== (b.skewMs === undefined)) return true;
  const stepMs = b.now - a.now - (b.at - a.at);
  return Math.abs(stepMs) > CLOCK_MOVED_MS || Math.abs((b.skewMs ?? 0) - (a.skewMs ?? 0)) > CLOCK_MOVED_MS;
}
