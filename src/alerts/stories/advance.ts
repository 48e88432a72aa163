// The book of stories after a look: what was found joins the story of its cause, what is over leaves it, and a story in
// which nothing is left ends. Pure; what channels are told of it follows from the stories alone (news.ts).
import { isDeepStrictEqual } from 'node:util';
import { type Cause, isShared, type Subject, subjectOf } from '../../core/alerts/causes.ts';
import type { ConditionTarget, Finding, Severity } from '../../core/alerts/conditions.ts';
import type { AlertBook, AlertUpdate, Delivery, Story, StoryMember } from '../../core/alerts/records.ts';
import { DAY, MINUTE } from '../../core/time.ts';
import { type AlertPolicy, newsOf } from './news.ts';
import { carries } from './recipients.ts';
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
  /** Targets that left the configuration: each gets one event, and what is open of it ends without an all-clear. */
  readonly unwatched?: readonly UnwatchedTarget[];
  /** A fresh UUIDv7. */
  readonly newId: () => string;
}

/** A target that left the configuration, and when its client secret expires. */
export interface UnwatchedTarget {
  readonly target: ConditionTarget;
  readonly expiresAt: number | null;
  /** See UnwatchedEvent. */
  readonly moved: boolean;
}

/** What became of a story, for the log. */
export interface Transition {
  readonly what: 'opened' | 'changed' | 'closed' | 'unwatched';
  readonly story: Story;
}

export interface Advance {
  readonly update: AlertUpdate;
  readonly transitions: readonly Transition[];
}

/** How long the first message of a shared cause waits for the other targets. Longer would delay the alert. */
const GATHER_MS = MINUTE;
/** How long an end must hold at most: longer would keep an all-clear back for the sake of a story that flaps. */
const LONGEST_HOLD_MS = 10 * MINUTE;
/** What ended before its beginning could be told is dropped after a week: nobody can act on it by then. */
const OUTDATED_MS = 7 * DAY;

/** Compares the book with a check. The update is empty if nothing changes. */
export function advance(book: AlertBook, look: Look, policy: AlertPolicy): Advance {
  const course = new Course(book, look, policy);
  const left = new Map((look.unwatched ?? []).map((each) => [each.target.key, each]));
  const groups = course.group(left);
  for (const story of book.stories) course.goOn(story, groups.get(story.id)?.members ?? [], left);
  for (const [id, { cause, members }] of groups) course.begin(id, cause, members);
  for (const each of left.values()) course.unwatch(each);
  return course.result();
}

interface Group {
  readonly cause: Cause;
  readonly members: StoryMember[];
}

class Course {
  private readonly book: AlertBook;
  private readonly look: Look;
  private readonly policy: AlertPolicy;
  /** By id. */
  private readonly found: ReadonlyMap<string, Finding>;
  private readonly put: Story[] = [];
  private readonly deliveries: Delivery[] = [];
  private readonly removed: string[] = [];
  private readonly transitions: Transition[] = [];
  /** Channel → the incidents that end because their targets left. */
  private readonly closes = new Map<string, string[]>();

  constructor(book: AlertBook, look: Look, policy: AlertPolicy) {
    this.found = new Map(look.findings.map((finding) => [finding.id, finding]));
    this.book = book;
    this.look = look;
    this.policy = policy;
  }

  /** What is open now, by story. */
  group(left: ReadonlyMap<string, unknown>): Map<string, Group> {
    const { undecided, laneOf } = this.look;
    const { found } = this;
    const open = this.book.stories.filter(({ endedAt }) => endedAt === null);
    // What comes back before its end has held goes on as if it had never been away; what is held back goes on waiting.
    const before = new Map(
      this.book.stories.flatMap((story) =>
        story.members
          .filter((member) => !story.closed || !isRaised(member))
          .map((member) => [member.finding.id, { story, member }] as const),
      ),
    );
    const stories = new Set(open.map(({ id }) => id));
    const isFound = (id: string) => found.has(id) || stories.has(id);
    const groups = new Map<string, Group>();
    const add = ({ id, cause }: Subject, member: StoryMember) => {
      const group = groups.get(id) ?? { cause, members: [] };
      groups.set(id, group);
      group.members.push(member);
    };
    for (const [id, { story, member }] of before) {
      const { target } = member.finding;
      if (target !== null && left.has(target.key)) continue;
      const isUndecided = (story.endedAt === null || !isRaised(member)) && undecided(member.finding);
      const finding = found.get(id) ?? (isUndecided ? member.finding : undefined);
      if (finding === undefined) continue;
      // What was told of one target alone stays there: it is not over because something else explains it now.
      const stays = story.cause === 'RenewalFailing' && Object.keys(story.told).length > 0;
      const subject = stays || finding === member.finding ? story : subjectOf(finding, laneOf, isFound);
      add(subject, this.lasting(member, finding === member.finding ? finding : quiet(finding, subject)));
    }
    for (const [id, finding] of found) {
      if (before.has(id)) continue;
      const subject = subjectOf(finding, laneOf, isFound);
      add(subject, this.beginning(quiet(finding, subject)));
    }
    // What explains a failure lasts as long as the failure does.
    for (const { id, members } of open) {
      const group = groups.get(id);
      const own = members.filter(({ finding }) => finding.id === id);
      if (group !== undefined && !group.members.some(({ finding }) => finding.id === id)) group.members.unshift(...own);
    }
    return groups;
  }

