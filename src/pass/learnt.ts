// What the steps of a pass hand back, and the course of the pass applies to what it knows of the target.
import type { Snapshot } from '../core/decide.ts';
import type { RotatorError } from '../core/errors.ts';
import type { Outcome } from '../core/reasons.ts';
import type { Proof, TargetState } from '../core/records.ts';

export interface Gathered {
  /** Its `state` holds what the journal knows and what this gathering has added to it. */
  readonly snapshot: Snapshot;
  /** Our wall clock less CloudBase's in ms, if the reading told. */
  readonly skewMs: number | undefined;
}

/** The key material could not be read: nothing is decided. `learnt` is what the provider shows all the same. */
export interface Unread {
  readonly error: unknown;
  readonly learnt: Partial<TargetState>;
  readonly skewMs: number | undefined;
}

/** How a row ends: that of this pass, or one that a crash left open. */
export interface RowEnd {
  readonly outcome: Outcome;
  /** Null only where the outcome is `succeeded` or `unverified`. */
  readonly error: RotatorError | null;
  readonly learnt: Partial<TargetState>;
  /** Undefined: nothing was read back. */
  readonly readBack?: Proof['readBack'];
}
