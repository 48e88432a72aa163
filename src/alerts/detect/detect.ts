// What is wrong, as findings: of the configured targets (target.ts), of the service as a whole (service.ts), and of
// targets whose entry in the configuration is wrong. Pure: the same facts give the same findings, in the same order.
import type { ConditionFacts, ConditionTarget, Finding, FindingOf } from '../../core/alerts/conditions.ts';
import { trueNow } from '../../core/decide.ts';
import { type JudgeClock, judgeLogins } from '../../core/logins.ts';
import { identityOf, type TargetState } from '../../core/records.ts';
import { DAY } from '../../core/time.ts';
import { finding } from './finding.ts';
import type { Surroundings } from './service.ts';
import { expiryToSay } from './target-facts.ts';

export {
  clockOf,
  concernsService,
  detectService,
  type KnownReplicas,
  type ServiceFacts,
  type Surroundings,
  type WatchedChannel,
} from './service.ts';
export { detectTarget } from './target.ts';
export type { TargetFacts, WatchedTarget } from './target-facts.ts';

/** A target whose entry is wrong has no thresholds of its own, so this is a third of the default renewBefore. */
const CRITICAL_MS = 20 * DAY;

/**
 * An entry of `targets` that is left out because it is wrong; `state`: what the journal knows under its name. Critical if
 * little time remains, or if it is not known how much. The id is made of the name: a wrong entry may have nothing else.
 */
export function detectMisconfigured(
  { name, problems }: Surroundings['misconfigured'][number],
  state: TargetState | undefined,
  clock: JudgeClock,
): Finding {
  const expiresAt = state === undefined ? null : expiryToSay(state, judgeLogins(state, clock));
  const isSafe = expiresAt !== null && expiresAt - trueNow(clock) >= CRITICAL_MS;
  const target = { key: state?.key ?? name, name, envId: state?.envId ?? null, providerId: state?.providerId ?? null };
  const severity = isSafe ? 'warning' : 'critical';
  return finding('TargetMisconfigured', { severity, facts: { problems }, loginsUntil: expiresAt }, name, target);
}

/** A target that left the configuration, and when its client secret expires. */
export function detectUnwatched(
  target: ConditionTarget,
  loginsUntil: number | null,
  facts: ConditionFacts['Unwatched'],
): FindingOf<'Unwatched'> {
  return finding(
    'Unwatched',
    { severity: 'warning', facts, loginsUntil },
    identityOf(target.key),
    target,
  ) as FindingOf<'Unwatched'>;
}
