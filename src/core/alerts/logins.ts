// Until when logins work, as far as we know. If something else may be breaking logins already, the expiry of the client
// secret says nothing, and a message must not calm anybody by it.

import type { ErrorCode } from '../errors.ts';
import type { ConditionName, Finding } from './conditions.ts';

/** A tenth of the longest lifetime that Apple allows (15 777 000 s): with more remaining, time is not what is short. */
const LONGEST_EMERGENCY_MS = 15_777_000 * 100;

const IN_DOUBT: ReadonlySet<ConditionName> = new Set(['AppleRejectsSecret', 'ProviderDisabled', 'ProviderChanged']);
/** The provider does not exist, or it asks Apple in the name of another app. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['ERR_PROVIDER_NOT_FOUND', 'ERR_CLIENT_ID_MISMATCH']);

/** True if the emergency is that the client secret expires soon; otherwise it is missing, invalid or rejected. */
export function isShortOfTime(loginsUntil: number | null, now: number): boolean {
  return loginsUntil !== null && loginsUntil - now <= LONGEST_EMERGENCY_MS;
}

/** True if logins may fail already, because of a raised condition of the target or the error of its last check. */
export function isInDoubt(raised: Iterable<ConditionName>, error: { readonly code: ErrorCode } | null): boolean {
  return [...raised].some((condition) => IN_DOUBT.has(condition)) || (error !== null && BROKEN.has(error.code));
}

/** Until when logins work by this finding, ms since the epoch; null if it cannot say. */
export function loginsUntilOf(finding: Finding, now: number): number | null {
  const { condition, facts, loginsUntil } = finding;
  if (IN_DOUBT.has(condition)) return null;
  if (condition === 'RotationFailing' && facts.emergency && !isShortOfTime(loginsUntil, now)) return null;
  return loginsUntil;
}
