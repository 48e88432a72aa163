// The watch: checks what can be wrong, by the journal and by what only this process knows, and has the stories go on by
// it, in one update of the journal. A look reads what was written since the last one; what it costs does not depend on how
// many targets there are.

import { isDeepStrictEqual } from 'node:util';
import type { ConditionName, Finding, FindingOf } from '../core/alerts/conditions.ts';
import type { DigestFacts } from '../core/alerts/message.ts';
import { type AlertBook, type AlertMemo, EMPTY_MEMO, type StoryMember } from '../core/alerts/records.ts';
import type { EventSink } from '../core/events.ts';
import type { AlertStore, Recorded, TargetStates } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import { MINUTE } from '../core/time.ts';
import { SLICE, yieldToLoop } from '../net/event-loop.ts';
import { stateOf, waitingFor } from './deliverer.ts';
import type { Look } from './detect/finding.ts';
import { detectService, type Surroundings } from './detect/service.ts';
import { detectMisconfigured, detectUnwatched } from './detect/target.ts';
import { digestOf } from './digest.ts';
import type { Wellbeing } from './heartbeat.ts';
import { advance, afterRotation, type Rotated, type Transition } from './stories/advance.ts';
import type { AlertPolicy } from './stories/news.ts';
import { type LookFacts, type OnLook, TargetLooks } from './target-looks.ts';
import { transitionEvent } from './transition-event.ts';
import { wellbeing } from './wellbeing.ts';

export interface WatchTools {
  readonly clock: Clock;
  readonly journal: AlertStore & TargetStates;
  readonly emit: EventSink;
  readonly onLook?: OnLook | undefined;
}

/** How often targets of which nothing was written are looked at in turn: only time can have changed something. */
const TURN_MS = 60_000;
/** What lateness alone raises, also of a replica in the course of an update. */
const HELD_BACK: ReadonlySet<ConditionName> = new Set(['RenewalOverdue', 'CheckStale', 'ReplicasDiffer']);
/** For how long it must be found without a break: so long have the first checks after a start or a step of the clock. */
const HOLD_BACK_MS = 10 * MINUTE;

export class Watch {
  private readonly tools: WatchTools;
  private readonly around: () => Surroundings;
  private readonly looks: TargetLooks;
  private policy: AlertPolicy;
  /** When targets were last looked at in turn, on the monotonic clock. */
  private turnAt = Number.NEGATIVE_INFINITY;
  /** What the last census of this configuration and this clock found. */
  private counted: AlertMemo['watchedSince'] | undefined;

  constructor(policy: AlertPolicy, surroundings: () => Surroundings, tools: WatchTools) {
    this.policy = policy;
    this.around = surroundings;
    this.tools = tools;
    this.looks = new TargetLooks(tools.onLook);
  }

  configure(policy: AlertPolicy): void {
    this.policy = policy;
    this.looks.restart();
    this.counted = undefined;
  }

  /** What the heartbeat sends. */
  wellbeing(book: AlertBook): Wellbeing {
    return wellbeing(book, this.policy, this.around());
  }

  /** Checks what may have changed, and writes changes and their messages to the journal. Throws what the journal throws. */
  async look(): Promise<void> {
    await this.lookAtTargets();
    await this.record();
  }

  /**
   * Looks at every target whose state was written since the last look, and returns by what. The next `look` records what
   * was found.
   */
  async catchUp(): Promise<LookFacts> {
    const { journal, clock } = this.tools;
    const around = this.around();
    if (this.looks.begin(around, clock.monotonic())) this.counted = undefined;
    const facts = factsOf(await journal.alertBook(), around);
    for (;;) {
      const changed = await journal.changedSince(this.looks.revision, SLICE);
      this.looks.lookAt(changed, facts);
      if (changed.states.length < SLICE) return facts;
      await yieldToLoop();
    }
  }

