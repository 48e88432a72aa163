// The watch: checks what can be wrong, by the journal and by what only this process knows, and has the stories go on by
// it, in one update of the journal.

import { isDeepStrictEqual } from 'node:util';
import type { ConditionName, Finding, FindingOf } from '../core/alerts/conditions.ts';
import type { DigestFacts } from '../core/alerts/message.ts';
import type { AlertBook, AlertMemo, StoryMember } from '../core/alerts/records.ts';
import type { EventSink } from '../core/events.ts';
import type { AlertStore, Recorded, TargetStates } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import type { FleetState } from '../core/records.ts';
import { MINUTE } from '../core/time.ts';
import { SLICE, yieldToLoop } from '../net/event-loop.ts';
import { waitingFor } from './deliverer.ts';
import type { Look } from './detect/finding.ts';
import { clockOf, detectService, type ServiceFacts, type Surroundings } from './detect/service.ts';
import { detectMisconfigured, detectUnwatched } from './detect/target.ts';
import { digestOf } from './digest.ts';
import type { Wellbeing } from './heartbeat.ts';
import { advance, afterRotation, type Rotated, type Transition } from './stories/advance.ts';
import type { AlertPolicy } from './stories/news.ts';
import { type LookFacts, type OnLook, TargetLooks } from './target-looks.ts';
import { transitionEvent } from './transition-event.ts';
import { wellbeing } from './wellbeing.ts';

export interface WatchOptions {
  readonly policy: AlertPolicy;
  readonly version: string;
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

/** What lateness alone raises, also of a replica in the course of an update. */
const HELD_BACK: ReadonlySet<ConditionName> = new Set(['RenewalOverdue', 'CheckStale', 'ReplicasDiffer']);
/** For how long it must be found without a break: so long have the first checks after a start or a step of the clock. */
const HOLD_BACK_MS = 10 * MINUTE;

type Unwatched = FindingOf<'Unwatched'>;

/** What tells findings apart here. */
type Held = Pick<Finding, 'condition'> & { readonly target: { readonly key: string } | null };

/** Which targets have left the configuration, and since when the others are watched. */
interface Census {
  readonly left: ReadonlyMap<string, Unwatched>;
  readonly watchedSince: AlertMemo['watchedSince'];
}

export class Watch {
  private readonly tools: WatchTools;
  private readonly around: () => Surroundings;
  private readonly looks: TargetLooks;
  private options: WatchOptions;

  constructor(options: WatchOptions, surroundings: () => Surroundings, tools: WatchTools) {
    this.options = options;
    this.around = surroundings;
    this.tools = tools;
    this.looks = new TargetLooks(tools.onLook ?? (() => undefined));
  }

  configure(options: WatchOptions): void {
    this.options = options;
    this.looks.restart();
  }

  /** What the heartbeat sends. */
  wellbeing(book: AlertBook): Wellbeing {
    return wellbeing(book, this.options.policy, this.around());
  }

  /** Checks what may have changed, and writes changes and their messages to the journal. Throws what the journal throws. */
  async look(): Promise<void> {
    await this.catchUp();
    await this.record();
  }

  /** Looks at the targets, as far as they may have changed (target-looks.ts). The next `look` records what was found. */
  async catchUp(): Promise<void> {
    const { journal, clock } = this.tools;
    const around = this.around();
    this.looks.begin(clockOf(around), clock.monotonic());
    const facts = factsOf(await journal.alertBook(), around);
    for (;;) {
      const changed = await journal.changedSince(this.looks.revision, SLICE);
      this.looks.lookAt(changed, facts);
      if (changed.states.length < SLICE) break;
      await yieldToLoop();
    }
    this.looks.lookAtUnknown(facts);
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
    const around = this.around();
    const { stories } = await journal.alertBook();
    const { version } = this.options;
    return digestOf({
      version,
      targets: around.targets,
      states: await journal.targets(),
      stories,
      clock: clockOf(around),
    });
  }

