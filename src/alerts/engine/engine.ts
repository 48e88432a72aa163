// The alert engine: a pure state machine over conditions. It compares the open conditions with what was found now, and
// returns what changes: conditions that are raised, repeated, escalated or cleared, and the messages about them. Both
// are one update of the journal, so that a crash neither loses nor doubles a transition.
import {
  type ConditionName,
  type ConditionTarget,
  type Finding,
  SAID_BY_LOGINS_FAIL,
  SEVERITIES,
} from '../../core/alerts/conditions.ts';
import type { AlertBook, AlertUpdate, ConditionRecord, Delivery, DeliverySubject } from '../../core/alerts/records.ts';
import { DAY } from '../../core/time.ts';
import { carries, type Route, recipientsOf } from './recipients.ts';
import { Threads } from './threads.ts';

export interface AlertPolicy {
  readonly repeatEvery: { readonly warningMs: number; readonly criticalMs: number };
  readonly routes: readonly Route[];
}

/** One check of everything that can be wrong. */
export interface Look {
  readonly now: number;
  readonly findings: readonly Finding[];
  /** True for an open condition if this check cannot say whether it is over: it stays as it is. */
  readonly undecided: (open: Finding) => boolean;
  /** Targets that left the configuration: each gets one event, and its conditions end without an all-clear. */
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

/** What became of a condition, for the log. */
export interface Transition {
  readonly what: 'raised' | 'escalated' | 'repeated' | 'cleared' | 'unwatched';
  readonly finding: Finding;
  readonly since: number;
}

export interface Advance {
  readonly update: AlertUpdate;
  readonly transitions: readonly Transition[];
}

type Status = Extract<DeliverySubject, { kind: 'condition' }>['status'];

/** Conditions that are repeated less often than `repeatEvery` says: nobody can fix them soon, or nobody has to. */
const REPEAT_MS: Partial<Record<ConditionName, number>> = {
  Unverified: 30 * DAY,
  SecretReplaced: Number.POSITIVE_INFINITY,
};

/** A stored instant further ahead of now than this was written while the clock was wrong. */
const AHEAD_MS = 60_000;

/** Compares the book with a check. The update is empty if nothing changes. */
export function advance(book: AlertBook, look: Look, policy: AlertPolicy): Advance {
  const course = new Course(book, look, policy);
  course.dropRemovedChannels();
  const left = new Set<string | undefined>(look.unwatched?.map(({ target }) => target.key));
  for (const each of look.unwatched ?? []) course.unwatch(each);
  const found = new Map(look.findings.map((finding) => [finding.id, finding]));
  for (const record of book.conditions) {
    const finding = found.get(record.finding.id);
    if (left.has(record.finding.target?.key)) continue;
    if (finding !== undefined) course.goOn(record, finding);
    else if (!look.undecided(record.finding)) course.end(record);
    else if (record.raisedAt !== null) course.goOn(record, record.finding);
  }
  const known = new Set(book.conditions.map(({ finding }) => finding.id));
  for (const finding of found.values()) if (!known.has(finding.id)) course.begin(finding);
  return course.result();
}

class Course {
  private readonly book: AlertBook;
  private readonly look: Look;
  private readonly policy: AlertPolicy;
  private readonly channels: ReadonlySet<string>;
  private readonly threads: Threads;
  private readonly queued: ReadonlySet<string>;
  /** Keys of targets with LoginsFail. */
  private readonly failing: ReadonlySet<string | undefined>;
  private readonly put: ConditionRecord[] = [];
  private readonly removed: string[] = [];
  private readonly deliveries: Delivery[] = [];
  private readonly dropped: string[] = [];
  private readonly gone: string[] = [];
  private readonly transitions: Transition[] = [];

  constructor(book: AlertBook, look: Look, policy: AlertPolicy) {
    this.book = book;
    this.look = look;
    this.policy = policy;
    this.channels = new Set(policy.routes.map(({ name }) => name));
    this.threads = new Threads(book.conditions, look.now, this.raisesPerChannel());
    this.queued = new Set(book.deliveries.map(queueKey));
    const open = book.conditions.map(({ finding }) => finding).filter(look.undecided);
    const failing = [...look.findings, ...open].filter(({ condition }) => condition === 'LoginsFail');
    this.failing = new Set(failing.map(({ target }) => target?.key));
  }