  goOn(story: Story, members: readonly StoryMember[], left: ReadonlyMap<string, unknown>): void {
    const { now } = this.look;
    const told = this.toldOf(story);
    const endedAt = story.endedAt === null ? null : Math.min(story.endedAt, now);
    const wasRaised = viewOf(story) !== undefined;
    if (members.some(isRaised) || (members.length > 0 && !wasRaised)) {
      const isBack = endedAt !== null;
      // Nearly all stories of a large fleet were not looked at now.
      const isSame = members.length === story.members.length && members.every((each, i) => each === story.members[i]);
      if (isSame && !isBack && story.gathersUntil === null && told === story.told) return;
      const holdMs = isBack ? Math.min(LONGEST_HOLD_MS, Math.max(2 * story.holdMs, now - endedAt)) : story.holdMs;
      const isGathering = this.look.isSweeping && story.gathersUntil !== null;
      const gathersUntil = isGathering ? Math.min(story.gathersUntil, now + GATHER_MS) : null;
      const since = isBack && story.closed ? now : story.since;
      const next = this.dated({ ...story, members, told, gathersUntil, endedAt: null, holdMs, since, closed: false });
      this.keep(story, next);
      const wasOpen = wasRaised && !story.closed;
      if (!wasOpen && viewOf(next) !== undefined) this.transitions.push({ what: 'opened', story: next });
      else if (wasOpen && isOther(story, next, now)) this.transitions.push({ what: 'changed', story: next });
      return;
    }
    const hasLeft = story.members.some(({ finding: { target } }) => target !== null && left.has(target.key));
    // What is told at the end stays, with what is held back still.
    const ended = { ...story, told, members: [...story.members.filter(isRaised), ...members], gathersUntil: null };
    if (endedAt !== null) this.linger({ ...ended, endedAt }, story);
    else if (!wasRaised || this.isElsewhere(story)) this.removed.push(story.id);
    else if (hasLeft) this.leave(ended);
    else this.linger({ ...ended, endedAt: now }, story);
  }

