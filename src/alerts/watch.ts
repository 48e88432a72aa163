// The watch: checks everything that can be wrong, by the journal and by what only this process knows, and gives it to
// the alert engine. All changes are one update of the journal: conditions, and the messages about them in the outbox.

import type { ConditionFacts, ConditionName, Finding } from '../core/alerts/conditions.ts';
import type { AlertBook, AlertMemo, AlertUpdate, Delivery, RotatedEvent } from '../core/alerts/records.ts';
import type { StoredError } from '../core/error-params.ts';
import type { EventSink } from '../core/events.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { AlertStore, Clock, Degraded } from '../core/ports.ts';
import type { FleetState, TargetState } from '../core/records.ts';
import type { KeyProblem } from '../core/texts/problems.ts';
import {
  detectMisconfigured,
  detectService,
  detectTarget,
  type LaneMember,
  type ServiceFacts,
  type WatchedTarget,
} from './detect/detect.ts';
import { digestOf } from './digest.ts';
import { type AlertPolicy, advance, type Transition, type UnwatchedTarget } from './engine/engine.ts';
import { carries } from './engine/recipients.ts';
import type { Wellbeing } from './heartbeat.ts';
import { transitionEvent } from './transition-event.ts';
import { wellbeing } from './wellbeing.ts';

/** What only this process knows. `undefined`: it does not know, so it neither raises nor clears anything by it. */
export interface Surroundings {
  readonly now: number;
  /** Since when this process has this configuration. */
  readonly since: number;
  readonly targets: readonly WatchedTarget[];
  /** Entries of `targets` that are left out because they are wrong. */
  readonly misconfigured: readonly { readonly name: string; readonly problems: readonly KeyProblem[] }[];
  /** Every target of the configuration, whether it was selected or not. */
  readonly configured: readonly LaneMember[];
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
  readonly journal: AlertStore;
  readonly emit: EventSink;
  readonly newId: () => string;
}

export class Watch {
  private readonly tools: WatchTools;
  private readonly around: () => Surroundings;
  private options: WatchOptions;

  constructor(options: WatchOptions, surroundings: () => Surroundings, tools: WatchTools) {
    this.options = options;
    this.around = surroundings;
    this.tools = tools;
  }

  configure(options: WatchOptions): void {
    this.options = options;
  }

  /** What the heartbeat sends. */
  wellbeing(book: AlertBook): Wellbeing {
    return wellbeing(book, this.around());
  }

