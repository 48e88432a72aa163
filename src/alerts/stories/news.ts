// What a channel is told next of a story: the difference between what is known and what was last told there. Pure. Nothing
// waits in an outbox: what was not told yet is found again at every attempt, as it is by then.
import type { ConditionName } from '../../core/alerts/conditions.ts';
import type { NewsStatus, Story, StoryMember, Told } from '../../core/alerts/records.ts';
import { DAY, earliest, HOUR, MINUTE } from '../../core/time.ts';
import { type Route, routeOf } from './recipients.ts';
import { nextOf, type StoryView, viewFor, viewOf } from './view.ts';

export interface AlertPolicy {
  readonly repeatEvery: { readonly warningMs: number; readonly criticalMs: number };
  readonly routes: readonly Route[];
  /** For how long an end must hold at least before it is told. */
  readonly leastHoldMs: number;
}

/** What a configuration says of alerts, as far as it matters here. */
export type AlertSettings = Pick<AlertPolicy, 'repeatEvery'> & { readonly channels: AlertPolicy['routes'] };

/**
 * For how long an end must hold at least before it is told. What comes and goes each minute is found a few seconds late:
 * a minute alone would tell of it again and again. Longer would only delay the all-clear.
 */
const LEAST_HOLD_MS = 1.5 * MINUTE;

/** Where the alerts of a configuration go, and how often. A process that ends after one look tells an end at once. */
export function policyOf({ channels, repeatEvery }: AlertSettings, isBrief: boolean): AlertPolicy {
  const routes = channels.map(({ name, severities, targets }) => ({ name, severities, targets }));
  return { repeatEvery, routes, leastHoldMs: isBrief ? 0 : LEAST_HOLD_MS };
}

/** What is to be told of one story over one channel. */
export interface News {
  readonly story: Story;
  readonly status: NewsStatus;
  /** From when on it has to be told; it may lie ahead. */
  readonly dueAt: number;
  /** From when on it may go with other news of its status. */
  readonly from: number;
  readonly view: StoryView;
  /** PagerDuty's incident of it, and those that are over once this is told. */
  readonly thread: string;
  readonly closes: readonly string[];
}

/** Stories that are repeated otherwise than `repeatEvery` says: nobody can fix them soon, or nobody has to. */
const REPEAT_MS: Partial<Record<ConditionName, number>> = {
  Unverified: 30 * DAY,
  SecretReplaced: Number.POSITIVE_INFINITY,
  SecretNotShown: DAY,
};
/** A reminder comes later each time, but at least once a day (or as often as `repeatEvery` says, if that is rarer). */
const RAREST_MS = DAY;
/** Targets that cannot wait and join within this time are told together. Longer would keep somebody waiting. */
const JOIN_MS = 10 * MINUTE;
/** An end waits so long at most for other logins that work again: of one key, Apple is asked about a secret a second. */
const ENDS_MS = 30 * MINUTE;
/** For so long it waits for the next of them. */
const NEXT_END_MS = 5 * MINUTE;
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
  const all = stories.flatMap((story) => {
    const news = newsOf(story, channel, policy, now);
    if (news === undefined) return [];
    // Logins that fail say it better: beside them it is neither repeated nor changed.
    const isSaid = story.cause === 'RenewalFailing' && failing.has(story.id.replace('RenewalFailing', 'LoginsFail'));
    return isSaid && (news.status === 'repeated' || news.status === 'changed') ? [] : [news];
  });
  const of = (status: NewsStatus) => (news: News) => news.status === status && news.story.cause === 'LoginsFail';
  const [begins, ends] = [of('raised'), of('cleared')];
  const last = Math.max(...all.filter(ends).map(({ from }) => from));
  // Of one key a target after the other is found.
  const begun = stories.flatMap(({ id, told }) => (failing.has(id) ? (told[channel] ?? []) : []));
  const toldAt = Math.max(0, ...begun.flatMap(({ at, reminders }) => (reminders === 0 ? at : [])));
  return all.map((news) => {
    if (ends(news))
      return { ...news, dueAt: Math.min(last + (failing.size > 0 ? NEXT_END_MS : 0), news.from + ENDS_MS) };
    if (!begins(news)) return news;
    const dueAt = Math.max(news.dueAt, Math.min(toldAt, now) + JOIN_MS);
    return { ...news, dueAt, from: earliest(news.view.members.map(({ foundAt }) => foundAt)) ?? dueAt };
  });
}

