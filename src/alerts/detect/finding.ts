// What a row of the tables of conditions returns, and how it becomes a Finding with its id and every field filled in.

import {
  type ConditionFacts,
  type ConditionName,
  type ConditionTarget,
  conditionId,
  type Finding,
  type FindingOf,
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
export function finding<Name extends ConditionName>(
  condition: Name,
  { severity, facts, since = null, loginsUntil = null, error = null }: Detail<Name>,
  of?: TargetIdentity | string,
  target: ConditionTarget | null = null,
): FindingOf<Name> {
  const id = conditionId(condition, of);
  // The compiler cannot follow a name through the union.
  return { condition, facts, id, severity, target, since, loginsUntil, error } as unknown as FindingOf<Name>;
}
