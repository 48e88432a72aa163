// Open stories and channels as the command `alerts` and the HTTP interface show them. Every field is always there: an
// absent value is null. Instants are ISO 8601 UTC.

import type { Cause } from '../../core/alerts/causes.ts';
import type { Severity } from '../../core/alerts/conditions.ts';
import type { Language } from '../../core/alerts/message.ts';
import type { AlertBook, Story } from '../../core/alerts/records.ts';
import type { ErrorView, StoredError } from '../../core/errors.ts';
import { isoOrNull } from '../../core/instants.ts';
import { withCopy } from '../../core/texts/catalogue.ts';
import { errorTexts } from '../../core/texts/errors.ts';
import { waitingFor } from '../deliverer.ts';
import { type AlertPolicy, newsFor } from '../stories/news.ts';
import { type StoryView, viewOf } from '../stories/view.ts';
import { describeFinding, type Wording } from './compose.ts';
import type { Links } from './links.ts';

export interface AlertView {
  readonly id: string;
  readonly cause: Cause;
  readonly severity: Severity;
  /** The target that it is about; null: the service, or something that several targets have in common. */
  readonly target: string | null;
  readonly envId: string | null;
  /** All targets that it is about, soonest expiry first. */
  readonly targets: readonly { readonly name: string; readonly loginsUntil: string | null }[];
  readonly title: string;
  readonly what: string;
  readonly next: string;
  readonly since: string | null;
  readonly loginsUntil: string | null;
  readonly runbook: string;
  /** The channels that carry it, when it was last told there, and whether this is what was told. */
  readonly channels: readonly { readonly name: string; readonly toldAt: string | null; readonly delivered: boolean }[];
  readonly error: ErrorView | null;
}

export interface ChannelView {
  readonly name: string;
  /** Null where the configuration does not say. */
  readonly type: string | null;
  readonly lastDeliveredAt: string | null;
  /** Stories that were not told yet. */
  readonly waiting: number;
  readonly failures: number;
  readonly nextAttemptAt: string | null;
  readonly error: ErrorView | null;
}

export interface AlertsView {
  readonly alerts: readonly AlertView[];
  readonly channels: readonly ChannelView[];
}

export interface AlertsViewOptions extends Links {
  readonly now: number;
  readonly channels: readonly Pick<ChannelView, 'name' | 'type'>[];
  readonly policy: AlertPolicy;
}

/** What is open now, critical first and then oldest first, and the state of the channels. */
export function alertsView(
  book: AlertBook,
  { channels, policy, now, ...links }: AlertsViewOptions,
  language: Language = 'en',
): AlertsView {
  const untold = new Set(
    channels.flatMap(({ name }) =>
      newsFor(book.stories, name, policy, now)
        .filter(({ status }) => status !== 'repeated')
        .map(({ story }) => `${name} ${story.id}`),
    ),
  );
  const alerts = book.stories
    .filter(({ endedAt }) => endedAt === null)
    .flatMap((story) => {
      const view = viewOf(story);
      const carriers = channels.flatMap(({ name }) => {
        const told = story.told[name];
        const isUntold = untold.has(`${name} ${story.id}`);
        const toldAt = told === undefined || told.over ? null : told.at;
        if (toldAt === null && !isUntold) return [];
        // Who joins without haste is told of with the next message.
        const seen = viewOf(
          story,
          policy.routes.find((route) => route.name === name),
        );
        const hasJoined = seen?.members.some(({ foundAt }) => foundAt > (toldAt ?? 0)) ?? false;
        return [{ name, toldAt: isoOrNull(toldAt), delivered: !isUntold && !hasJoined }];
      });
      return view === undefined ? [] : [alertView(story, view, carriers, { now, ...links, language })];
    });
  return {
    alerts: alerts.sort(worstFirst),
    channels: channels.map(({ name, type }) => {
      const state = book.channels.find((each) => each.name === name);
      return {
        name,
        type,
        lastDeliveredAt: isoOrNull(state?.lastDeliveredAt ?? null),
        waiting: waitingFor(book, name, policy, now).count,
        failures: state?.failures ?? 0,
        nextAttemptAt: isoOrNull(state?.nextAttemptAt ?? null),
        error: state?.error ? errorIn(language, state.error) : null,
      };
    }),
  };
}

function alertView(
  { id, cause, since }: Story,
  { lead, severity, targets, deadline }: StoryView,
  channels: AlertView['channels'],
  wording: Wording,
): AlertView {
  const { target, error } = lead;
  return {
    id,
    cause,
    severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    targets: targets.map(({ name, loginsUntil }) => ({ name, loginsUntil: isoOrNull(loginsUntil) })),
    ...describeFinding(lead, wording),
    since: isoOrNull(since),
    loginsUntil: isoOrNull(deadline),
    channels,
    error: error === null ? null : errorIn(wording.language, error, target?.name),
  };
}

function worstFirst(a: AlertView, b: AlertView): number {
  const critical = Number(b.severity === 'critical') - Number(a.severity === 'critical');
  return critical || Date.parse(a.since ?? '') - Date.parse(b.since ?? '') || 0;
}

/** An error as it is shown, in one language; `target` is the name that its commands are filled in with. */
export function errorIn(language: Language, error: StoredError, target?: string): ErrorView {
  const { message, next, copy } = errorTexts(error, language, target);
  return { code: error.code, message, hint: withCopy(next, copy) };
}
