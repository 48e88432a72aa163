// The watch: checks what can be wrong, by the journal and by what only this process knows, and gives it to the alert
// engine. All changes are one update of the journal: conditions, and the messages about them in the outbox. A look reads
// what was written since the last one; what it costs does not depend on how many targets there are.

import type { ConditionFacts, ConditionName, Finding } from '../core/alerts/conditions.ts';
import {
  type AlertBook,
  type AlertMemo,
  type Delivery,
  type DigestFacts,
  EMPTY_MEMO,
  type RotatedEvent,
} from '../core/alerts/records.ts';
import type { StoredError } from '../core/error-params.ts';
import type { EventSink } from '../core/events.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { AlertStore, Clock, Degraded, Recorded, TargetStates } from '../core/ports.ts';
import type { FleetState } from '../core/records.ts';
import type { KeyProblem } from '../core/texts/problems.ts';
import { SLICE, yieldToLoop } from '../net/event-loop.ts';
import { detectMisconfigured, detectService, type ServiceFacts, type WatchedTarget } from './detect/detect.ts';
import type { Look } from './detect/finding.ts';
import { digestOf } from './digest.ts';
import { type AlertPolicy, advance, type Transition, type UnwatchedTarget } from './engine/engine.ts';
import { carries } from './engine/recipients.ts';
import type { Wellbeing } from './heartbeat.ts';
import { type LookFacts, type OnLook, TargetLooks } from './target-looks.ts';
import { transitionEvent } from './transition-event.ts';
import { wellbeing } from './wellbeing.ts';

/** How often targets of which nothing was written are looked at in turn: only time can have changed something. */
const TURN_MS = 60_000;

/** What only this process knows. `undefined`: it does not know, so it neither raises nor clears anything by it. */
export interface Surroundings {
  readonly now: number;
  /** Since when this process has this configuration. */
  readonly since: number;
  /** By key: the targets that this process looks at. The same map as long as the configuration is the same. */
  readonly targets: ReadonlyMap<string, WatchedTarget>;
  /** Entries of `targets` that are left out because they are wrong. */
  readonly misconfigured: readonly { readonly name: string; readonly problems: readonly KeyProblem[] }[];
  /** By key: every target of the configuration, whether it was selected or not. */
  readonly configured: ReadonlyMap<string, WatchedTarget>;
  /** The longest time between two ticks of the schedule. */
  readonly longestTickGapMs: number;
  readonly tokenUrl: string;
  readonly journal: {
    readonly path: string;
    readonly degraded: Degraded | undefined;
    /** What everybody on this machine may write. */
    readonly exposed: ConditionFacts['JournalExposed']['places'];
  };
  readonly skewMs: number | undefined;
  /** When this process began. */
  readonly startedAt: number;
  /** Null: the configuration in force is the one that was read last. */
  readonly configurationRejected: { readonly at: number; readonly error: StoredError } | null | undefined;
  readonly scheduler: { readonly alive: boolean; readonly lastTurnAt: number } | undefined;
}

export interface WatchOptions {
  readonly policy: AlertPolicy;
  readonly version: string;
  /** The last tick of `alerts.digest` at or before an instant; undefined: there is no digest. */
  readonly digestTick: (now: number) => number | undefined;
  /** True for the whole configuration; false where some of its targets were selected (`once --target`). */
  readonly isWhole: boolean;
}

export interface WatchTools {
  readonly clock: Clock;
  readonly journal: AlertStore & TargetStates;
  readonly emit: EventSink;
  readonly newId: () => string;
  readonly onLook?: OnLook;
}

/** Which targets have left the configuration, and since when the others are watched. */
interface Census {
  readonly left: readonly UnwatchedTarget[];
  readonly watchedSince: AlertMemo['watchedSince'];
}

export class Watch {
  private readonly tools: WatchTools;
  private readonly around: () => Surroundings;
  private readonly looks: TargetLooks;
  private options: WatchOptions;
  /** When targets were last looked at in turn, on the monotonic clock. */
  private turnAt = Number.NEGATIVE_INFINITY;
  /** The memo and the targets of the last census, and the latest instant in that memo. */
  private counted: { readonly memo: AlertMemo; readonly targets: object; readonly latest: number } | undefined;

