// The book of stories after a look: what was found joins the story of its cause, what is over leaves it, and a story in
// which nothing is left ends. Pure; what channels are told of it follows from the stories alone (news.ts).
import { isDeepStrictEqual } from 'node:util';
import { isShared, type Subject, stageOf, subjectOf } from '../../core/alerts/causes.ts';
import type { Finding } from '../../core/alerts/conditions.ts';
import type { Cause } from '../../core/alerts/names.ts';
import { type AlertBook, type AlertUpdate, newStory, type Story, type StoryMember } from '../../core/alerts/records.ts';
import { DAY, MINUTE } from '../../core/time.ts';
import { type AlertPolicy, newsOf } from './news.ts';
import { nextOf, viewOf } from './view.ts';

/** One check of everything that can be wrong. */
export interface Look {
  readonly now: number;
  readonly findings: readonly Finding[];
  /** True for what is open if this check cannot say whether it is over: it stays as it is. */
  readonly undecided: (open: Finding) => boolean;
  /** The lane of a target, by its key; undefined: it is not known. */
  readonly laneOf: (key: string) => string | undefined;
  /** Passes are under way, so that more targets may turn out to have the same trouble. */
  readonly isSweeping: boolean;
  /** By key, the targets that left the configuration (`Unwatched`): what is open of them ends without an all-clear. */
  readonly left?: ReadonlyMap<string, Finding>;
}

/** What became of a story, for the log. */
export interface Transition {
  readonly what: 'opened' | 'changed' | 'closed' | 'unwatched';
  readonly story: Story;
}

/** How long the first message waits for other targets that have the same trouble. Longer would delay the alert. */
const GATHER_MS = MINUTE;
/** How long an end must hold at most: longer would keep an all-clear back for the sake of a story that flaps. */
const LONGEST_HOLD_MS = 10 * MINUTE;
/** What ended before its beginning could be told is dropped after a week: nobody can act on it by then. */
const OUTDATED_MS = 7 * DAY;

/** Compares the book with a check. The lists of the update are empty if nothing changes. */
export function advance(book: AlertBook, look: Look, policy: AlertPolicy): ReturnType<Course['result']> {
  const course = new Course(book, look, policy);
  const groups = course.group();
  for (const story of book.stories) course.goOn(story, groups.get(story.id)?.members ?? []);
  for (const [id, { cause, members }] of groups) course.begin(id, cause, members);
  course.unwatch();
  return course.result();
}

/** A rotation of a target that succeeded. */
export interface Rotated {
  readonly key: string;
  readonly rotation: NonNullable<Story['rotation']>;
  /** The failure of logins that it ended, which may have been found in the same pass; undefined: it ended none. */
  readonly ended: Finding | undefined;
}

/**
 * The stories of a target after a rotation: those that last note it, and what was found and put right before anybody could
 * be told of it is a story that is over, and still to be told.
 */
export function afterRotation({ stories }: AlertBook, { key, rotation, ended }: Rotated, now: number): AlertUpdate {
  const isOf = ({ cause, endedAt, members }: Story) =>
    !isShared(cause) && endedAt === null && members.every(({ finding: { target } }) => target?.key === key);
  const going = stories.filter(isOf).map((story) => ({ ...story, rotation }));
  if (ended === undefined || stories.some(({ id }) => id === ended.id))
    return going.length === 0 ? {} : { putStories: going };
  const since = Math.min(ended.since ?? now, now);
  return { putStories: [...going, { ...overStory(ended.id, ended, now), since, rotation }] };
}

/** What was found, and is over. */
function overStory(id: string, finding: Finding, now: number): Story {
  const members = [{ finding, foundAt: now, criticalAt: null }];
  return { ...newStory(id, finding.condition as Cause, members, now), endedAt: now, closed: true };
}

class Course {
  private readonly book: AlertBook;
  private readonly look: Look;
  private readonly policy: AlertPolicy;
  /** By id. */
  private readonly found: ReadonlyMap<string, Finding>;
  private readonly put: Story[] = [];
  private readonly removed: string[] = [];
  private readonly transitions: Transition[] = [];
  private readonly left: ReadonlyMap<string, Finding>;
  /** Those of which it is told that they left, by the id of what says so. */
  private readonly toldToLeave = new Set<string>();

  constructor(book: AlertBook, look: Look, policy: AlertPolicy) {
    this.found = new Map(look.findings.map((finding) => [finding.id, finding]));
    this.book = book;
    this.look = look;
    this.left = look.left ?? new Map();
    this.policy = policy;
  }

