// The languages of alerts, and the words of a condition in each.
import type { ConditionName, Finding } from '../alerts/conditions.ts';
import type { Language } from '../alerts/message.ts';
import { EN } from './en/texts.ts';
import { nextStep } from './errors.ts';
import { APPLIED, type ConditionWords, OWN_NEXT, say, type Texts } from './texts.ts';
import { ZH } from './zh/texts.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };

export function wordsOf({ condition }: Finding, texts: Texts): ConditionWords<ConditionName> {
  // The table's row of a name takes findings of that name, which the compiler cannot follow through a union.
  return texts.conditions[condition] as ConditionWords<ConditionName>;
}

/** The next step of a finding. */
export function nextFor(finding: Finding, language: Language, now: number): string {
  const own = say(wordsOf(finding, TEXTS[language]).next, finding, now);
  const isApplied = finding.error?.code === 'ERR_CONFIG' && APPLIED.has(finding.condition);
  return isApplied || OWN_NEXT.has(finding.condition) ? own : nextStep(finding, language, own);
}