  /** Checks everything, and writes changes and their messages to the journal. Throws what the journal throws. */
  async look(): Promise<void> {
    const { journal, emit } = this.tools;
    let transitions: readonly Transition[] = [];
    let unwatched: readonly UnwatchedTarget[] = [];
    await journal.updateAlerts((stored, recorded) => {
      const result = this.advance(stored, recorded.targets(), recorded.fleet());
      ({ transitions, unwatched } = result);
      return result.update;
    });
    const now = this.tools.clock.now();
    for (const { target, expiresAt, moved } of unwatched) {
      emit({ event: 'target.unwatched', target: target.name, envId: target.envId, expiresAt, moved });
    }
    for (const transition of transitions) {
      const event = transitionEvent(transition, now);
      if (event !== undefined) emit(event);
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

  private advance(
    book: AlertBook,
    states: readonly TargetState[],
    fleet: FleetState,
  ): { update: AlertUpdate; transitions: readonly Transition[]; unwatched: readonly UnwatchedTarget[] } {
    const around = this.around();
    const unwatched = this.unwatched(book, states);
    const memo = this.memoOf(book, states, around);
    const found = this.detect(book, states, fleet, memo, around);
    const { now } = around;
    const { newId } = this.tools;
    const { update, transitions } = advance(book, { now, ...found, unwatched, newId }, this.options.policy);
    const digest = this.digest(book, states, around);
    return {
      update: {
        ...update,
        ...(digest === undefined ? {} : { addDeliveries: [...(update.addDeliveries ?? []), ...digest.rows] }),
        ...withMemo(book.memo, { ...memo, digestAt: digest?.tick ?? memo.digestAt }),
      },
      transitions,
      unwatched,
    };
  }

  private detect(
    book: AlertBook,
    states: readonly TargetState[],
    fleet: FleetState,
    { watchedSince }: AlertMemo,
    around: Surroundings,
  ): { findings: Finding[]; undecided: (open: Finding) => boolean } {
    const { targets, longestTickGapMs } = around;
    const { isWhole } = this.options;
    const byKey = new Map(states.map((state) => [state.key, state]));
    const open = openByTarget(book);
    const clock = clockOf(around);
    const looks = new Map(
      targets.map((target) => {
        const { key } = target;
        const since = watchedSince[key] ?? around.since;
        const facts = { target, state: byKey.get(key), watchedSince: since, open: open.get(key) ?? new Set() };
        return [key, detectTarget({ ...facts, clock, longestTickGapMs })];
      }),
    );
    const others = states.filter(({ key }) => !looks.has(key));
    const ofWrong = (isWhole ? around.misconfigured : []).map((entry) =>
      detectMisconfigured({ ...entry, state: others.find(({ name }) => name === entry.name), clock }),
    );
    const ofService = detectService(this.serviceFacts(book, states, fleet, around));
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
   * Targets that left the configuration since all of it was checked last: those in the memo, and those with open
   * conditions. A target whose entry is only wrong has not left.
   */
  private unwatched({ memo, conditions }: AlertBook, states: readonly TargetState[]): UnwatchedTarget[] {
    const { targets, misconfigured } = this.around();
    if (!this.options.isWhole) return [];
    const open = conditions.flatMap(({ finding }) =>
      finding.target === null || finding.condition === 'TargetMisconfigured' ? [] : [finding.target],
    );
    const known = states.filter(({ key }) => memo.watchedSince[key] !== undefined);
    const wrong = new Set(misconfigured.map(({ name }) => name));
    const left = new Map(
      [...open, ...known].map(({ key, name, envId, providerId }) => [key, { key, name, envId, providerId }]),
    );
    for (const { key } of targets) left.delete(key);
    return [...left.values()]
      .filter(({ name }) => !wrong.has(name))
      .map((target) => {
        const state = states.find(({ key }) => key === target.key);
        const moved = targets.some(
          ({ envId, providerId }) => envId === target.envId && providerId === target.providerId,
        );
        return { target, expiresAt: state?.deployed?.expiresAt ?? null, moved };
      });
  }

  private serviceFacts(
    book: AlertBook,
    states: readonly TargetState[],
    fleet: FleetState,
    around: Surroundings,
  ): ServiceFacts {
    const { now, targets, tokenUrl, skewMs, journal, configurationRejected, scheduler } = around;
    const configured = new Set(around.configured.map(({ key }) => key));
    return {
      now,
      clock: clockOf(around),
      fleet,
      tokenUrl,
      asksApple: targets.some(({ appleCheck }) => appleCheck !== 'off'),
      // Of those that were not selected as well: the journal knows them.
      states: states.filter(({ key }) => configured.has(key)),
      members: around.configured,
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

  private memoOf({ memo }: AlertBook, states: readonly TargetState[], around: Surroundings): AlertMemo {
    const { now, since: watched, targets, misconfigured } = around;
    const wrong = new Set(misconfigured.map(({ name }) => name));
    const waiting = new Set(states.filter(({ name }) => wrong.has(name)).map(({ key }) => key));
    const kept = Object.entries(memo.watchedSince).filter(([key]) => !this.options.isWhole || waiting.has(key));
    const since = targets.map(({ key }) => [key, Math.min(memo.watchedSince[key] ?? watched, now)] as const);
    return { ...memo, watchedSince: Object.fromEntries([...kept, ...since]) };
  }

  /** The rows of a digest whose time has come, and the tick that it serves. The first start waits for the next tick. */
  private digest(
    { memo, conditions }: AlertBook,
    states: readonly TargetState[],
    around: Surroundings,
  ): { rows: Delivery[]; tick: number } | undefined {
    const { now, targets } = around;
    const { digestTick, isWhole, policy, version } = this.options;
    const tick = isWhole ? digestTick(now) : undefined;
    if (tick === undefined) return undefined;
    const last = memo.digestAt === null || memo.digestAt > now ? undefined : memo.digestAt;
    if (last === undefined) return { rows: [], tick };
    if (tick <= last) return undefined;
    const digest = digestOf({ version, targets, states, conditions, clock: clockOf(around) });
    const rows = policy.routes.map(
      ({ name }): Delivery => ({ id: this.tools.newId(), channel: name, at: now, subject: { kind: 'digest', digest } }),
    );
    return { rows, tick };
  }
}

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

function withMemo(before: AlertMemo, memo: AlertMemo): { memo?: AlertMemo } {
  return JSON.stringify(before) === JSON.stringify(memo) ? {} : { memo };
}