  constructor(options: WatchOptions, surroundings: () => Surroundings, tools: WatchTools) {
    this.options = options;
    this.around = surroundings;
    this.tools = tools;
    this.looks = new TargetLooks(tools.onLook ?? (() => undefined));
  }

  configure(options: WatchOptions): void {
    this.options = options;
    this.looks.restart();
    this.counted = undefined;
  }

  /** What the heartbeat sends. */
  wellbeing(book: AlertBook): Wellbeing {
    return wellbeing(book, this.around());
  }

  /** Checks what may have changed, and writes changes and their messages to the journal. Throws what the journal throws. */
  async look(): Promise<void> {
    await this.lookAtTargets();
    const digest = await this.digestIfDue();
    for (let isBehind = true; isBehind; ) isBehind = await this.record(digest);
  }

  /** Looks at every target whose state was written since the last look. The next `look` records what was found. */
  async catchUp(): Promise<void> {
    const { journal, clock } = this.tools;
    const around = this.around();
    const at = clock.monotonic();
    this.looks.begin(clockOf(around), at);
    const facts = factsOf(await journal.alertBook(), around);
    for (;;) {
      const { states, revision } = await journal.changedSince(this.looks.revision, SLICE);
      for (const state of states) this.looks.look(state.key, state, facts, at);
      this.looks.revision = revision;
      if (states.length < SLICE) return;
      await yieldToLoop();
    }
  }

  /**
   * Puts a rotation that succeeded into the outbox of every channel that carries warnings about its target. A channel
   * for critical alerts alone wakes people, so it gets none. Unless `always`, nobody is told of it twice: where it was
   * told that logins fail, the all-clear says that this is over.
   */
  async tellRotated(event: RotatedEvent, always: boolean): Promise<void> {
    const { journal, clock, newId } = this.tools;
    const routes = this.options.policy.routes.filter((route) => carries(route, 'warning', event.target));
    const at = clock.now();
    const rows = routes.map(
      ({ name }): Delivery => ({ id: newId(), channel: name, at, subject: { kind: 'rotated', event } }),
    );
    await journal.updateAlerts((book) => (always || !isToldOf(book, event) ? { addDeliveries: rows } : {}));
  }

  private async lookAtTargets(): Promise<void> {
    const { journal, clock } = this.tools;
    await this.catchUp();
    const at = clock.monotonic();
    const book = await journal.alertBook();
    const facts = factsOf(book, this.around());
    const keys = new Set(this.looks.unseen(facts));
    if (at - this.turnAt >= TURN_MS) {
      this.turnAt = at;
      for (const key of this.looks.inTurn(at)) keys.add(key);
      for (const { finding } of book.conditions) if (finding.target !== null) keys.add(finding.target.key);
    }
    let left = SLICE;
    for (const key of keys) {
      this.looks.look(key, await journal.target(key), facts, at);
      left -= 1;
      if (left > 0) continue;
      left = SLICE;
      await yieldToLoop();
    }
  }

  /** Writes what was found. True if more was written meanwhile than one update takes in. */
  private async record(digest: DigestFacts | undefined): Promise<boolean> {
    const { journal, clock, emit } = this.tools;
    const around = this.around();
    const { now, targets } = around;
    let transitions: readonly Transition[] = [];
    let looks: ReadonlyMap<string, Look> = new Map();
    let census: Census | undefined;
    let isBehind = false;
    let before = EMPTY_MEMO;
    const { memo = before } = await journal.updateAlerts((book, recorded) => {
      isBehind = this.takeIn(book, recorded, around);
      looks = new Map(this.looks.looks);
      census = this.census(book, recorded, around);
      before = book.memo;
      const { watchedSince } = census ?? before;
      const found = this.detect(looks, book, recorded, around);
      const look = { now, ...found, unwatched: census?.left ?? [], newId: this.tools.newId };
      const result = advance(book, look, this.options.policy);
      ({ transitions } = result);
      const { rows, digestAt } = this.digestRows(before, digest, now);
      return {
        ...result.update,
        ...(rows.length === 0 ? {} : { addDeliveries: [...(result.update.addDeliveries ?? []), ...rows] }),
        ...(census === undefined && digestAt === before.digestAt ? {} : { memo: { watchedSince, digestAt } }),
      };
    });
    this.looks.settled(looks);
    if (census !== undefined)
      this.counted = { memo, targets, latest: Object.values(memo.watchedSince).reduce((a, b) => Math.max(a, b), 0) };
    else if (this.counted !== undefined) this.counted = { ...this.counted, memo };
    for (const { target, expiresAt, moved } of census?.left ?? []) {
      emit({ event: 'target.unwatched', target: target.name, envId: target.envId, expiresAt, moved });
    }
    for (const transition of transitions) {
      const event = transitionEvent(transition, clock.now());
      if (event !== undefined) emit(event);
    }
    return isBehind;
  }

