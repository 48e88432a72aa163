// What can be explained, and how: each alert by an example of it, each error by what it may say, in the words of messages.
import { exampleNews } from '../alerts/stories/example.ts';
import { describeFinding } from '../alerts/words/compose.ts';
import { runbookLink } from '../alerts/words/links.ts';
import { subjectOf } from '../core/alerts/causes.ts';
import type { Language } from '../core/alerts/message.ts';
import { CAUSES, type Cause, CONDITIONS, type ConditionName } from '../core/alerts/names.ts';
import { type ErrorCode, type ErrorFact, REMEDIES, RotatorError } from '../core/errors.ts';
import { REASONS, type Reason } from '../core/reasons.ts';
import { shownName } from '../core/shown.ts';
import { withCopy } from '../core/texts/catalogue.ts';
import { SAMPLES } from '../core/texts/error-examples.ts';
import { errorTexts } from '../core/texts/errors.ts';
import { exampleOf } from '../core/texts/finding-examples.ts';
import { TEXTS } from '../core/texts/languages.ts';
import type { ErrorDanger } from '../core/texts/texts.ts';

type Alert = Cause | ConditionName;
export type Kind = 'alert' | 'reason' | 'error';

export interface Explanation {
  readonly name: string;
  readonly kind: Kind;
  /** The alert that tells of it; null: none does, or it is one itself. */
  readonly alert: Cause | null;
  /** What it means and what is in danger, in sentences. */
  readonly means: readonly string[];
  /** What it may say; `next` with what it asks to paste. */
  readonly examples: readonly { readonly message: string; readonly next: string }[];
  /** Where there is more. */
  readonly see: readonly string[];
}

const ALERTS: readonly Alert[] = [...new Set([...CAUSES, ...CONDITIONS])];
const CODES = Object.keys(REMEDIES) as ErrorCode[];
const LINKS = { runbook: 'docs/runbook.md' };

/** Each name with what it means in a few words. */
export function listNames(
  language: Language,
): { readonly kind: Kind; readonly name: string; readonly means: string }[] {
  const texts = TEXTS[language];
  return [
    ...ALERTS.map((name) => ({ kind: 'alert' as const, name, means: texts.conditions[conditionOf(name)].title })),
    ...REASONS.map((name) => ({ kind: 'reason' as const, name, means: texts.reasons[name] })),
    ...CODES.map((name) => ({
      kind: 'error' as const,
      name,
      means: errorTexts(factsOf(name)[0] as ErrorFact, language).message,
    })),
  ];
}

/** Throws ERR_USAGE for a name that nothing has. */
export function explanationOf(name: string, language: Language): Explanation {
  const named = <Name extends string>(names: readonly Name[]) =>
    names.find((each) => each.toLowerCase() === name.toLowerCase());
  const [alert, reason, code] = [named(ALERTS), named(REASONS), named(CODES)];
  if (alert !== undefined) return ofAlert(alert, language);
  if (reason !== undefined) return ofReason(reason, language);
  if (code !== undefined) return ofError(code, language);
  const known = [...ALERTS, ...REASONS, ...CODES];
  throw new RotatorError('ERR_USAGE', { problem: 'unknown-name', found: shownName(name), known });
}

/** Of a fixed instant, so that it is the same each time. */
const NOW = Date.UTC(2026, 10, 22, 20, 15);

function ofAlert(name: Alert, language: Language): Explanation {
  const cause = CAUSES.find((each) => each === name);
  const finding = cause === undefined ? exampleOf(name, NOW) : exampleNews(cause, 'raised', NOW).view.lead;
  const { what, next } = describeFinding(finding, { language, now: NOW, ...LINKS });
  const told =
    cause === undefined
      ? subjectOf(
          { ...finding, error: null },
          () => undefined,
          () => false,
        ).cause
      : null;
  return {
    name,
    kind: 'alert',
    alert: told,
    means: [TEXTS[language].conditions[conditionOf(name)].title],
    examples: [{ message: what, next }],
    see: [runbookLink({ ...LINKS, language }, conditionOf(name)), 'docs/alerts.md'],
  };
}

function ofReason(name: Reason, language: Language): Explanation {
  const { explain: words, reasons } = TEXTS[language];
  const means = [words.reason(reasons[name]), words.reasonDanger];
  return { name, kind: 'reason', alert: null, means, examples: [], see: ['docs/decisions.md#is-a-rotation-wanted'] };
}

function ofError(name: ErrorCode, language: Language): Explanation {
  const { explain: words } = TEXTS[language];
  const { danger, alert } = placeOf(name);
  // Many variants have one next step: it is shown once.
  const byNext = new Map(
    factsOf(name)
      .map((fact) => errorTexts(fact, language))
      .map(({ message, next, copy }) => [next, { message, next: withCopy(next, copy) }] as const)
      .reverse(),
  );
  return {
    name,
    kind: 'error',
    alert,
    means: [words.dangers[danger], words.remedies[REMEDIES[name]]],
    examples: [...byNext.values()].reverse(),
    see: ['docs/errors.md', ...(alert === null ? [] : [runbookLink({ ...LINKS, language }, conditionOf(alert))])],
  };
}

/** Errors that do not come from checking a target. */
const ELSEWHERE: readonly (readonly [RegExp, ErrorDanger, Cause | null])[] = [
  [/^ERR_USAGE$/, 'command', null],
  [/^ERR_CONFIG$/, 'configuration', 'StartRefused'],
  [/^ERR_CHANNEL_/, 'channel', 'ChannelFailing'],
  [/^ERR_JOURNAL_/, 'journal', 'JournalUnwritable'],
  [/^ERR_DAEMON_RUNNING$/, 'daemon', 'StartRefused'],
];

/** What is in danger, and which alert tells of it. */
function placeOf(name: ErrorCode): { readonly danger: ErrorDanger; readonly alert: Cause | null } {
  const [, danger, alert] = ELSEWHERE.find(([codes]) => codes.test(name)) ?? [];
  if (danger !== undefined && alert !== undefined) return { danger, alert };
  const finding = { ...exampleOf('RotationFailing', NOW), error: factsOf(name)[0] as ErrorFact };
  return {
    danger: 'renewal',
    alert: subjectOf(
      finding,
      () => undefined,
      // Mostly Apple rejects what is signed for one app.
      (id) => id !== 'AppleRejectsAll',
    ).cause,
  };
}

function conditionOf(name: Alert): ConditionName {
  return exampleOf(name, NOW).condition;
}

function factsOf(code: ErrorCode): ErrorFact[] {
  return SAMPLES[code].map((params) => ({ code, params }) as ErrorFact);
}