  /** What is open now, by story. */
  group(): Map<string, { readonly cause: Cause; readonly members: StoryMember[] }> {
    const { undecided, laneOf } = this.look;
    const { found, left } = this;
    const going = this.book.stories.filter(({ endedAt }) => endedAt === null);
    // What comes back before its end has held goes on as if it had never been away.
    // Of two stories that hold the same, the one whose cause hides the other comes last, and counts.
    const before = new Map(
      this.book.stories
        .filter(({ closed }) => !closed)
        .toSorted((a, b) => stageOf(b.cause) - stageOf(a.cause))
        .flatMap((story) => story.members.map((member) => [member.finding.id, { story, member }] as const)),
    );
    // What explains others: what was found or is not decided, and a single trouble as long as it explains something.
    const open = [...before.values()].flatMap(({ member: { finding } }) => (undecided(finding) ? finding : []));
    const explaining = new Set([
      ...[...found.values(), ...open].map((each) => subjectOf(each, laneOf, () => false).id),
      ...going.flatMap(({ id, cause }) => (isShared(cause) ? [] : id)),
    ]);
    const isFound = (id: string) => explaining.has(id);
    const groups: ReturnType<Course['group']> = new Map();
    const add = ({ id, cause }: Subject, member: StoryMember) => {
      const group = groups.get(id) ?? { cause, members: [] };
      groups.set(id, group);
      group.members.push(member);
    };
    for (const id of new Set([...before.keys(), ...found.keys()])) {
      const { story, member } = before.get(id) ?? {};
      const old = member?.finding;
      if (left.has(old?.target?.key ?? '')) continue;
      const kept = story?.endedAt === null && old !== undefined && undecided(old) ? old : undefined;
      const finding = found.get(id) ?? kept;
      if (finding === undefined) continue;
      // What was told by itself stays there: it is not over because something else explains it now.
      const stays = story !== undefined && isTold(story) && (story.cause === 'RenewalFailing' || isOwn(story, finding));
      const subject = story !== undefined && (stays || finding === old) ? story : subjectOf(finding, laneOf, isFound);
      add(subject, this.memberOf(finding === old ? finding : quiet(finding, subject), member));
    }
    for (const story of going) {
      const members = groups.get(story.id)?.members ?? [];
      if (isShared(story.cause) && isTold(story)) {
        const held = new Set(members.map(({ finding }) => finding.id));
        // It is not over for a target that fails earlier now.
        const isHidden = (finding: Finding) => {
          const { id, target } = finding;
          const current = found.get(id);
          if (held.has(id) || left.has(target?.key ?? '')) return false;
          if (current === undefined) return undecided(finding);
          return stageOf(subjectOf(current, laneOf, isFound).cause) < stageOf(story.cause);
        };
        for (const member of story.members) if (isHidden(member.finding)) add(story, member);
      } else if (members.length > 0 && !members.some(({ finding }) => isOwn(story, finding))) {
        // What explains a failure lasts as long as the failure does.
        members.unshift(...story.members.filter(({ finding }) => isOwn(story, finding)));
      }
    }
    return groups;
  }

  goOn(story: Story, members: readonly StoryMember[]): void {
    const { now } = this.look;
    const told = this.toldOf(story);
    const endedAt = story.endedAt === null ? null : Math.min(story.endedAt, now);
    if (members.length > 0) {
      const isBack = endedAt !== null;
      // Nearly all stories of a large fleet were not looked at now.
      const isSame = members.length === story.members.length && members.every((each, i) => each === story.members[i]);
      if (isSame && !isBack && story.gathersUntil === null && told === story.told) return;
      const holdMs = isBack ? Math.min(LONGEST_HOLD_MS, Math.max(2 * story.holdMs, now - endedAt)) : story.holdMs;
      const isGathering = this.look.isSweeping && story.gathersUntil !== null;
      const gathersUntil = isGathering ? Math.min(story.gathersUntil, now + GATHER_MS) : null;
      const since = isBack && story.closed ? now : story.since;
      const rotation = isBack ? null : story.rotation;
      const going = { ...story, members, told, gathersUntil, endedAt: null, holdMs, since, rotation, closed: false };
      const next = this.dated(going);
      this.keep(story, next);
      if (story.closed) this.transitions.push({ what: 'opened', story: next });
      else if (isOther(story, next, now)) this.transitions.push({ what: 'changed', story: next });
      return;
    }
    const left = story.members.flatMap(({ finding: { target } }) => this.left.get(target?.key ?? '') ?? []);
    const ended = { ...story, told, gathersUntil: null };
    if (endedAt !== null) this.linger({ ...ended, endedAt }, story);
    // Nobody was told of it, and what it held is told in another story now.
    else if (!isTold(story) && story.members.every(({ finding }) => this.found.has(finding.id)))
      this.removed.push(story.id);
    else if (left[0] !== undefined) this.leave(ended, left[0]);
    else this.linger({ ...ended, endedAt: now }, story);
  }

