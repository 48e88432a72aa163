// Open stories and channels as the command `alerts` and the HTTP interface show them. Every field is always there: an
// absent value is null. Instants are ISO 8601 UTC.

import type { Language } from '../../core/alerts/message.ts';
import type { AlertBook, Story } from '../../core/alerts/records.ts';
import type { ErrorView, StoredError } from '../../core/errors.ts';
import { isoOrNull } from '../../core/instants.ts';
import { withCopy } from '../../core/texts/catalogue.ts';
import { errorTexts } from '../../core/texts/errors.ts';
import { waitingFor } from '../deliverer.ts';
import { type AlertPolicy, newsFor } from '../stories/news.ts';
import { type StoryView, viewFor, viewOf } from '../stories/view.ts';
import { describeFinding, type Wording } from './compose.ts';
import type { Links } from './links.ts';

export interface AlertsViewOptions extends Links {
  readonly now: number;
  /** Their type is null where the configuration does not say. */
  readonly channels: readonly { readonly name: string; readonly type: string | null }[];
  readonly policy: AlertPolicy;
}

/** The fields are described where they are published (http/schemas.ts). */
export type AlertsView = ReturnType<typeof alertsView>;
export type AlertView = AlertsView['alerts'][number];
export type ChannelView = AlertsView['channels'][number];

/** What is open now, critical first and then oldest first, and the state of the channels. */
export function alertsView(
  book: AlertBook,
  { channels, policy, now, ...links }: AlertsViewOptions,
  language: Language = 'en',
) {
  const untold = new Set(
    channels.flatMap(({ name }) =>
      newsFor(book.stories, name, policy, now)
        .filter(({ status }) => status !== 'repeated')
        .map(({ story }) => `${name} ${story.id}`),
    ),
  );
  const alerts = book.stories
    .filter(({ endedAt }) => endedAt === null)
    .map((story) => {
      const view = viewOf(story);
      const carriers = channels.flatMap(({ name }) => {
        const told = story.told[name];
        const isUntold = untold.has(`${name} ${story.id}`);
        const toldAt = told === undefined || told.over ? null : told.at;
        if (toldAt === null && !isUntold) return [];
        // Who joins without haste is told of with the next message.
        const route = policy.routes.find((each) => each.name === name);
        const seen = route === undefined ? view : viewFor(story, route);
        const hasJoined = seen?.members.some(({ foundAt }) => foundAt > (toldAt ?? 0)) ?? false;
        return [{ name, toldAt: isoOrNull(toldAt), delivered: !isUntold && !hasJoined }];
      });
      return alertView(story, view, carriers, { now, ...links, language });
    });
  return {
    alerts: alerts.sort(
      (a, b) =>
        Number(b.severity === 'critical') - Number(a.severity === 'critical') ||
        Date.parse(a.since ?? '') - Date.parse(b.since ?? '') ||
        0,
    ),
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

/** `channels`: those that carry it, when it was last told there, and whether this is what was told. */
function alertView<Carrier>(
  { id, cause, since }: Story,
  { lead, severity, targets, deadline }: StoryView,
  channels: readonly Carrier[],
  wording: Wording,
) {
  const { target, error } = lead;
  return {
    ...{ id, cause, severity, channels },
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    targets: targets.map(({ name, loginsUntil }) => ({ name, loginsUntil: isoOrNull(loginsUntil) })),
    ...describeFinding(lead, wording),
    since: isoOrNull(since),
    loginsUntil: isoOrNull(deadline),
    error: error === null ? null : errorIn(wording.language, error, target?.name),
  };
}

/** An error as it is shown, in one language; `target` is the name that its commands are filled in with. */
export function errorIn(language: Language, error: StoredError, target?: string): ErrorView {
  const { message, next, copy } = errorTexts(error, language, target);
  return { code: error.code, message, hint: withCopy(next, copy) };
}
