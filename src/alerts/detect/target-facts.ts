// The facts by which the conditions of a target are decided, and what several conditions need of them.

import type { ConditionName, Severity } from '../../core/alerts/conditions.ts';
import type { JudgeClock, Logins } from '../../core/logins.ts';
import type { Window } from '../../core/ports.ts';
import type { TargetIdentity, TargetState } from '../../core/records.ts';
import type { StatedSettings } from '../../core/stated-settings.ts';
import { DAY } from '../../core/time.ts';

/** A configured target, as far as its conditions depend on it. */
export interface WatchedTarget extends TargetIdentity {
  readonly key: string;
  readonly name: string;
  /** Through which it is written. */
  readonly lane: string;
  readonly policy: {
    readonly lifetimeMs: number;
    readonly renewBeforeMs: number;
    readonly window: Window | undefined;
  };
  /** A coming expiry is reported when less than this remains. */
  readonly expiry: { readonly warningMs: number; readonly criticalMs: number };
  readonly appleCheck: 'compare' | 'require' | 'off';
  /** How the configuration wants the provider to be, as far as it says. */
  readonly stated: StatedSettings;
}

/** Watched targets by key: a map, or what makes each as it is asked for. */
export interface WatchedTargets {
  readonly size: number;
  has(key: string): boolean;
  get(key: string): WatchedTarget | undefined;
  keys(): Iterable<string>;
  /** Whoever looks for one of them stops there: making all of them takes as long as there are many. */
  values(): IteratorObject<WatchedTarget>;
}

export interface TargetFacts {
  readonly target: WatchedTarget;
  /** Undefined: the journal knows nothing of it. */
  readonly state: TargetState | undefined;
  /** Since when it is in the configuration. */
  readonly watchedSince: number;
  readonly clock: JudgeClock;
  /** The longest time between two ticks of the schedule. */
  readonly longestTickGapMs: number;
  /** The conditions of this target that are raised. */
  readonly open: ReadonlySet<ConditionName>;
}

/** The same, judged; an unknown target has the state of a new one. */
export interface Known extends TargetFacts {
  readonly state: TargetState;
  /** By our clock, as the journal's instants are. */
  readonly now: number;
  readonly logins: Logins;
  /** When the deployed secret expires; null if that is not known, or not to be said yet (isUnsure). */
  readonly expiresAt: number | null;
  /** How long that is from now; infinite if it is not known. */
  readonly leftMs: number;
}

/**
 * True while a secret has expired by our clock alone, which was not compared with another one yet: then nothing is said
 * to have expired, and nothing to be over.
 */
export function isUnsure({ state, evidence }: Logins): boolean {
  return state !== 'fails' && evidence.some(({ detail }) => detail === 'never-compared');
}

/** When the deployed secret expires, as far as that may be said: of a provider that was not found, nothing may. */
export function expiryToSay({ deployed, provider }: TargetState, logins: Logins): number | null {
  return isUnsure(logins) || provider.trouble !== null ? null : (deployed?.expiresAt ?? null);
}

/** Critical if less remains than the target's own threshold, and after a day where nobody knows how much does. */
export function deadlineSeverity({ state, target, now, leftMs, watchedSince }: Known): Severity {
  const isLong = now - Math.max(state.lastSuccessAt ?? 0, Math.min(watchedSince, now)) >= DAY;
  const isUnknown = state.lastGatherAt !== null && (state.deployed?.expiresAt ?? null) === null && isLong;
  return isUnknown || leftMs < target.expiry.criticalMs ? 'critical' : 'warning';
}

/** An instant in the future was written while the clock was wrong, and counts as never. */
export function notAhead(instant: number | null, now: number): number | null {
  return instant !== null && instant <= now ? instant : null;
}
