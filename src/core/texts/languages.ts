// The languages of alerts, and what a person reads of a finding in each: the words of its condition, and what is said of
// every finding in the same way.
import type { ConditionName, Finding } from '../alerts/conditions.ts';
import type { Language } from '../alerts/message.ts';
import { EN } from './en/texts.ts';
import { errorTexts, nextStep } from './errors.ts';
import { detail } from './quote.ts';
import { APPLIED, type ConditionWords, OWN_NEXT, type Texts, type Words } from './texts.ts';
import { ZH } from './zh/texts.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };

/** What is wrong, without any facts. */
export function titleFor({ condition }: Finding, language: Language): string {
  return TEXTS[language].conditions[condition].title;
}

/** What is wrong, without the target. */
export function headlineFor(finding: Finding, language: Language, now: number): string {
  const { headline, title } = wordsOf(finding, language);
  return ofReplica(finding, language) + (say(headline ?? title, finding, now) ?? title);
}

/** What happened, and the last error, in sentences. */
export function whatFor(finding: Finding, language: Language, now: number): string {
  const what = say(wordsOf(finding, language).what, finding, now);
  return inSentences(language, ...[what].flat(), lastError(finding, language));
}

/** The next step. */
export function nextFor(finding: Finding, language: Language, now: number): string {
  const own = say(wordsOf(finding, language).next, finding, now);
  const isApplied = finding.error?.code === 'ERR_CONFIG' && APPLIED.has(finding.condition);
  return isApplied || OWN_NEXT.has(finding.condition) ? own : nextStep(finding, language, own);
}

/** That it is over, as a headline. */
export function overFor(finding: Finding, language: Language, now: number): string {
  return ofReplica(finding, language) + say(wordsOf(finding, language).over, finding, now);
}

export function lastError({ error }: Finding, language: Language): string {
  return error === null ? '' : TEXTS[language].lastError(detail(errorTexts(error, language).message));
}

/** Sentences as one text; those that are empty are left out. */
export function inSentences(language: Language, ...sentences: readonly string[]): string {
  return sentences.filter(Boolean).join(language === 'zh' ? '' : ' ');
}

function ofReplica({ facts }: Finding, language: Language): string {
  return 'replica' in facts ? TEXTS[language].replica(detail(facts.replica, 63)) : '';
}

function wordsOf({ condition }: Finding, language: Language): ConditionWords<ConditionName> {
  // The table's row of a name takes findings of that name, which the compiler cannot follow through a union.
  return TEXTS[language].conditions[condition] as ConditionWords<ConditionName>;
}

function say<Text>(words: Words<ConditionName, Text>, finding: Finding, now: number): string | Text {
  return typeof words === 'string' ? words : words(finding, now);
}
