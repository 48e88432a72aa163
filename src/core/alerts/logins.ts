// Until when logins can be said to work. The expiry of a client secret is no promise where something else may be making
// logins fail already: then nothing is said rather than something that calms wrongly.

import type { ErrorCode } from '../errors.ts';
import type { ConditionName, Finding } from './conditions.ts';

/** A tenth of the longest lifetime that Apple allows (15 777 000 s): with more left, no emergency is for want of time. */
const LONGEST_EMERGENCY_MS = 15_777_000 * 100;

const IN_DOUBT: ReadonlySet<ConditionName> = new Set(['AppleRejectsSecret', 'ProviderDisabled', 'ProviderChanged']);
/** There is no provider to log in by, or it asks Apple in another app's name. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['ERR_PROVIDER_NOT_FOUND', 'ERR_CLIENT_ID_MISMATCH']);

/** True if an emergency can be one because the client secret runs out; otherwise it is missing, invalid or rejected. */
export function isShortOfTime(loginsUntil: number | null, now: number): boolean {
  return loginsUntil !== null && loginsUntil - now <= LONGEST_EMERGENCY_MS;
}

/** True if logins may be failing already for what is raised of a target, or for the error its last check ended with. */
export function isInDoubt(raised: Iterable<ConditionName>, error: { readonly code: ErrorCode } | null): boolean {
  return [...raised].some((condition) => IN_DOUBT.has(condition)) || (error !== null && BROKEN.has(error.code));
}

/** Until when logins work as far as this finding can tell, ms since the epoch; null where it cannot. */
export function loginsUntilOf(finding: Finding, now: number): number | null {
  const { condition, facts, loginsUntil } = finding;
  if (IN_DOUBT.has(condition)) return null;
  if (condition === 'RotationFailing' && facts.emergency && !isShortOfTime(loginsUntil, now)) return null;
  return loginsUntil;
}
