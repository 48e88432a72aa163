// What the log says of a condition: that it was raised (or has become critical), and that it is over. Reminders are the
// channels' business. The log is in English, whatever the language of the alerts.

import type { RotatorEvent } from '../core/events.ts';
import { redactText } from '../core/redact.ts';
import { TEXTS, wordsOf } from '../core/texts/languages.ts';
import { say } from '../core/texts/texts.ts';
import type { Transition } from './engine/engine.ts';
import { describeFinding } from './words/compose.ts';

/** The event of a transition; undefined: none. */
export function transitionEvent({ what, finding, since }: Transition, now: number): RotatorEvent | undefined {
  if (what === 'repeated') return undefined;
  const { condition, severity, target, id, error, loginsUntil } = finding;
  const isOver = what === 'cleared' || what === 'forgotten';
  const { title, next } = describeFinding(finding, { language: 'en', now, runbook: '' });
  const words = what === 'cleared' ? say(wordsOf(finding, TEXTS.en).over, finding, now) : title;
  return {
    event: isOver ? 'condition.cleared' : 'condition.raised',
    message: `${WORDS[what]}: ${redactText(words)}`,
    condition,
    conditionId: id,
    severity,
    since: new Date(since).toISOString(),
    ...(target === null ? {} : { target: target.name }),
    ...(target?.envId ? { envId: target.envId } : {}),
    ...(loginsUntil === null || isOver ? {} : { loginsUntil: new Date(loginsUntil).toISOString() }),
    ...(error === null ? {} : { code: error.code }),
    ...(isOver || next === null ? {} : { hint: next }),
  };
}

const WORDS = {
  raised: 'condition raised',
  escalated: 'condition escalated',
  cleared: 'condition cleared',
  forgotten: 'condition forgotten',
} as const;
