// An error in sentences: the one place where its data becomes what a person reads, in either language.
import type { ErrorCode, StoredError } from '../error-params.ts';
import { type ErrorTexts, textsIn, withCopy } from './catalogue.ts';
import { ERRORS_EN } from './en/errors.ts';
import { detail } from './quote.ts';
import { ERRORS_ZH } from './zh/errors.ts';

const CATALOGUES = { en: ERRORS_EN, zh: ERRORS_ZH } as const;

/** The texts of `error`; `target` is the name that its commands are filled in with. */
export function errorTexts(error: StoredError, language: 'en' | 'zh', target?: string | undefined): ErrorTexts {
  return textsIn(CATALOGUES[language], error, target);
}

/** The call that CAM denied, as a policy names it: `tcb:GetProviders`; undefined where the error is about none. */
export function deniedCall(error: StoredError | null): string | undefined {
  if (error?.code !== 'ERR_CLOUDBASE_DENIED' || !('params' in error)) return undefined;
  return error.params.call.replace(' ', ':');
}

/** True if a useless secret was replaced by one that Apple has not accepted yet. */
export function isUnproven(error: StoredError | null): boolean {
  if (error?.code !== 'ERR_APPLE_UNKNOWN' || !('params' in error)) return false;
  return error.params.problem === 'unproven' || error.params.problem === 'unproven-unasked';
}

/**
 * The next step of a finding as one sentence, with what it asks to paste as code; `otherwise` where there is no error.
 */
export function nextStep(
  { error, target }: { readonly error: StoredError | null; readonly target: { readonly name: string } | null },
  language: 'en' | 'zh',
  otherwise: string,
): string {
  if (error === null) return otherwise;
  const { next, copy } = errorTexts(error, language, target?.name);
  if (copy !== null) return `${withCopy(next, `\`${copy}\``)}${language === 'zh' ? '。' : '.'}`;
  return /[.!?。]$/.test(next) ? next : `${next}.`;
}

/** Characters of a headline: beside the name of a target and the instance, a lock screen shows no more. */
const HEADLINE = 80;

/** A headline that names the error, if that is short enough. */
export function because(headline: string, error: StoredError | null, language: 'en' | 'zh'): string {
  if (error === null) return headline;
  const whole = `${headline}${language === 'zh' ? '：' : ': '}${detail(errorTexts(error, language).message)}`;
  return whole.length <= HEADLINE ? whole : headline;
}

/** Words for some codes of errors, and for all others. */
export type ByCode = Readonly<Partial<Record<ErrorCode, string>> & { readonly other: string }>;

export function byCode(words: ByCode, error: StoredError | null): string {
  return (error === null ? undefined : words[error.code]) ?? words.other;
}
