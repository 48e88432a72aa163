// What a row of the tables of conditions returns, and how it becomes a Finding with its id and every field filled in.

import {
  type ConditionFacts,
  type ConditionName,
  type ConditionTarget,
  conditionId,
  type Finding,
} from '../../core/alerts/conditions.ts';
import type { TargetIdentity } from '../../core/records.ts';

/** What was found of a target, or of the service. */
export interface Look {
  readonly findings: readonly Finding[];
  /** Conditions that these facts do not decide: neither raised nor cleared. */
  readonly undecided: readonly ConditionName[];
}

/** What a row found; see Finding. */
export interface Detail<Name extends ConditionName>
  extends Pick<Finding, 'severity'>,
    Partial<Pick<Finding, 'since' | 'loginsUntil' | 'error'>> {
  readonly facts: ConditionFacts[Name];
}

/** The finding of a condition: of a target, of something that has a name, or of the service as a whole. */
export function finding(
  condition: ConditionName,
  { severity, facts, since = null, loginsUntil = null, error = null }: Detail<ConditionName>,
  of?: TargetIdentity | string,
  target: ConditionTarget | null = null,
): Finding {
  const id = conditionId(condition, of);
  // The tables' types ensure that a row gives the facts of its own condition.
  return { condition, facts, id, severity, target, since, loginsUntil, error } as Finding;
}