  begin(id: string, cause: Cause, members: readonly StoryMember[]): void {
    if (this.book.stories.some((story) => story.id === id)) return;
    const { now } = this.look;
    const gathersUntil = isShared(cause) || cause === 'LoginsFail' ? now + GATHER_MS : null;
    const own = { gathersUntil, holdMs: this.policy.leastHoldMs, closed: true };
    this.goOn({ ...newStory(id, cause, [], now), ...own }, members);
  }

  /** Over: its end is logged once it has held, and it is kept until every channel was told and it would not flap. */
  private linger(story: Story, before: Story): void {
    const { now } = this.look;
    const lastedMs = now - (story.endedAt ?? now);
    const closed = lastedMs >= story.holdMs;
    const next = { ...story, closed };
    if (closed && !story.closed) this.transitions.push({ what: 'closed', story });
    const isTold = this.policy.routes.every(({ name }) => newsOf(story, name, this.policy, now) === undefined);
    // Who was told of it is told that it is over, however late.
    const isOpen = Object.values(story.told).some(({ over }) => !over);
    const keptMs = isTold ? LONGEST_HOLD_MS : isOpen ? Number.POSITIVE_INFINITY : OUTDATED_MS;
    if (closed && lastedMs >= keptMs) this.removed.push(story.id);
    else this.keep(before, next);
  }

  /** Its last targets left the configuration: who was told of it is told that, and not that it is over. */
  private leave(story: Story, finding: Finding): void {
    this.removed.push(story.id);
    this.transitions.push({ what: 'unwatched', story });
    const open = Object.entries(story.told).filter(([, { over }]) => !over);
    if (open.length === 0) return;
    this.toldToLeave.add(finding.id);
    this.put.push({ ...overStory(`Unwatched/${story.id}`, finding, this.look.now), told: Object.fromEntries(open) });
  }

  /** Says of each other target that left that it is no longer watched. */
  unwatch(): void {
    for (const finding of this.left.values())
      if (!this.toldToLeave.has(finding.id)) this.put.push(overStory(finding.id, finding, this.look.now));
  }

  result(): { readonly update: AlertUpdate; readonly transitions: readonly Transition[] } {
    const channels = new Set(this.policy.routes.map(({ name }) => name));
    const removeChannels = this.book.channels.flatMap(({ name }) => (channels.has(name) ? [] : name));
    const update = { putStories: this.put, removeStories: this.removed, removeChannels };
    return { update, transitions: this.transitions };
  }

  /** The same object where nothing has changed: nearly all of a large fleet was not looked at now. */
  private memberOf(found: Finding, before: StoryMember | undefined): StoryMember {
    const { now } = this.look;
    // Severity does not fall within one episode: what flaps would notify somebody each time.
    const isCritical = found.severity === 'critical' || (before?.criticalAt ?? null) !== null;
    const member: StoryMember = {
      finding: isCritical && found.severity !== 'critical' ? { ...found, severity: 'critical' } : found,
      foundAt: Math.min(before?.foundAt ?? now, now),
      criticalAt: isCritical ? Math.min(before?.criticalAt ?? now, now) : null,
    };
    return before !== undefined && isDeepStrictEqual(before, member) ? before : member;
  }

  private keep(before: Story, next: Story): void {
    if (!isDeepStrictEqual(before, next)) this.put.push(next);
  }

  /** Since when it lasts: by the facts, else since it was found. A single trouble may begin anew. */
  private dated(story: Story): Story {
    const starts = story.members.map(({ finding, foundAt }) => Math.min(finding.since ?? foundAt, foundAt));
    const isSingle = starts.length === 1 && !isShared(story.cause);
    const since = Math.min(...(isSingle ? starts : [story.since, ...starts]));
    return { ...story, since };
  }

  private toldOf({ told }: Story): Story['told'] {
    const kept = Object.entries(told).filter(([channel]) => this.policy.routes.some(({ name }) => name === channel));
    return kept.length === Object.keys(told).length ? told : Object.fromEntries(kept);
  }
}

/** Of what is told in one with others nothing is kept that changes with every attempt. */
function quiet(finding: Finding, { cause }: Subject): Finding {
  if (cause === finding.condition || cause === 'RenewalFailing') return finding;
  const { logins: _, ...rest } = finding;
  if (rest.condition !== 'RotationFailing') return rest;
  return { ...rest, facts: { ...rest.facts, failures: 0, nextAttemptAt: null } };
}

/** It was told over some channel. */
function isTold({ told }: Story): boolean {
  return Object.keys(told).length > 0;
}

/** The finding is what the story is about, not something that it explains. */
function isOwn({ cause, id }: Story, finding: Finding): boolean {
  return finding.id === id && finding.condition === cause;
}

function isOther(before: Story, next: Story, now: number): boolean {
  const [a, b] = [viewOf(before), viewOf(next)];
  return a.severity !== b.severity || a.lead.error?.code !== b.lead.error?.code || nextOf(a, now) !== nextOf(b, now);
}