  /** … and at those of which something is open or held back, and a share of the others, because time has passed. */
  private async lookAtTargets(): Promise<void> {
    const { journal, clock } = this.tools;
    const facts = await this.catchUp();
    const keys = new Set(this.looks.unseen(facts));
    const at = clock.monotonic();
    if (at - this.turnAt >= TURN_MS) {
      this.turnAt = at;
      const book = await journal.alertBook();
      const late = Object.keys(book.memo.lateSince ?? {});
      for (const key of [...this.looks.inTurn(facts), ...late, ...openOf(book).keys()]) keys.add(key);
    }
    keys.delete('');
    let done = 0;
    for (const key of keys) {
      this.looks.look(key, await journal.target(key), facts);
      done += 1;
      if (done % SLICE === 0) await yieldToLoop();
    }
  }

  /** The stories of a target note a rotation of it that succeeded; see afterRotation. */
  async noteRotation(rotated: Rotated): Promise<void> {
    const { journal, clock } = this.tools;
    // Nearly every rotation is of a target that is well.
    if (rotated.ended === undefined && (await journal.alertBook()).stories.length === 0) return;
    await journal.updateAlerts((book) => afterRotation(book, rotated, clock.now()));
  }

  /** What the weekly sign of life says now. */
  async digest(): Promise<DigestFacts> {
    const { journal } = this.tools;
    const { stories } = await journal.alertBook();
    return digestOf(this.around(), await journal.targets(), stories);
  }

  /** Writes what was found. */
  private async record(): Promise<void> {
    const { journal, clock, emit } = this.tools;
    const around = this.around();
    const { now, configured, isSweeping } = around;
    let transitions: readonly Transition[] = [];
    let looks: ReadonlyMap<string, Look> = new Map();
    let counted: ReturnType<typeof census> | undefined;
    let before = EMPTY_MEMO;
    const { memo = before } = await journal.updateAlerts((book, recorded) => {
      before = book.memo;
      // Of more than a slice, the rest is taken in by the next look.
      this.looks.lookAt(recorded.changedSince(this.looks.revision, SLICE), factsOf(book, around));
      looks = new Map(this.looks.found);
      counted = this.counted === before.watchedSince ? undefined : census(book, recorded, around);
      const { watchedSince, left } = counted ?? { watchedSince: before.watchedSince, left: new Map() };
      const { lateSince, ...found } = this.detect(looks, book, recorded, around);
      const laneOf = (key: string) => configured.get(key)?.lane;
      const result = advance(book, { now, ...found, laneOf, isSweeping, left }, this.policy);
      ({ transitions } = result);
      const isSame = counted === undefined && isDeepStrictEqual(lateSince, before.lateSince ?? {});
      return isSame ? result.update : { ...result.update, memo: { watchedSince, lateSince } };
    });
    this.looks.settled(looks);
    // The clock may have been set meanwhile.
    if (counted !== undefined || this.counted !== undefined) this.counted = memo.watchedSince;
    for (const { target, loginsUntil: expiresAt, facts } of counted?.left.values() ?? [])
      emit({
        event: 'target.unwatched',
        target: target?.name ?? '',
        envId: target?.envId ?? null,
        expiresAt,
        moved: facts.moved,
      });
    for (const transition of transitions) emit(transitionEvent(transition, clock.now()));
  }

