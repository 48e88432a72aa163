// What the heartbeat sends: whether the service itself is well (the scheduler runs, alerts are delivered, the journal
// can be written), and which stories are critical. Pure; names channels and causes, never a URL.
import type { AlertBook } from '../core/alerts/records.ts';
import { MINUTE } from '../core/time.ts';
import { waitingFor } from './deliverer.ts';
import { OVERDUE_MS, type Surroundings } from './detect/service.ts';
import type { Wellbeing } from './heartbeat.ts';
import type { AlertPolicy } from './stories/news.ts';
import { viewOf } from './stories/view.ts';

/** The state at this moment. */
export function wellbeing(
  book: AlertBook,
  policy: AlertPolicy,
  { now, journal, scheduler }: Pick<Surroundings, 'now' | 'journal' | 'scheduler'>,
): Wellbeing {
  const troubles: string[] = [];
  if (scheduler !== undefined && !scheduler.alive) troubles.push('the scheduler hangs');
  if (journal.degraded !== undefined) troubles.push('the journal cannot be written');
  for (const { name: channel } of policy.routes) {
    const { since: oldest } = waitingFor(book, channel, policy, now);
    if (oldest === null || now - oldest < OVERDUE_MS) continue;
    const minutes = Math.floor((now - oldest) / MINUTE);
    troubles.push(`an alert has waited ${minutes} minutes for channel ${channel}`);
  }
  const critical = book.stories
    .filter((story) => story.endedAt === null && viewOf(story).severity === 'critical')
    .map((story) => [story.cause, viewOf(story).lead.target?.name].filter(Boolean).join(' '))
    .sort();
  return { troubles, critical };
}
