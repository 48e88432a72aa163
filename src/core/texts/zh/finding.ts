// Chinese for facts that conditions name.
import type { FindingOf } from '../../alerts/conditions.ts';
import { problemText } from '../problems.ts';
import { detail, firstOf, shortFingerprint } from '../quote.ts';
import { PROBLEMS_ZH } from './problems.ts';
import { listed } from './words.ts';

/** `（Key ID K1L2M3N4O5，指纹 1fa947dc…）`, or nothing. */
export function madeOf(keyId: string | null, fingerprint: string | null): string {
  const parts = [
    keyId === null ? '' : `Key ID ${detail(keyId, 40)}`,
    fingerprint === null ? '' : `指纹 ${shortFingerprint(fingerprint)}`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : `（${parts.join('，')}）`;
}

/** The fields that one of the two has changed, as code; nothing if there are none. */
export function changedBy(changes: FindingOf<'ProviderChanged'>['facts']['changes'], who: string): string {
  return listed(changes.flatMap(({ path, by }) => (by === who ? `\`${path}\`` : [])));
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
