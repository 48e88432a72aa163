// The log's events of a condition: it was raised, it became critical, it is over. Reminders go to channels only. The
// log is in English, whatever the language of the alerts.

import type { RotatorEvent } from '../core/events.ts';
import { TEXTS, wordsOf } from '../core/texts/languages.ts';
import { say } from '../core/texts/texts.ts';
import type { Transition } from './engine/engine.ts';
import { describeFinding } from './words/compose.ts';

/** The event of a transition; undefined: none. */
export function transitionEvent({ what, finding, since }: Transition, now: number): RotatorEvent | undefined {
  if (what === 'repeated') return undefined;
  const { condition, severity, target, id, error, loginsUntil } = finding;
  const { title, next } = describeFinding(finding, { language: 'en', now, runbook: '' });
  const words = what === 'cleared' ? say(wordsOf(finding, TEXTS.en).over, finding, now) : title;
  const fields = {
    condition,
    conditionId: id,
    severity,
    since,
    target: target?.name ?? null,
    envId: target?.envId || null,
    code: error?.code ?? null,
    title: words,
  };
  if (what === 'cleared' || what === 'unwatched') return { event: 'condition.cleared', what, ...fields };
  return { event: 'condition.raised', what, ...fields, loginsUntil, hint: next };
}
