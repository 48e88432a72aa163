// What a channel is told next of a story: the difference between what is known and what was last told there. Pure. Nothing
// waits in an outbox: what was not told yet is found again at every attempt, as it is by then.
import type { ConditionName } from '../../core/alerts/conditions.ts';
import type { NewsStatus, Story, StoryMember, Told } from '../../core/alerts/records.ts';
import { DAY, HOUR, MINUTE } from '../../core/time.ts';
import { type Route, routeOf } from './recipients.ts';
import { nextOf, type StoryView, viewOf } from './view.ts';

export interface AlertPolicy {
  readonly repeatEvery: { readonly warningMs: number; readonly criticalMs: number };
  readonly routes: readonly Route[];
  /** For how long an end must hold at least before it is told. */
  readonly leastHoldMs: number;
}

/** What a configuration says of alerts, as far as it matters here. */
export interface AlertSettings extends Pick<AlertPolicy, 'repeatEvery'> {
  readonly channels: readonly (Pick<Route, 'name' | 'severities'> & {
    readonly targets?: readonly string[] | undefined;
  })[];
}

/**
 * For how long an end must hold at least before it is told. Shorter, and what flaps would be told again and again; longer
 * would only delay the all-clear.
 */
const LEAST_HOLD_MS = MINUTE;

/** Where the alerts of a configuration go, and how often. A process that ends after one look tells an end at once. */
export function policyOf({ channels, repeatEvery }: AlertSettings, isBrief: boolean): AlertPolicy {
  const routes = channels.map(({ name, severities, targets }) => ({ name, severities, targets }));
  return { repeatEvery, routes, leastHoldMs: isBrief ? 0 : LEAST_HOLD_MS };
}

/** What is to be told of one story over one channel. */
export interface News {
  readonly story: Story;
  readonly status: Exclude<NewsStatus, 'happened'>;
  /** From when on; it may lie ahead. */
  readonly dueAt: number;
  readonly view: StoryView;
  /** PagerDuty's incident of it, and those that are over once this is told. */
  readonly thread: string;
  readonly closes: readonly string[];
}

/** Stories that are repeated otherwise than `repeatEvery` says: nobody can fix them soon, or nobody has to. */
const REPEAT_MS: Partial<Record<ConditionName, number>> = {
  Unverified: 30 * DAY,
  SecretReplaced: Number.POSITIVE_INFINITY,
};
/** A reminder comes later each time, but at least once a day (or as often as `repeatEvery` says, if that is rarer). */
const RAREST_MS = DAY;
/** Targets that cannot wait and join within this time are told together. Longer would keep somebody waiting. */
const JOIN_MS = 10 * MINUTE;
/** Other changes are told once in this time: errors of a network change with every attempt. */
const CHANGE_MS = HOUR;
/** A deadline that moves by less changes nothing for the reader. */
const SOONER_MS = DAY;
/** Fixed, so that what waits for it for a moment does not wait for ever. */
const AT_ONCE = 0;
/** An instant further ahead of now than this was stored while the clock was wrong. */
const AHEAD_MS = MINUTE;

/** What is to be told over a channel, due or not. */
export function newsFor(stories: readonly Story[], channel: string, policy: AlertPolicy, now: number): News[] {
  const failing = new Set(
    stories.flatMap(({ cause, endedAt, id }) => (cause === 'LoginsFail' && endedAt === null ? id : [])),
  );
  return stories.flatMap((story) => {
    const news = newsOf(story, channel, policy, now);
    if (news === undefined) return [];
    // Logins that fail say it better: beside them it is neither repeated nor changed.
    const isSaid = story.cause === 'RenewalFailing' && failing.has(story.id.replace('RenewalFailing', 'LoginsFail'));
    return isSaid && (news.status === 'repeated' || news.status === 'changed') ? [] : [news];
  });
}

