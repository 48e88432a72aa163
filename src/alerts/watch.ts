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

/** How often targets of which nothing was written are looked at in turn: only time can have changed something. */
const TURN_MS = 60_000;
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
  /** When targets were last looked at in turn, on the monotonic clock. */
  private turnAt = Number.NEGATIVE_INFINITY;
  /** Whose census was taken last, and the latest instant in it. */
  private counted: { readonly watchedSince: object; readonly targets: object; readonly latest: number } | undefined;

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
    return wellbeing(book, this.options.policy, this.around());
  }

  /** Checks what may have changed, and writes changes and their messages to the journal. Throws what the journal throws. */
  async look(): Promise<void> {
    await this.lookAtTargets();
    await this.record();
  }

  /** Looks at every target whose state was written since the last look. The next `look` records what was found. */
  async catchUp(): Promise<void> {
    const { journal, clock } = this.tools;
    const around = this.around();
    const at = clock.monotonic();
    this.looks.begin(clockOf(around), at);
    const facts = factsOf(await journal.alertBook(), around);
    for (;;) {
      const changed = await journal.changedSince(this.looks.revision, SLICE);
      this.looks.lookAt(changed, facts);
      if (changed.states.length < SLICE) return;
      await yieldToLoop();
    }
  }

  /** … and at those of which something is open or held back, and a share of the others, because time has passed. */
  private async lookAtTargets(): Promise<void> {
    const { journal, clock } = this.tools;
    await this.catchUp();
    const at = clock.monotonic();
    const book = await journal.alertBook();
    const facts = factsOf(book, this.around());
    const keys = new Set(this.looks.unseen(facts));
    if (at - this.turnAt >= TURN_MS) {
      this.turnAt = at;
      const late = Object.values(book.memo.late ?? {}).flatMap(({ key }) => key ?? []);
      const open = openMembers(book).flatMap(({ finding }) => finding.target?.key ?? []);
      for (const key of [...this.looks.inTurn(facts), ...late, ...open]) keys.add(key);
    }
    let left = SLICE;
    for (const key of keys) {
      this.looks.look(key, await journal.target(key), facts);
      left -= 1;
      if (left > 0) continue;
      left = SLICE;
      await yieldToLoop();
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
    const { now, targets } = around;
    let transitions: readonly Transition[] = [];
    let looks: ReadonlyMap<string, Look> = new Map();
    let census: Census | undefined;
    let before = EMPTY_MEMO;
    const { memo = before } = await journal.updateAlerts((book, recorded) => {
      before = book.memo;
      // Of more than a slice, the rest is taken in by the next look.
      const changed = recorded.changedSince(this.looks.revision, SLICE);
      this.looks.lookAt(changed, factsOf(book, around));
      looks = new Map(this.looks.looks);
      census = this.census(book, recorded, around);
      const { late, ...found } = this.detect(looks, book, recorded, around);
      const laneOf = (key: string) => around.configured.get(key)?.lane;
      const { isSweeping } = around;
      const left = census?.left ?? new Map();
      const result = advance(book, { now, ...found, laneOf, isSweeping, left }, this.options.policy);
      ({ transitions } = result);
      if (census === undefined && isDeepStrictEqual(late, before.late ?? {})) return result.update;
      const { watchedSince } = census ?? before;
      const memo = { watchedSince, ...(Object.keys(late).length === 0 ? {} : { late }) };
      return { ...result.update, memo };
    });
    this.looks.settled(looks);
    const { watchedSince } = memo;
    if (census !== undefined)
      this.counted = { watchedSince, targets, latest: Object.values(watchedSince).reduce((a, b) => Math.max(a, b), 0) };
    else if (this.counted !== undefined) this.counted = { ...this.counted, watchedSince };
    for (const { target, loginsUntil: expiresAt, facts } of census?.left.values() ?? [])
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
   * is only wrong has not left. Undefined if nothing of that has changed since the last census.
   */
  private census(book: AlertBook, recorded: Recorded, around: Surroundings): Census | undefined {
    const { memo } = book;
    const { now, since, targets, misconfigured } = around;
    const { counted } = this;
    if (counted?.watchedSince === memo.watchedSince && counted.targets === targets && counted.latest <= now)
      return undefined;
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
