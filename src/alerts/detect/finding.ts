// How a row of the tables of conditions says what it found, and how that becomes a Finding: its id, and what is not
// said filled in.

import {
  type ConditionFacts,
  type ConditionName,
  type ConditionTarget,
  conditionId,
  type Finding,
  type Severity,
} from '../../core/alerts/conditions.ts';
import type { StoredError } from '../../core/error-params.ts';
import type { TargetIdentity } from '../../core/records.ts';

/** What a row found; see Finding. */
export interface Detail<Name extends ConditionName> {
  readonly severity: Severity;
  readonly facts: ConditionFacts[Name];
  readonly since?: number | null;
  readonly loginsUntil?: number | null;
  readonly error?: StoredError | null;
  readonly holdMs?: number;
}

/** The finding of a condition: of a target, of something that has a name, or of the service as a whole. */
export function finding(
  condition: ConditionName,
  { severity, facts, since = null, loginsUntil = null, error = null, holdMs }: Detail<ConditionName>,
  of?: TargetIdentity | string,
  target: ConditionTarget | null = null,
): Finding {
  const hold = holdMs === undefined ? {} : { holdMs };
  const id = conditionId(condition, of);
  // A row gives the facts of its own condition: the tables' types see to that.
  return { condition, facts, id, severity, target, since, loginsUntil, error, ...hold } as Finding;
}