  /** Writes what was found. */
  private async record(): Promise<void> {
    const { journal, clock, emit } = this.tools;
    const around = this.around();
    const { now } = around;
    let transitions: readonly Transition[] = [];
    let looks: ReadonlyMap<string, Look> = new Map();
    let gone: readonly Unwatched[] = [];
    await journal.updateAlerts((book, recorded) => {
      // Of more than a slice, the rest is taken in by the next look.
      this.looks.lookAt(recorded.changedSince(this.looks.revision, SLICE), factsOf(book, around));
      looks = new Map(this.looks.looks);
      const { left, watchedSince } = this.census(book, recorded, around);
      gone = [...left.values()];
      const { late, ...found } = this.detect(looks, book, recorded, around);
      const laneOf = (key: string) => around.configured.get(key)?.lane;
      const { isSweeping } = around;
      const result = advance(book, { now, ...found, laneOf, isSweeping, left }, this.options.policy);
      ({ transitions } = result);
      const memo = { watchedSince, ...(Object.keys(late).length === 0 ? {} : { late }) };
      return isDeepStrictEqual(memo, book.memo) ? result.update : { ...result.update, memo };
    });
    this.looks.settled(looks);
    for (const { target, loginsUntil: expiresAt, facts } of gone)
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
    const { isWhole } = this.options;
    const clock = clockOf(around);
    const ofWrong = (isWhole ? around.misconfigured : []).map((entry) =>
      detectMisconfigured(entry, recorded.named(entry.name), clock),
    );
    const ofService = detectService(this.serviceFacts(book, recorded.fleet(), around));
    const undecided = ({ condition, target }: Held) => {
      if (target === null) return ofService.undecided.includes(condition);
      if (condition === 'TargetMisconfigured') return !isWhole;
      return looks.get(target.key)?.undecided.includes(condition) ?? true;
    };
    const found = [...[...looks.values()].flatMap(({ findings }) => findings), ...ofWrong, ...ofService.findings];
    const late = this.lateOf(found, undecided, book, around);
    const isHeld = ({ id }: Finding) => around.now - (late[id]?.since ?? Number.NEGATIVE_INFINITY) < HOLD_BACK_MS;
    return { findings: found.filter((each) => !isHeld(each)), undecided, late };
  }

  /** Since when each of the findings that are held back was found. */
  private lateOf(
    found: readonly Finding[],
    undecided: (held: Held) => boolean,
    { stories, memo }: AlertBook,
    { now, configured }: Surroundings,
  ): NonNullable<AlertMemo['late']> {
    const told = new Set(
      stories.flatMap(({ closed, members }) => (closed ? [] : members)).map(({ finding }) => finding.id),
    );
    const open = Object.entries(memo.late ?? {}).filter(
      ([, { condition, key }]) =>
        (key === null || configured.has(key)) && undecided({ condition, target: key === null ? null : { key } }),
    );
    const late = found.filter(({ condition, id }) => HELD_BACK.has(condition) && !told.has(id));
    return Object.fromEntries([
      ...open,
      ...late.map(({ id, condition, target }) => {
        const since = Math.min(memo.late?.[id]?.since ?? now, now);
        return [id, { condition, key: target?.key ?? null, since }] as const;
      }),
    ]);
  }

  /**
   * Compares the targets with those that were watched before: of the memo, and of open conditions. A target whose entry
   * is only wrong has not left.
   */
  private census(book: AlertBook, recorded: Recorded, around: Surroundings): Census {
    const { memo } = book;
    const { now, since, targets, misconfigured } = around;
    const { isWhole } = this.options;
    const wrong = new Set(misconfigured.map(({ name }) => name));
    const open = new Map(
      openMembers(book).flatMap(({ finding: { target, condition } }) =>
        target === null || condition === 'TargetMisconfigured' ? [] : [[target.key, target] as const],
      ),
    );
    const raised = openByTarget(book);
    const watchedSince: Record<string, number> = {};
    const left = new Map<string, Unwatched>();
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
      const loginsUntil = state?.deployed?.expiresAt ?? null;
      left.set(
        key,
        detectUnwatched({ key, name, envId, providerId }, loginsUntil, { moved, open: [...(raised.get(key) ?? [])] }),
      );
    }
    for (const key of targets.keys()) watchedSince[key] = Math.min(memo.watchedSince[key] ?? since, now);
    return { left, watchedSince };
  }

  private serviceFacts(book: AlertBook, fleet: FleetState, around: Surroundings): ServiceFacts {
    const { policy } = this.options;
    return {
      ...around,
      fleet,
      // Of those that were not selected as well: the journal knows them.
      states: this.looks.serviceStates(),
      lastAskedAt: this.looks.lastAskedAt,
      channels: policy.routes.map(({ name }) => ({
        name,
        state: book.channels.find((state) => state.name === name),
        oldestAt: waitingFor(book, name, policy, around.now).since,
      })),
      open: new Set(openMembers(book).flatMap(({ finding }) => (finding.target === null ? [finding.condition] : []))),
    };
  }
}

function factsOf(book: AlertBook, around: Surroundings): LookFacts {
  const { watchedSince } = book.memo;
  const open = openByTarget(book);
  return {
    ...around,
    clock: clockOf(around),
    watchedSince: (key) => Math.min(watchedSince[key] ?? around.since, around.now),
    open: (key) => open.get(key) ?? NOTHING,
  };
}

const NOTHING: ReadonlySet<ConditionName> = new Set();

/** What was found and is not over. */
function openMembers({ stories }: AlertBook): StoryMember[] {
  return stories.flatMap(({ endedAt, members }) => (endedAt === null ? members : []));
}

function openByTarget(book: AlertBook): Map<string, Set<ConditionName>> {
  const open = new Map<string, Set<ConditionName>>();
  for (const { finding } of openMembers(book)) {
    if (finding.target === null) continue;
    const { key } = finding.target;
    open.set(key, (open.get(key) ?? new Set<ConditionName>()).add(finding.condition));
  }
  return open;
}
