// English for facts that conditions name.
import type { FindingOf } from '../../alerts/conditions.ts';
import { problemText } from '../problems.ts';
import { detail, firstOf, shortFingerprint } from '../quote.ts';
import { PROBLEMS_EN } from './problems.ts';
import { counted, listed } from './words.ts';

/** ` (key K1L2M3N4O5, fingerprint 1fa947dc…)`, or nothing. */
export function madeOf(keyId: string | null, fingerprint: string | null): string {
  const parts = [
    keyId === null ? '' : `key ${detail(keyId, 40)}`,
    fingerprint === null ? '' : `fingerprint ${shortFingerprint(fingerprint)}`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** The fields that one of the two has changed, as code; nothing if there are none. */
export function changedBy(changes: FindingOf<'ProviderChanged'>['facts']['changes'], who: string): string {
  return listed(changes.flatMap(({ path, by }) => (by === who ? `\`${path}\`` : [])));
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

/** A clause as the beginning of a sentence. */
export function capitalised(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}`;
}
