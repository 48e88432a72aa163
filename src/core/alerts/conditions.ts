// The closed vocabulary of what can be wrong for longer than a moment, and the facts that each condition carries.
// A condition's name is a metric label, a journal value, the title of its section in the runbook and part of its id.
// No fact holds a secret: fingerprints, ids, names and instants (ms since the epoch) only.
import type { ErrorView } from '../errors.ts';
import type { Reason } from '../reasons.ts';
import type { TargetIdentity } from '../records.ts';

/** From mild to bad. */
export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Conditions of one target. The first two ask for no cause, and so catch what nobody foresaw. */
export const TARGET_CONDITIONS = [
  'RenewalOverdue',
  'CheckStale',
  'RotationFailing',
  'SecretExpiring',
  'SecretExpired',
  'AppleRejectsSecret',
  'ProviderDisabled',
  'ProviderChanged',
  'SecretReplaced',
  'AdoptionPending',
  'TargetMisconfigured',
] as const;

/** Conditions of the service as a whole. */
export const SERVICE_CONDITIONS = [
  'Unverified',
  'CredentialsRejected',
  'AppleUnreachable',
  'AppleCheckBlind',
  'ClockSkewed',
  'JournalUnwritable',
  'ChannelFailing',
  'ConfigurationRejected',
  'StartRefused',
  'FleetHalted',
  'SchedulerStalled',
] as const;

export const CONDITIONS = [...TARGET_CONDITIONS, ...SERVICE_CONDITIONS] as const;
export type ConditionName = (typeof CONDITIONS)[number];

/** What each condition knows beside its target, severity, error and instants. Instants are ms; null is unknown. */
export interface ConditionFacts {
  readonly RenewalOverdue: {
    /** Since when renewal (or another rotation that was deferred) has been due. */
    readonly dueSince: number;
    readonly reason: Reason | null;
    /** Maintenance windows that opened and closed since then; null where the target has none. */
    readonly windowsPassed: number | null;
  };
  readonly CheckStale: { readonly lastGatherAt: number | null };
  readonly RotationFailing: {
    readonly failures: number;
    readonly nextAttemptAt: number | null;
    readonly emergency: boolean;
  };
  readonly SecretExpiring: { readonly expiresAt: number };
  readonly SecretExpired: { readonly expiresAt: number };
  readonly AppleRejectsSecret: {
    /** What Apple was asked about: the deployed secret, or (where that is hidden) a fresh one of the same key. */
    readonly asked: 'deployed' | 'same-key';
    readonly askedAt: number;
    readonly keyId: string | null;
    readonly fingerprint: string | null;
  };
  readonly ProviderDisabled: Record<string, never>;
  readonly ProviderChanged: {
    readonly changes: readonly { readonly path: string; readonly by: 'our-write' | 'somebody-else' }[];
  };
  readonly SecretReplaced: {
    readonly replacements: readonly { readonly fingerprint: string | null; readonly at: number }[];
    /** Of the secret that is deployed now. */
    readonly keyId: string | null;
    /** Of the secret that we wrote last. */
    readonly ourFingerprint: string | null;
    readonly ourKeyId: string | null;
    /** Ours is deployed again. */
    readonly takenBack: boolean;
    /** The loop guard leaves the foreign secret alone from now on. */
    readonly leftAlone: boolean;
  };
  readonly AdoptionPending: { readonly keyId: string | null; readonly fingerprint: string | null };
  /** One line a problem: `key: found, wanted`. */
  readonly TargetMisconfigured: { readonly problems: readonly string[] };
  /** Names of the targets whose provider does not show what was written. */
  readonly Unverified: { readonly targets: readonly string[] };
  readonly CredentialsRejected: { readonly targets: readonly string[] };
  readonly AppleUnreachable: { readonly lastAnswerAt: number | null };
  readonly AppleCheckBlind: { readonly controlRejectedAt: number | null; readonly oursAcceptedAt: number | null };
  /** Our clock less CloudBase's. */
  readonly ClockSkewed: { readonly skewMs: number };
  readonly JournalUnwritable: { readonly path: string };
  readonly ChannelFailing: {
    readonly channel: string;
    readonly attempts: number;
    /** When the oldest message that it has not taken was written; null if none waits. */
    readonly oldestAt: number | null;
  };
  readonly ConfigurationRejected: Record<string, never>;
  readonly StartRefused: Record<string, never>;
  readonly FleetHalted: { readonly failures: number };
  readonly SchedulerStalled: { readonly lastTurnAt: number };
}

/** The target of a condition as a message names it. */
export interface ConditionTarget {
  readonly key: string;
  readonly name: string;
  readonly envId: string | null;
  readonly providerId: string | null;
}

interface FindingOf<Name extends ConditionName> {
  readonly condition: Name;
  readonly facts: ConditionFacts[Name];
}

/** A condition with the facts that belong to it. */
export type ConditionWithFacts = { readonly [Name in ConditionName]: FindingOf<Name> }[ConditionName];

/** What a look at the facts finds wrong at this moment. */
export type Finding = ConditionWithFacts & {
  /** Steady: the same trouble has the same id in every life of the program (see conditionId). */
  readonly id: string;
  readonly severity: Severity;
  /** Null: of the service itself. */
  readonly target: ConditionTarget | null;
  /** Since when, where the facts tell; null: since it was first found. */
  readonly since: number | null;
  /** Until when logins still work: the expiry of the deployed secret; null where it is not known or not touched. */
  readonly loginsUntil: number | null;
  /** The error behind it, where there is one. */
  readonly error: ErrorView | null;
  /** It counts only after it was found for so long without a break (default 0). */
  readonly holdMs?: number;
};

/**
 * The id of a condition, which is also the deduplication key of its alerts: `RotationFailing/ENV/PROVIDER@HOST`,
 * `ChannelFailing/NAME`, `FleetHalted`. A target's name plays no part: it may change without losing history.
 */
export function conditionId(condition: ConditionName, of?: TargetIdentity | string): string {
  if (of === undefined) return condition;
  if (typeof of === 'string') return `${condition}/${of}`;
  const host = of.endpoint.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return `${condition}/${of.envId}/${of.providerId}@${host}`;
}