  /** Looks at what was written until this update; true if that was too much for one. */
  private takeIn(book: AlertBook, recorded: Recorded, around: Surroundings): boolean {
    const facts = factsOf(book, around);
    const at = this.tools.clock.monotonic();
    const { states, revision } = recorded.changedSince(this.looks.revision, SLICE);
    for (const state of states) this.looks.look(state.key, state, facts, at);
    this.looks.revision = revision;
    return states.length === SLICE;
  }

  private detect(
    looks: ReadonlyMap<string, Look>,
    book: AlertBook,
    recorded: Recorded,
    around: Surroundings,
  ): { findings: Finding[]; undecided: (open: Finding) => boolean } {
    const { isWhole } = this.options;
    const clock = clockOf(around);
    const ofWrong = (isWhole ? around.misconfigured : []).map((entry) =>
      detectMisconfigured({ ...entry, state: recorded.named(entry.name), clock }),
    );
    const ofService = detectService(this.serviceFacts(book, recorded.fleet(), around));
    return {
      findings: [...[...looks.values()].flatMap(({ findings }) => findings), ...ofWrong, ...ofService.findings],
      undecided: ({ condition, target }) => {
        if (target === null) return ofService.undecided.includes(condition);
        if (condition === 'TargetMisconfigured') return !isWhole;
        return looks.get(target.key)?.undecided.includes(condition) ?? true;
      },
    };
  }

  /**
   * Compares the targets with those that were watched before: of the memo, and of open conditions. A target whose entry
   * is only wrong has not left. Undefined if nothing of that has changed since the last census.
   */
  private census(book: AlertBook, recorded: Recorded, around: Surroundings): Census | undefined {
    const { memo, conditions } = book;
    const { now, since, targets, misconfigured } = around;
    const { counted } = this;
    if (counted?.memo === memo && counted.targets === targets && counted.latest <= now) return undefined;
    const { isWhole } = this.options;
    const wrong = new Set(misconfigured.map(({ name }) => name));
    const open = new Map(
      conditions.flatMap(({ finding: { target, condition } }) =>
        target === null || condition === 'TargetMisconfigured' ? [] : [[target.key, target] as const],
      ),
    );
    const watchedSince: Record<string, number> = {};
    const left: UnwatchedTarget[] = [];
    for (const key of new Set([...Object.keys(memo.watchedSince), ...open.keys()])) {
      if (targets.has(key)) continue;
      const known = memo.watchedSince[key];
      const state = recorded.target(key);
      const target = state ?? open.get(key);
      const isWrong = target !== undefined && wrong.has(target.name);
      if (known !== undefined && (!isWhole || isWrong)) watchedSince[key] = known;
      if (!isWhole || isWrong || target === undefined) continue;
      const { name, envId, providerId } = target;
      const moved = [...targets.values()].some((other) => other.envId === envId && other.providerId === providerId);
      const expiresAt = state?.deployed?.expiresAt ?? null;
      left.push({ target: { key, name, envId, providerId }, expiresAt, moved });
    }
    for (const key of targets.keys()) watchedSince[key] = Math.min(memo.watchedSince[key] ?? since, now);
    return { left, watchedSince };
  }