  /** Drops the messages of a channel that left the configuration; other channels carry its conditions. */
  dropRemovedChannels(): void {
    for (const { id, channel } of this.book.deliveries) if (!this.channels.has(channel)) this.dropped.push(id);
    for (const { name } of this.book.channels) if (!this.channels.has(name)) this.gone.push(name);
  }

  begin(finding: Finding): void {
    const { now } = this.look;
    const held = (finding.holdMs ?? 0) > 0;
    const record: ConditionRecord = { finding, foundAt: now, raisedAt: held ? null : now, toldAt: null, told: {} };
    if (held) this.put.push(record);
    else this.raise(record);
  }

  goOn(record: ConditionRecord, found: Finding): void {
    const { now } = this.look;
    // Severity does not fall within one episode: a condition that flaps would notify somebody each time.
    const finding = rank(found) < rank(record.finding) ? { ...found, severity: record.finding.severity } : found;
    const told = this.withoutRemovedChannels(record.told);
    const next: ConditionRecord = { ...record, finding, told, foundAt: Math.min(record.foundAt, now) };
    if (record.raisedAt === null) {
      if (now - next.foundAt < (finding.holdMs ?? 0)) this.keep(record, next);
      else this.raise({ ...next, raisedAt: now });
    } else if (rank(finding) > rank(record.finding)) {
      this.tell(next, 'escalated');
    } else {
      const due = this.repeatDue(next) && !this.isMuted(finding);
      this.tell(next, due ? 'repeated' : undefined, record);
    }
  }

  end(record: ConditionRecord): void {
    const { finding, raisedAt } = record;
    this.removed.push(finding.id);
    if (raisedAt === null) return;
    const told = Object.entries(record.told).filter(([channel]) => this.channels.has(channel));
    for (const [channel, thread] of told) {
      const closes = this.threads.leave(channel, thread, finding.id) ? [thread] : [];
      this.deliver(channel, 'cleared', record, thread, closes, this.look.now);
    }
    this.transitions.push({ what: 'cleared', finding, since: sinceOf(record) });
  }

  /** Ends the conditions of a target, drops their waiting messages, and notifies that it is no longer watched. */
  unwatch({ target, expiresAt, moved }: UnwatchedTarget): void {
    const ended = this.book.conditions.filter(({ finding }) => finding.target?.key === target.key);
    const ids = new Set(ended.map(({ finding }) => finding.id));
    for (const { id, subject } of this.book.deliveries) {
      if (subject.kind === 'condition' && ids.has(subject.finding.id)) this.dropped.push(id);
    }
    const closes = new Map(this.informed(target).map((channel) => [channel, [] as string[]]));
    for (const record of ended) {
      const { finding, raisedAt, told } = record;
      this.removed.push(finding.id);
      if (raisedAt !== null) this.transitions.push({ what: 'unwatched', finding, since: sinceOf(record) });
      for (const [channel, thread] of Object.entries(this.withoutRemovedChannels(told))) {
        const closed = this.threads.leave(channel, thread, finding.id) ? [thread] : [];
        closes.set(channel, [...(closes.get(channel) ?? []), ...closed]);
      }
    }
    const open = ended.filter(({ raisedAt }) => raisedAt !== null).map(({ finding }) => finding.condition);
    const { name, envId, providerId } = target;
    const event = { target: { name, envId, providerId }, expiresAt, moved, open };
    for (const [channel, threads] of closes) this.add(channel, { kind: 'unwatched', event, closes: threads });
  }

  result(): Advance {
    const update: AlertUpdate = {
      ...(this.put.length > 0 ? { putConditions: this.put } : {}),
      ...(this.removed.length > 0 ? { removeConditions: this.removed } : {}),
      ...(this.deliveries.length > 0 ? { addDeliveries: this.deliveries } : {}),
      ...(this.dropped.length > 0 ? { removeDeliveries: this.dropped } : {}),
      ...(this.gone.length > 0 ? { removeChannels: this.gone } : {}),
    };
    return { update, transitions: this.transitions };
  }

  private raise(record: ConditionRecord): void {
    this.tell(record, 'raised');
  }

