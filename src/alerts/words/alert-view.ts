// Open stories and channels as the command `alerts` and the HTTP interface show them. Every field is always there: an
// absent value is null. Instants are ISO 8601 UTC.

import type { Cause } from '../../core/alerts/causes.ts';
import type { Severity } from '../../core/alerts/conditions.ts';
import type { AlertBook, Story } from '../../core/alerts/records.ts';
import { type ErrorView, errorView } from '../../core/errors.ts';
import { isoOrNull } from '../../core/instants.ts';
import { waitingFor } from '../deliverer.ts';
import { type AlertPolicy, newsFor } from '../stories/news.ts';
import { type StoryView, viewOf } from '../stories/view.ts';
import { describeFinding } from './compose.ts';

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
  readonly type: string;
  readonly lastDeliveredAt: string | null;
  /** Stories and events that were not told yet. */
  readonly waiting: number;
  readonly failures: number;
  readonly nextAttemptAt: string | null;
  readonly error: ErrorView | null;
}

export interface AlertsView {
  readonly alerts: readonly AlertView[];
  readonly channels: readonly ChannelView[];
}

export interface AlertsViewOptions {
  readonly now: number;
  readonly runbook: string;
  readonly channels: readonly { readonly name: string; readonly type: string }[];
  readonly policy: AlertPolicy;
}

/** What is open now, critical first and then oldest first, and the state of the channels. */
export function alertsView(book: AlertBook, { channels, policy, now, runbook }: AlertsViewOptions): AlertsView {
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
        return toldAt === null && !isUntold ? [] : [{ name, toldAt: isoOrNull(toldAt), delivered: !isUntold }];
      });
      return view === undefined ? [] : [alertView(story, view, carriers, { now, runbook })];
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
        error: state?.error ? errorView(state.error) : null,
      };
    }),
  };
}

function alertView(
  { id, cause, since }: Story,
  { lead, severity, targets, deadline }: StoryView,
  channels: AlertView['channels'],
  { now, runbook }: Pick<AlertsViewOptions, 'now' | 'runbook'>,
): AlertView {
  const { target, error } = lead;
  return {
    id,
    cause,
    severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    targets: targets.map(({ name, loginsUntil }) => ({ name, loginsUntil: isoOrNull(loginsUntil) })),
    ...describeFinding(lead, { language: 'en', now, runbook }),
    since: isoOrNull(since),
    loginsUntil: isoOrNull(deadline),
    channels,
    error: error === null ? null : errorView(error, target?.name),
  };
}

function worstFirst(a: AlertView, b: AlertView): number {
  const critical = Number(b.severity === 'critical') - Number(a.severity === 'critical');
  return critical || Date.parse(a.since ?? '') - Date.parse(b.since ?? '') || 0;
}