  begin(id: string, cause: Cause, members: readonly StoryMember[]): void {
    if (this.book.stories.some((story) => story.id === id)) return;
    const { now, isSweeping } = this.look;
    const gathersUntil = isShared(cause) && isSweeping ? now + GATHER_MS : null;
    const own = { endedAt: null, holdMs: this.policy.leastHoldMs, closed: false, told: {} };
    const story = this.dated({ id, cause, members, since: now, gathersUntil, ...own });
    this.put.push(story);
    if (viewOf(story) !== undefined) this.transitions.push({ what: 'opened', story });
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

  /** Nobody was told of it, and what it held is told in another story now. */
  private isElsewhere({ members, told }: Story): boolean {
    return Object.keys(told).length === 0 && members.every(({ finding }) => this.found.has(finding.id));
  }

  /** Its last targets left the configuration: nobody is told that it is over. */
  private leave(story: Story): void {
    this.removed.push(story.id);
    this.transitions.push({ what: 'unwatched', story });
    for (const [channel, { thread, over }] of Object.entries(story.told))
      if (!over) this.closes.set(channel, [...(this.closes.get(channel) ?? []), thread]);
  }

  /** Says of a target that it is no longer watched. */
  unwatch({ target, expiresAt, moved }: UnwatchedTarget): void {
    const { now, newId } = this.look;
    const open = this.book.stories
      .filter(({ endedAt }) => endedAt === null)
      .flatMap(({ members }) => members)
      .filter(({ finding, raisedAt }) => finding.target?.key === target.key && raisedAt !== null)
      .map(({ finding }) => finding.condition);
    const { name, envId, providerId } = target;
    const event = { target: { name, envId, providerId }, expiresAt, moved, open };
    const channels = new Set([...this.informed(target), ...this.closes.keys()]);
    for (const channel of channels) {
      const closes = this.closes.get(channel) ?? [];
      this.closes.delete(channel);
      this.deliveries.push({ id: newId(), channel, at: now, subject: { kind: 'unwatched', event, closes } });
    }
  }

  result(): Advance {
    const channels = new Set(this.policy.routes.map(({ name }) => name));
    const dropped = this.book.deliveries.filter(
      ({ channel, at }) => !channels.has(channel) || this.look.now - at > OUTDATED_MS,
    );
    const gone = this.book.channels.filter(({ name }) => !channels.has(name));
    const update: AlertUpdate = {
      ...(this.put.length > 0 ? { putStories: this.put } : {}),
      ...(this.removed.length > 0 ? { removeStories: this.removed } : {}),
      ...(this.deliveries.length > 0 ? { addDeliveries: this.deliveries } : {}),
      ...(dropped.length > 0 ? { removeDeliveries: dropped.map(({ id }) => id) } : {}),
      ...(gone.length > 0 ? { removeChannels: gone.map(({ name }) => name) } : {}),
    };
    return { update, transitions: this.transitions };
  }

  private beginning(finding: Finding): StoryMember {
    const { now } = this.look;
    const raisedAt = (finding.holdMs ?? 0) > 0 ? null : now;
    return { finding, foundAt: now, raisedAt, criticalAt: finding.severity === 'critical' ? now : null };
  }

  /** The same object where nothing has changed: nearly all of a large fleet was not looked at now. */
  private lasting(member: StoryMember, found: Finding): StoryMember {
    const { now } = this.look;
    // Severity does not fall within one episode: what flaps would notify somebody each time.
    const isWorse = member.criticalAt !== null && found.severity !== 'critical';
    const finding = isWorse ? { ...found, severity: 'critical' as Severity } : found;
    const foundAt = Math.min(member.foundAt, now);
    const due = now - foundAt >= (finding.holdMs ?? 0) ? now : null;
    const raisedAt = member.raisedAt === null ? due : Math.min(member.raisedAt, now);
    const critical = finding.severity === 'critical' ? now : null;
    const criticalAt = member.criticalAt === null ? critical : Math.min(member.criticalAt, now);
    const next: StoryMember = { finding, foundAt, raisedAt, criticalAt };
    return isDeepStrictEqual(member, next) ? member : next;
  }

  private keep(before: Story, next: Story): void {
    if (!isDeepStrictEqual(before, next)) this.put.push(next);
  }

  /** Since when it lasts: by the facts, else since it was found. A single trouble may begin anew. */
  private dated(story: Story): Story {
    const raised = story.members.filter(isRaised);
    const starts = raised.map(({ finding, foundAt }) => Math.min(finding.since ?? foundAt, foundAt));
    const isSingle = raised.length === 1 && !isShared(story.cause);
    const since = Math.min(...(isSingle ? starts : [story.since, ...starts]));
    return { ...story, since };
  }

  private toldOf({ told }: Story): Story['told'] {
    const kept = Object.entries(told).filter(([channel]) => this.policy.routes.some(({ name }) => name === channel));
    return kept.length === Object.keys(told).length ? told : Object.fromEntries(kept);
  }

  /**
   * The channels that carry warnings about a target. If the only channel that named it under `targets` has left the
   * configuration as well, these are all channels that carry warnings, or else all channels.
   */
  private informed(target: ConditionTarget): string[] {
    const { routes } = this.policy;
    const warned = routes.filter(({ severities }) => severities.includes('warning'));
    const carrying = routes.filter((route) => carries(route, 'warning', target));
    const [chosen] = [carrying, warned, routes].filter(({ length }) => length > 0);
    return (chosen ?? []).map(({ name }) => name);
  }
}

/** Of what is told in one with others nothing is kept that changes with every attempt. */
function quiet(finding: Finding, { cause }: Subject): Finding {
  if (cause === finding.condition || cause === 'RenewalFailing') return finding;
  const { logins: _, ...rest } = finding;
  if (rest.condition !== 'RotationFailing') return rest;
  return { ...rest, facts: { ...rest.facts, failures: 0, nextAttemptAt: null } };
}

/** It is not held back any more. */
function isRaised({ raisedAt }: StoryMember): boolean {
  return raisedAt !== null;
}

function isOther(before: Story, next: Story, now: number): boolean {
  const [a, b] = [viewOf(before), viewOf(next)];
  if (a === undefined || b === undefined) return false;
  return a.severity !== b.severity || a.lead.error?.code !== b.lead.error?.code || nextOf(a, now) !== nextOf(b, now);
}
