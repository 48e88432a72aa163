// Chinese for what conditions have in common: their error, next step, logins, and facts that several of them name.
import type { Finding, FindingOf } from '../../alerts/conditions.ts';
import type { StoredError } from '../../error-params.ts';
import { errorTexts } from '../errors.ts';
import { problemText } from '../problems.ts';
import { detail, firstOf, shortFingerprint } from '../quote.ts';
import { PROBLEMS_ZH } from './problems.ts';
import { listed, when } from './words.ts';

/** Characters of a headline: beside the name of a target and the instance, a lock screen shows no more. */
const HEADLINE = 80;

/** A headline that names the error, if that is short enough. */
export function because(headline: string, error: StoredError | null): string {
  const whole = error === null ? headline : `${headline}：${detail(errorTexts(error, 'zh').message)}`;
  return whole.length <= HEADLINE ? whole : headline;
}

/** `（Key ID K1L2M3N4O5，指纹 1fa947dc…）`, or nothing. */
export function madeOf(keyId: string | null, fingerprint: string | null): string {
  const parts = [
    ...(keyId === null ? [] : [`Key ID ${detail(keyId, 40)}`]),
    ...(fingerprint === null ? [] : [`指纹 ${shortFingerprint(fingerprint)}`]),
  ];
  return parts.length === 0 ? '' : `（${parts.join('，')}）`;
}

/** Names of fields, as code. */
export function fields(paths: readonly string[]): string {
  return listed(paths.map((path) => `\`${path}\``));
}

export function problems({ facts }: FindingOf<'TargetMisconfigured'>): string {
  const { named, more } = firstOf(
    facts.problems.map((each) => (typeof each === 'string' ? each : problemText(each, PROBLEMS_ZH))),
  );
  if (named.length === 0) return '';
  return `，配置问题：${named.join('；')}${more > 0 ? `，另有 ${more} 处` : ''}`;
}

/** `快 75 秒`, `慢 6 分钟`. */
export function skew(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  return `${ms < 0 ? '慢' : '快'} ${seconds < 240 ? `${seconds} 秒` : `${Math.round(seconds / 60)} 分钟`}`;
}

/** What failed and why, as a sentence; nothing without an error. */
export function fails(what: string, error: StoredError | null): string {
  return error === null ? '' : `${what}：${told(error)}`;
}

export function told(error: StoredError): string {
  return `${detail(errorTexts(error, 'zh').message)}。`;
}

/** When the deployed client secret ends, as a sentence. It promises nothing about logins before that. */
export function logins({ loginsUntil }: Finding, now: number): string {
  if (loginsUntil === null) return '现有客户端密钥何时过期无法确定。';
  if (loginsUntil > now) return `现有客户端密钥将于 ${when(loginsUntil, now)}过期。`;
  return `现有客户端密钥的到期时间是 ${when(loginsUntil, now)}。`;
}
