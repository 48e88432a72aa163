// What the steps of a pass hand back, and the course of the pass applies to what it knows of the target.
import type { GateQuestion } from '../core/apple-gate.ts';
import type { Decision, Snapshot } from '../core/decide.ts';
import type { RotatorError } from '../core/errors.ts';
import type { Outcome } from '../core/reasons.ts';
import type { AppleAsked, TargetState } from '../core/records.ts';

export interface Gathered {
  /** Its `state` holds what the journal knows and what this gathering has added to it. */
  readonly snapshot: Snapshot;
  /** Our wall clock less CloudBase's in ms, if the reading told. */
  readonly skewMs: number | undefined;
}

export type Rotate = Extract<Decision, { readonly action: 'rotate' }>;
export type Unrotated = Exclude<Decision, Rotate>;

/** What a pass has gathered and decided. */
export interface Seen<D extends Decision = Rotate> {
  /** When the gathering began, on the monotonic clock. */
  readonly gatheredAt: number;
  readonly snapshot: Snapshot;
  readonly decision: D;
}

/** What Apple said in a rotation. */
export interface AppleOpinion {
  readonly question: GateQuestion;
  /** The answer about the candidate: it is about the deployed secret once that is the candidate. */
  readonly ofCandidate: AppleAsked | undefined;
  readonly learnt: Pick<TargetState, 'acceptedKeys' | 'appleAsked'>;
}

/** How a row ends: that of this pass, or one that a crash left open. */
export interface RowEnd {
  readonly outcome: Outcome;
  /** Null only where the outcome is `succeeded` or `unverified`. */
  readonly error: RotatorError | null;
  readonly learnt: Partial<TargetState>;
}
