// Until when logins can be said to work. The expiry of a client secret is no promise where something else may be making
// logins fail already: then nothing is said rather than something that calms wrongly.
import type { ConditionName, Finding } from './conditions.ts';

/** A tenth of the longest lifetime that Apple allows (15 777 000 s): with more left, no emergency is for want of time. */
const LONGEST_EMERGENCY_MS = 15_777_000 * 100;

const IN_DOUBT: ReadonlySet<ConditionName> = new Set(['AppleRejectsSecret', 'ProviderDisabled', 'ProviderChanged']);

/** True if an emergency can be one because the client secret runs out; otherwise it is missing, invalid or rejected. */
export function isShortOfTime(loginsUntil: number | null, now: number): boolean {
  return loginsUntil !== null && loginsUntil - now <= LONGEST_EMERGENCY_MS;
}

/** Until when logins work as far as this finding can tell, ms since the epoch; null where it cannot. */
export function loginsUntilOf(finding: Finding, now: number): number | null {
  const { condition, facts, loginsUntil } = finding;
  if (IN_DOUBT.has(condition)) return null;
  if (condition === 'RotationFailing' && facts.emergency && !isShortOfTime(loginsUntil, now)) return null;
  return loginsUntil;
}