/** What goes into one message now: what has to be told, and what may go with others of its kind. */
export function dueOf(news: readonly News[], now: number): readonly News[] {
  const due = new Set(news.flatMap(({ dueAt, status }) => (dueAt <= now ? status : [])));
  return news.filter(({ from, status }) => from <= now && due.has(status));
}

/** The next news of a story for a channel, due or not; undefined if none is foreseen. */
export function newsOf(story: Story, name: string, policy: AlertPolicy, now: number): News | undefined {
  const route = routeOf(name, story, policy.routes);
  const told = story.told[name];
  const isOpen = told !== undefined && !told.over;
  if (route === undefined) return undefined;
  const seen = viewFor(story, route);
  const whole = seen ?? { ...viewOf(story), targets: [] };
  const of: NewsFrom = (status, dueAt, thread = isOpen ? told.thread : story.id) => ({
    ...{ story, status, dueAt, view: whole, thread, from: status === 'repeated' ? dueAt - JOIN_MS : dueAt },
    closes: isOpen && (story.endedAt !== null || status === 'cleared' || thread !== told.thread) ? [told.thread] : [],
  });
  if (story.endedAt !== null) {
    const isNews = isOpen || (told === undefined && seen !== undefined && route.severities.includes(seen.severity));
    const status = story.cause === 'Unwatched' ? 'happened' : isOpen ? 'cleared' : 'ended';
    return isNews ? of(status, story.endedAt + story.holdMs) : undefined;
  }
  // The targets that this channel carries are well, while others are not.
  if (seen === undefined) return isOpen ? of('cleared', AT_ONCE) : undefined;
  if (!isOpen) {
    if (!route.severities.includes(seen.severity)) return undefined;
    return of('raised', story.gathersUntil ?? earliest(seen.members.map(({ foundAt }) => foundAt)) ?? now);
  }
  return changeOf(seen, told, policy, now, story.id, of);
}

type NewsFrom = (status: NewsStatus, dueAt: number, thread?: string) => News;

/** What has changed since a channel was told, else the next reminder. */
function changeOf(view: StoryView, told: Told, policy: AlertPolicy, now: number, id: string, of: NewsFrom): News {
  const { members, lead, severity, deadline } = view;
  const at = Math.min(told.at, now);
  const isWorse = severity === 'critical' && told.severity === 'warning';
  const isTold = ({ criticalAt }: StoryMember) => criticalAt !== null && !isLater(criticalAt, told.at);
  const known = new Set(members.filter(isTold).map(({ finding }) => finding.target?.key));
  // What explains the targets, and another trouble of one that was critical already, is nothing new.
  const joins = ({ finding: { target } }: StoryMember) => target !== null && !known.has(target.key);
  const criticalAt = earliest(members.filter((each) => isWorse || joins(each)).map((each) => each.criticalAt));
  if (criticalAt !== null) {
    // Never a line in an incident that somebody has acknowledged.
    const thread = `${id}#critical-${new Date(criticalAt).toISOString()}`;
    return isWorse ? of('escalated', criticalAt, thread) : of('changed', Math.max(criticalAt, at + JOIN_MS), thread);
  }
  // An error that is gone, while the trouble is still there, is the last step before the end.
  const isLess = lead.error === null && told.code !== null;
  const isOther =
    (!isLess && ((lead.error?.code ?? null) !== told.code || nextOf(view, now) !== told.next)) ||
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
    over: story.endedAt !== null || status === 'cleared',
  };
}

function isLater(instant: StoryMember['criticalAt'], than: number): boolean {
  return instant !== null && instant > than;
}
