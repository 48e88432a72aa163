// The log's events of a story: it has begun, what is known of it has changed, it is over. Reminders go to channels only.
// The log is in English, whatever the language of the alerts.

import type { RotatorEvent } from '../core/events.ts';
import { overFor } from '../core/texts/languages.ts';
import type { Transition } from './stories/advance.ts';
import { viewOf } from './stories/view.ts';
import { describeFinding } from './words/compose.ts';

export function transitionEvent({ what, story }: Transition, now: number): RotatorEvent {
  const { lead, severity, deadline, targets } = viewOf(story);
  const { title, next } = describeFinding(lead, { language: 'en', now, runbook: '' });
  const fields = {
    story: story.id,
    cause: story.cause,
    severity,
    since: story.since,
    target: lead.target?.name ?? null,
    envId: lead.target?.envId || null,
    targets: targets.map(({ name }) => name),
    code: lead.error?.code ?? null,
    title: what === 'closed' ? overFor(lead, 'en', now) : title,
  };
  if (what === 'closed' || what === 'unwatched') return { event: 'story.closed', what, ...fields };
  return { event: `story.${what}`, ...fields, loginsUntil: deadline, hint: next };
}
