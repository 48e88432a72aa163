// A target as `once`, `plan`, `status` and the HTTP interface show it (design.md, "Commands"). Every field is always
// there: an absent value is null. What a target is called comes from the configuration, the rest from the journal.
import { type ErrorView, errorView } from './errors.ts';
import { isoOrNull } from './instants.ts';
import type { Reason, TargetStateName } from './reasons.ts';
import type { TargetState } from './records.ts';

export interface TargetLabel {
  readonly name: string;
  readonly envId: string;
  readonly providerId: string;
}

/** The JSON of one target; instants are ISO 8601 UTC. */
export interface TargetView {
  readonly name: string;
  readonly envId: string;
  readonly providerId: string;
  readonly state: TargetStateName;
  readonly reason: Reason | null;
  readonly expiresAt: string | null;
  readonly renewalAt: string | null;
  readonly lastRotationAt: string | null;
  readonly consecutiveFailures: number;
  readonly nextAttemptAt: string | null;
  readonly error: ErrorView | null;
}

/** Shows a target under its configured name; `undefined` is a target of which the journal knows nothing. */
export function targetView(state: TargetState | undefined, { name, envId, providerId }: TargetLabel): TargetView {
  return {
    name,
    envId,
    providerId,
    state: state?.state ?? 'unknown',
    reason: state?.reason ?? null,
    expiresAt: isoOrNull(state?.deployed?.expiresAt ?? null),
    renewalAt: isoOrNull(state?.renewalAt ?? null),
    lastRotationAt: isoOrNull(state?.lastRotationAt ?? null),
    consecutiveFailures: state?.retry.failures ?? 0,
    nextAttemptAt: isoOrNull(state?.retry.nextAttemptAt ?? null),
    error: state?.error ? errorView(state.error, name) : null,
  };
}

/**
 * The same for whoever asks later than the pass: a rotation that succeeded leaves a healthy target; `rotated` is what
 * `once` alone says, of its own pass.
 */
export function lastingView(state: TargetState | undefined, label: TargetLabel): TargetView {
  const view = targetView(state, label);
  return view.state === 'rotated' ? { ...view, state: 'healthy', reason: null } : view;
}

/** True unless the target is failed or unknown, or its secret has expired at `nowMs`: the exit status of the commands. */
export function isWell(view: TargetView, nowMs: number): boolean {
  if (view.state === 'failed' || view.state === 'unknown') return false;
  return view.expiresAt === null || Date.parse(view.expiresAt) > nowMs;
}