  /**
   * Notifies the channels that carry the condition. A channel that was notified before gets what changed, if anything
   * did; any other (new, or for the higher severity only) gets the condition as raised.
   */
  private tell(
    record: ConditionRecord,
    change: 'raised' | 'escalated' | 'repeated' | undefined,
    before?: ConditionRecord,
  ): void {
    const { finding } = record;
    const told: Record<string, string> = { ...record.told };
    let spoke = change === 'raised' || change === 'escalated';
    for (const channel of recipientsOf(finding, this.policy.routes)) {
      const known = record.told[channel];
      if (known === undefined) {
        told[channel] = this.threads.join(channel, finding.id);
        this.deliver(channel, 'raised', record, told[channel], []);
      } else if (change === 'escalated') {
        const closes = this.threads.leave(channel, known, finding.id) ? [known] : [];
        told[channel] = this.threads.escalate(channel, finding.id);
        this.deliver(channel, 'escalated', record, told[channel], closes);
      } else if (change === 'repeated' && !this.queued.has(`${channel} ${finding.id}`)) {
        this.deliver(channel, 'repeated', record, known, []);
        spoke = true;
      }
    }
    const toldAt = spoke || change !== undefined ? this.look.now : record.toldAt;
    const next: ConditionRecord = { ...record, told, toldAt };
    if (change !== undefined && spoke) this.transitions.push({ what: change, finding, since: sinceOf(next) });
    this.keep(before, next);
  }

  private keep(before: ConditionRecord | undefined, next: ConditionRecord): void {
    if (before === undefined || !sameRecord(before, next)) this.put.push(next);
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

  private add(channel: string, subject: DeliverySubject): void {
    this.deliveries.push({ id: this.look.newId(), channel, at: this.look.now, subject });
  }

  private deliver(
    channel: string,
    status: Status,
    record: ConditionRecord,
    thread: string,
    closes: readonly string[],
    until: number | null = null,
  ): void {
    const { finding } = record;
    this.add(channel, { kind: 'condition', status, finding, since: sinceOf(record), until, thread, closes });
  }

  /** Also where it began anew after it was told: another secret of somebody else, another instant of expiry. */
  private repeatDue({ finding, toldAt }: ConditionRecord): boolean {
    const { now } = this.look;
    const { warningMs, criticalMs } = this.policy.repeatEvery;
    const every = REPEAT_MS[finding.condition] ?? (finding.severity === 'critical' ? criticalMs : warningMs);
    const isNews = finding.since !== null && toldAt !== null && finding.since > toldAt && finding.since <= now;
    return isNews || toldAt === null || toldAt > now + AHEAD_MS || now - toldAt >= every;
  }

  private isMuted({ condition, target }: Finding): boolean {
    return SAID_BY_LOGINS_FAIL.has(condition) && this.failing.has(target?.key);
  }

  private withoutRemovedChannels(told: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const kept = Object.entries(told).filter(([channel]) => this.channels.has(channel));
    return kept.length === Object.keys(told).length ? told : Object.fromEntries(kept);
  }

  /** How many conditions each channel is notified of for the first time by this check. */
  private raisesPerChannel(): ReadonlyMap<string, number> {
    const known = new Map(this.book.conditions.map((record) => [record.finding.id, record]));
    const counts = new Map<string, number>();
    for (const finding of this.look.findings) {
      for (const channel of recipientsOf(finding, this.policy.routes)) {
        if (known.get(finding.id)?.told[channel] === undefined) counts.set(channel, (counts.get(channel) ?? 0) + 1);
      }
    }
    return counts;
  }
}

/** When it began: by the facts, else when it was first found. */
export function sinceOf({ finding, foundAt }: Pick<ConditionRecord, 'finding' | 'foundAt'>): number {
  return finding.since === null ? foundAt : Math.min(finding.since, foundAt);
}

function queueKey({ channel, subject }: Delivery): string {
  return subject.kind === 'condition' ? `${channel} ${subject.finding.id}` : `${channel} ${subject.kind}`;
}

function rank({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity);
}

/** Both are plain data built in the same order of keys. */
function sameRecord(before: ConditionRecord, next: ConditionRecord): boolean {
  // Nearly all conditions of a large fleet were not looked at now, and keep their finding.
  const isSameFinding = before.finding === next.finding;
  const [a, b] = isSameFinding
    ? [
        { ...before, finding: null },
        { ...next, finding: null },
      ]
    : [before, next];
  return JSON.stringify(a) === JSON.stringify(b);
}