/** The next news of a story for a channel, due or not; undefined if none is foreseen. */
export function newsOf(story: Story, name: string, policy: AlertPolicy, now: number): News | undefined {
  const route = routeOf(name, story, policy.routes);
  const told = story.told[name];
  const seen = viewOf(story, route);
  const isOpen = told !== undefined && !told.over;
  const all = viewOf(story);
  if (all === undefined || route === undefined) return undefined;
  const whole = seen ?? { ...all, targets: [] };
  const of = (
    status: News['status'],
    dueAt: number,
    thread = told?.thread ?? story.id,
    closes: string[] = [],
  ): News => ({
    ...{ story, status, dueAt, view: whole, thread, closes },
  });
  if (story.endedAt !== null) {
    const dueAt = story.endedAt + story.holdMs;
    if (isOpen) return of('cleared', dueAt, told.thread, [told.thread]);
    return told === undefined && seen !== undefined && route.severities.includes(seen.severity)
      ? of('ended', dueAt, story.id)
      : undefined;
  }
  // The targets that this channel carries are well, while others are not.
  if (seen === undefined) return isOpen ? of('cleared', AT_ONCE, told.thread, [told.thread]) : undefined;
  if (!isOpen) {
    if (!route.severities.includes(seen.severity)) return undefined;
    return of('raised', story.gathersUntil ?? first(seen.members.map(({ raisedAt }) => raisedAt)) ?? now, story.id);
  }
  return changeOf(seen, told, policy, now, of, story);
}

/** What has changed since a channel was told, else the next reminder. */
function changeOf(
  view: StoryView,
  told: Told,
  policy: AlertPolicy,
  now: number,
  of: (status: News['status'], dueAt: number, thread?: string, closes?: string[]) => News,
  { id }: Story,
): News {
  const { members, lead, severity, deadline } = view;
  const at = Math.min(told.at, now);
  const isWorse = severity === 'critical' && told.severity === 'warning';
  const criticalAt = first(
    members.map((each) => (isWorse || isLater(each.criticalAt, told.at) ? each.criticalAt : null)),
  );
  if (criticalAt !== undefined) {
    // Never a line in an incident that somebody has acknowledged.
    const thread = `${id}#critical-${new Date(criticalAt).toISOString()}`;
    return isWorse
      ? of('escalated', criticalAt, thread, [told.thread])
      : of('changed', Math.max(criticalAt, at + JOIN_MS), thread, [told.thread]);
  }
  const isOther =
    (lead.error?.code ?? null) !== told.code ||
    nextOf(view, now) !== told.next ||
    (isLater(lead.since, told.at) && !isLater(lead.since, now)) ||
    (deadline !== null && told.deadline !== null && deadline <= told.deadline - SOONER_MS);
  const { criticalMs, warningMs } = policy.repeatEvery;
  const every = REPEAT_MS[lead.condition] ?? (told.severity === 'critical' ? criticalMs : warningMs);
  const interval = Math.max(every, Math.min(RAREST_MS, every * 2 ** told.reminders));
  const repeated = of('repeated', told.at > now + AHEAD_MS ? AT_ONCE : at + interval);
  const changed = of('changed', at + CHANGE_MS);
  return isOther && changed.dueAt <= repeated.dueAt ? changed : repeated;
}

/** What a channel was told, once it has accepted this at `now`. */
export function toldOf({ story, status, view, thread }: News, channel: string, now: number): Told {
  const { lead, severity, deadline } = view;
  const before = story.told[channel];
  const isRepeated = status === 'repeated' && before !== undefined;
  const wasCritical = before?.over === false && before.severity === 'critical';
  return {
    at: now,
    // It does not fall within one episode: what flaps would wake somebody each time.
    severity: wasCritical ? 'critical' : severity,
    code: lead.error?.code ?? null,
    next: nextOf(view, now),
    deadline,
    reminders: isRepeated ? before.reminders + 1 : 0,
    thread,
    over: status === 'cleared' || status === 'ended',
  };
}

function isLater(instant: StoryMember['criticalAt'], than: number): boolean {
  return instant !== null && instant > than;
}

/** The earliest of the instants that are known. */
function first(instants: readonly (number | null)[]): number | undefined {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? undefined : Math.min(...known);
}
