// What a channel would be told of a story that is made up, so that somebody can see how it will look there. Its ids are
// never those of a real one: an incident that a test closes is a test's.
import type { Cause } from '../../core/alerts/names.ts';
import { newStory } from '../../core/alerts/records.ts';
import { exampleOf } from '../../core/texts/finding-examples.ts';
import { HOUR } from '../../core/time.ts';
import type { News } from './news.ts';
import { viewOf } from './view.ts';

/** Long enough that a reader sees how a duration is told. */
const LASTED_MS = 3 * HOUR;

export function exampleNews(cause: Cause, wanted: 'raised' | 'cleared', now: number): News {
  const finding = exampleOf(cause, now);
  const isOver = wanted === 'cleared';
  const status = cause === 'Unwatched' ? 'happened' : wanted;
  const since = isOver ? now - LASTED_MS : now;
  const criticalAt = finding.severity === 'critical' ? since : null;
  const members = [{ finding, foundAt: since, criticalAt }];
  const story = { ...newStory(`Test/${finding.id}`, cause, members, since), endedAt: isOver ? now : null };
  return {
    story,
    status,
    dueAt: now,
    from: now,
    view: viewOf(story),
    thread: story.id,
    closes: isOver ? [story.id] : [],
  };
}