  private detect(looks: ReadonlyMap<string, Look>, book: AlertBook, recorded: Recorded, around: Surroundings) {
    const { policy } = this;
    const { now, misconfigured, configured } = around;
    const isWhole = isOfAll(around);
    const ofWrong = (isWhole ? misconfigured : []).map((entry) =>
      detectMisconfigured(entry, recorded.named(entry.name), around),
    );
    const ofService = detectService({
      ...around,
      fleet: recorded.fleet(),
      // Of those that were not selected as well: the journal knows them.
      states: [...this.looks.ofService.values()],
      lastAskedAt: this.looks.lastAskedAt,
      channels: policy.routes.map(({ name }) => ({
        state: stateOf(book, name),
        oldestAt: waitingFor(book, name, policy, now).since,
      })),
      open: openOf(book).get('') ?? NOTHING,
    });
    const undecided = ({ condition, target }: Finding) => {
      if (target === null) return ofService.undecided.includes(condition);
      if (condition === 'TargetMisconfigured') return !isWhole;
      return looks.get(target.key)?.undecided.includes(condition) ?? true;
    };
    const found = [...[...looks.values()].flatMap(({ findings }) => findings), ...ofWrong, ...ofService.findings];
    const { lateSince = {} } = book.memo;
    const told = new Set(
      book.stories.flatMap(({ closed, members }) => (closed ? [] : members)).map(({ finding }) => finding.id),
    );
    const isLate = ({ condition, id }: Finding) => HELD_BACK.has(condition) && !told.has(id);
    const isUnknown = (key: string) =>
      key === '' ? ofService.undecided.includes('ReplicasDiffer') : configured.has(key) && !looks.has(key);
    const keys = [...Object.keys(lateSince).filter(isUnknown), ...found.filter(isLate).map(keyOf)];
    const late = Object.fromEntries(keys.map((key) => [key, Math.min(lateSince[key] ?? now, now)]));
    const isHeld = (each: Finding) => isLate(each) && now - (late[keyOf(each)] ?? now) < HOLD_BACK_MS;
    return { findings: found.filter((each) => !isHeld(each)), undecided, lateSince: late };
  }
}

/**
 * Which targets have left the configuration, of the memo and of open conditions, and since when the others are watched.
 * A target whose entry is only wrong has not left.
 */
function census(book: AlertBook, recorded: Recorded, around: Surroundings) {
  const { now, configuredAt, targets, misconfigured } = around;
  const isWhole = isOfAll(around);
  const before = book.memo.watchedSince;
  const wrong = new Set(misconfigured.map(({ name }) => name));
  const raised = openOf(book);
  const named = new Map(
    openMembers(book).flatMap(({ finding: { condition, target } }) =>
      condition === 'TargetMisconfigured' || target === null ? [] : [[target.key, target] as const],
    ),
  );
  const watchedSince: Record<string, number> = {};
  const left = new Map<string, FindingOf<'Unwatched'>>();
  for (const key of new Set([...Object.keys(before), ...named.keys()])) {
    if (targets.has(key)) continue;
    const known = before[key];
    const state = recorded.target(key);
    const target = state ?? named.get(key);
    const isWrong = target !== undefined && wrong.has(target.name);
    if (known !== undefined && (!isWhole || isWrong)) watchedSince[key] = known;
    if (!isWhole || isWrong || target === undefined) continue;
    const { name, envId, providerId } = target;
    const moved = targets.values().some((other) => other.envId === envId && other.providerId === providerId);
    const facts = { moved, open: [...(raised.get(key) ?? [])] };
    left.set(key, detectUnwatched({ key, name, envId, providerId }, state?.deployed?.expiresAt ?? null, facts));
  }
  for (const key of targets.keys()) watchedSince[key] = Math.min(before[key] ?? configuredAt, now);
  return { left, watchedSince };
}

/** False where some of the targets were selected (`once --target`). */
function isOfAll({ targets, configured }: Surroundings): boolean {
  return targets.size === configured.size;
}

function factsOf(book: AlertBook, around: Surroundings): LookFacts {
  const { watchedSince } = book.memo;
  const open = openOf(book);
  return {
    ...around,
    watchedSince: (key) => Math.min(watchedSince[key] ?? around.configuredAt, around.now),
    open: (key) => open.get(key) ?? NOTHING,
  };
}

const NOTHING: ReadonlySet<ConditionName> = new Set();

/** What was found and is not over. */
function openMembers({ stories }: AlertBook): StoryMember[] {
  return stories.flatMap(({ endedAt, members }) => (endedAt === null ? members : []));
}

/** … by the key of its target. */
function openOf(book: AlertBook): Map<string, Set<ConditionName>> {
  const open = new Map<string, Set<ConditionName>>();
  for (const { finding } of openMembers(book))
    open.set(keyOf(finding), (open.get(keyOf(finding)) ?? new Set()).add(finding.condition));
  return open;
}

/** Of the target; '': of the service itself. */
function keyOf({ target }: Finding): string {
  return target?.key ?? '';
}
