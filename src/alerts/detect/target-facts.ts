// The facts by which the conditions of a target are decided, and what several conditions need of them.

import type { ConditionName, Severity } from '../../core/alerts/conditions.ts';
import type { TargetIdentity, TargetState } from '../../core/records.ts';
import type { Openings } from './windows-passed.ts';

/** A configured target, as far as its conditions depend on it. */
export interface WatchedTarget extends TargetIdentity {
  readonly key: string;
  readonly name: string;
  readonly policy: {
    readonly lifetimeMs: number;
    readonly renewBeforeMs: number;
    readonly window: Openings | undefined;
  };
  /** A coming expiry is reported when less than this remains. */
  readonly expiry: { readonly warningMs: number; readonly criticalMs: number };
  readonly appleCheck: 'compare' | 'require' | 'off';
}

export interface TargetFacts {
  readonly target: WatchedTarget;
  /** Undefined: the journal knows nothing of it. */
  readonly state: TargetState | undefined;
  /** Since when it is in the configuration. */
  readonly watchedSince: number;
  readonly now: number;
  /** The longest time between two ticks of the schedule. */
  readonly longestTickGapMs: number;
  /** The conditions of this target that are raised. */
  readonly open: ReadonlySet<ConditionName>;
  /** Apple's answers prove nothing at the moment (apple-gate.ts, isBlind). */
  readonly appleBlind: boolean;
}

/** The same, where an unknown target has the state of a new one. */
export type Known = TargetFacts & { readonly state: TargetState };

/** When the deployed secret expires; null if that is not known. */
export function expiryOf({ deployed }: TargetState): number | null {
  return deployed?.expiresAt ?? null;
}

/** Infinite if the expiry is not known. */
export function leftMs(state: TargetState, now: number): number {
  return (expiryOf(state) ?? Number.POSITIVE_INFINITY) - now;
}

/** Critical if less remains than the target's own threshold; a warning if the expiry is not known. */
export function severityOf({ state, target, now }: Known): Severity {
  return leftMs(state, now) < target.expiry.criticalMs ? 'critical' : 'warning';
}

/** The earliest of the instants that are known; null if none is. */
export function earliest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