  private serviceFacts(book: AlertBook, fleet: FleetState, around: Surroundings): ServiceFacts {
    const { now, targets, configured, tokenUrl, skewMs, journal, configurationRejected, scheduler } = around;
    return {
      now,
      clock: clockOf(around),
      fleet,
      tokenUrl,
      asksApple: [...targets.values()].some(({ appleCheck }) => appleCheck !== 'off'),
      // Of those that were not selected as well: the journal knows them.
      states: this.looks.serviceStates(),
      configured,
      lastAskedAt: this.looks.lastAskedAt,
      skewMs,
      journal,
      channels: this.options.policy.routes.map(({ name }) => ({
        name,
        state: book.channels.find((state) => state.name === name),
        oldestAt: book.deliveries.find(({ channel }) => channel === name)?.at ?? null,
      })),
      configurationRejected,
      scheduler,
      open: new Set(
        book.conditions.flatMap(({ finding, raisedAt }) =>
          finding.target === null && raisedAt !== null ? [finding.condition] : [],
        ),
      ),
    };
  }

  // ---- the digest

  /** The digest whose time has come. */
  private async digestIfDue(): Promise<DigestFacts | undefined> {
    const { journal } = this.tools;
    const around = this.around();
    const { memo, conditions } = await journal.alertBook();
    const due = this.digestTick(memo, around.now);
    if (due === undefined || due.isFirst) return undefined;
    const { version } = this.options;
    const states = await journal.targets();
    return await digestOf({ version, targets: around.targets, states, conditions, clock: clockOf(around) });
  }

  /** The rows of a digest, and the tick that the next memo has. The first start waits for the next tick. */
  private digestRows(
    memo: AlertMemo,
    digest: DigestFacts | undefined,
    now: number,
  ): { rows: Delivery[]; digestAt: number | null } {
    const due = this.digestTick(memo, now);
    if (due?.isFirst === true) return { rows: [], digestAt: due.tick };
    if (due === undefined || digest === undefined) return { rows: [], digestAt: memo.digestAt };
    const rows = this.options.policy.routes.map(
      ({ name }): Delivery => ({ id: this.tools.newId(), channel: name, at: now, subject: { kind: 'digest', digest } }),
    );
    return { rows, digestAt: due.tick };
  }

  private digestTick(memo: AlertMemo, now: number): { tick: number; isFirst: boolean } | undefined {
    const { digestTick, isWhole } = this.options;
    const tick = isWhole ? digestTick(now) : undefined;
    if (tick === undefined) return undefined;
    if (memo.digestAt === null || memo.digestAt > now) return { tick, isFirst: true };
    return tick <= memo.digestAt ? undefined : { tick, isFirst: false };
  }
}

function factsOf(book: AlertBook, around: Surroundings): LookFacts {
  const { now, since, targets, configured, longestTickGapMs } = around;
  const { watchedSince } = book.memo;
  const open = openByTarget(book);
  return {
    clock: clockOf(around),
    targets,
    configured,
    longestTickGapMs,
    watchedSince: (key) => Math.min(watchedSince[key] ?? since, now),
    open: (key) => open.get(key) ?? NOTHING,
  };
}

const NOTHING: ReadonlySet<ConditionName> = new Set();

function clockOf({ now, skewMs, startedAt }: Surroundings): JudgeClock {
  return { now, skewMs, since: startedAt };
}

/** True if it was told that logins of the target fail. */
function isToldOf({ conditions }: AlertBook, { target: { name, envId } }: RotatedEvent): boolean {
  return conditions.some(
    ({ raisedAt, finding: { condition, target } }) =>
      condition === 'LoginsFail' && raisedAt !== null && target?.name === name && target.envId === envId,
  );
}

function openByTarget({ conditions }: AlertBook): Map<string, Set<ConditionName>> {
  const open = new Map<string, Set<ConditionName>>();
  for (const { finding, raisedAt } of conditions) {
    if (finding.target === null || raisedAt === null) continue;
    const { key } = finding.target;
    open.set(key, (open.get(key) ?? new Set<ConditionName>()).add(finding.condition));
  }
  return open;
}
