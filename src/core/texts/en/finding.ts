// English for what conditions have in common: their error, next step, logins, and facts that several of them name.
import type { Finding, FindingOf } from '../../alerts/conditions.ts';
import type { StoredError } from '../../error-params.ts';
import { errorTexts } from '../errors.ts';
import { problemText } from '../problems.ts';
import { detail, firstOf, shortFingerprint } from '../quote.ts';
import { PROBLEMS_EN } from './problems.ts';
import { counted, listed, when } from './words.ts';

/** Characters of a headline: beside the name of a target and the instance, a lock screen shows no more. */
const HEADLINE = 80;

/** ` (key K1L2M3N4O5, fingerprint 1fa947dc…)`, or nothing. */
export function madeOf(keyId: string | null, fingerprint: string | null): string {
  const parts = [
    ...(keyId === null ? [] : [`key ${detail(keyId, 40)}`]),
    ...(fingerprint === null ? [] : [`fingerprint ${shortFingerprint(fingerprint)}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** Names of fields, as code. */
export function fields(paths: readonly string[]): string {
  return listed(paths.map((path) => `\`${path}\``));
}

export function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

export function problems({ facts }: FindingOf<'TargetMisconfigured'>): string {
  const { named, more } = firstOf(
    facts.problems.map((each) => (typeof each === 'string' ? each : problemText(each, PROBLEMS_EN))),
  );
  if (named.length === 0) return '';
  return `, because of this in the configuration: ${named.join('; ')}${more > 0 ? `; and ${counted(more, 'more problem')}` : ''}`;
}

/** `75 s ahead of`, `6 minutes behind`. */
export function skew(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const amount = seconds < 240 ? `${seconds} s` : counted(Math.round(seconds / 60), 'minute');
  return `${amount} ${ms < 0 ? 'behind' : 'ahead of'}`;
}

/** `Renewal fails: no key file …` as a sentence; nothing without an error. */
export function fails(what: string, error: StoredError | null): string {
  return error === null ? '' : `${what}: ${detail(errorTexts(error, 'en').message)}.`;
}

/** The message of an error as a sentence of its own, else `otherwise`. */
export function told(error: StoredError | null, otherwise: string): string {
  if (error === null) return otherwise;
  return `${capitalised(detail(errorTexts(error, 'en').message))}.`;
}

/** A clause as the beginning of a sentence. */
export function capitalised(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}`;
}

/** A headline that names the error, if that is short enough. */
export function because(headline: string, error: StoredError | null): string {
  const whole = error === null ? headline : `${headline}: ${detail(errorTexts(error, 'en').message)}`;
  return whole.length <= HEADLINE ? whole : headline;
}

/** When the deployed client secret ends, as a sentence. It promises nothing about logins before that. */
export function logins({ loginsUntil }: Finding, now: number): string {
  if (loginsUntil === null) return 'When the deployed client secret expires is not known.';
  if (loginsUntil > now) return `The deployed client secret expires at ${when(loginsUntil, now)}.`;
  return `The deployed client secret had its expiry at ${when(loginsUntil, now)}.`;
}
