// The closed vocabulary of what can be wrong for longer than a moment, and the facts that each condition carries.
// A condition's name is a metric label, a journal value, the title of its section in the runbook and part of its id.
// No fact holds a secret: fingerprints, ids, names and instants (ms since the epoch) only.
import * as z from 'zod';
import { EVIDENCE_DETAILS, EVIDENCE_KINDS, LOGIN_CAUSES, LOGIN_STATES } from '../reasons.ts';
import {
  errorSchema,
  type Frozen,
  instant,
  type Kinds,
  reasonSchema,
  settingDifference,
  type TargetIdentity,
} from '../records.ts';
import type { Phrase } from '../texts/problems.ts';
import { CONDITIONS, type ConditionName } from './names.ts';

export { CONDITIONS, type ConditionName } from './names.ts';

/** From mild to bad. */
export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A finding as the journal keeps it: a row for each condition, with the facts that belong to it. */
export function findingSchema(kinds: Kinds) {
  const { prose, label } = kinds;
  const maybe = label.nullable();
  const maybeInstant = instant.nullable();
  const common = {
    /** Stable: the same trouble has the same id after every restart (see conditionId). */
    id: label,
    severity: z.enum(SEVERITIES),
    /** As a message names it; null: the service itself. */
    target: z.object({ key: label, name: label, envId: maybe, providerId: maybe }).nullable(),
    /** When it began, if the facts say; null: when it was first found. */
    since: maybeInstant,
    /** When the deployed secret expires; null if that is not known or not affected. */
    loginsUntil: maybeInstant,
    /** What is known of the target's logins (logins.ts); absent for the service itself. */
    logins: z
      .object({
        state: z.enum(LOGIN_STATES),
        until: maybeInstant,
        because: z.enum(LOGIN_CAUSES).nullable(),
        evidence: z.array(
          z.object({
            kind: z.enum(EVIDENCE_KINDS),
            verdict: z.enum(LOGIN_STATES),
            at: instant,
            detail: z.enum(EVIDENCE_DETAILS),
          }),
        ),
      })
      .exactOptional(),
    /** The error behind it, if there is one. */
    error: errorSchema(kinds).nullable(),
  };
  /** Of which replica it is told; absent where one process alone works with the journal. */
  const replica = label.exactOptional();
  const part = z.union([prose, z.number()]);
  const phrase = z.array(z.union([part, z.array(part)])) as unknown as z.ZodType<Phrase, Phrase>;
  const of = <Name extends ConditionName, Facts extends z.ZodRawShape>(condition: Name, facts: Facts) =>
    z.object({ condition: z.literal(condition), facts: z.object(facts), ...common });

  const rows = {
    RenewalOverdue: of('RenewalOverdue', {
      /** Since when renewal (or another rotation that was deferred) has been due. */
      dueSince: instant,
      reason: reasonSchema.nullable(),
      /** Maintenance windows that opened and closed since then; null where the target has none. */
      windowsPassed: z.number().nullable(),
    }),
    CheckStale: of('CheckStale', { lastGatherAt: maybeInstant }),
    RotationFailing: of('RotationFailing', {
      failures: z.number(),
      nextAttemptAt: maybeInstant,
      emergency: z.boolean(),
    }),
    SecretExpiring: of('SecretExpiring', { expiresAt: instant }),
    LoginsFail: of('LoginsFail', {
      because: z.enum(LOGIN_CAUSES),
      /** The evidence that outweighs the rest. */
      detail: z.enum(EVIDENCE_DETAILS),
      /** When that was found. */
      at: instant,
      /** Of the deployed secret. */
      expiresAt: maybeInstant,
      keyId: maybe,
      /** Our clock could not be compared with another one, so it is not sure that the secret has expired. */
      clockUncompared: z.boolean(),
    }),
    ProviderDisabled: of('ProviderDisabled', {}),
    ProviderDiffers: of('ProviderDiffers', { differences: z.array(settingDifference(kinds)) }),
    ProviderChanged: of('ProviderChanged', {
      changes: z.array(z.object({ path: prose, by: z.enum(['our-write', 'somebody-else']) })),
    }),
    SecretReplaced: of('SecretReplaced', {
      /** `own-identity`: made with our own key. */
      kind: z.enum(['other', 'own-identity']),
      at: instant,
      /** Of the secret that is deployed now. */
      keyId: maybe,
      fingerprint: maybe,
      /** Of the secret that we wrote last. */
      ourFingerprint: maybe,
      /** Ours is deployed again. */
      takenBack: z.boolean(),
    }),
    /** Names of the targets whose provider shows something else than our last write left there, and no client secret. */
    SecretNotShown: of('SecretNotShown', { targets: z.array(label) }),
    ConsentNeeded: of('ConsentNeeded', { reason: reasonSchema.nullable() }),
    /** Of version 0.1.0: a sentence each. */
    TargetMisconfigured: of('TargetMisconfigured', {
      problems: z.array(z.union([prose, z.object({ key: prose, found: phrase, wanted: phrase })])),
    }),
    /**
     * It left the configuration: told once, and its stories end without an all-clear. `moved`: the same provider is watched
     * on, under another `cloudbase.endpoint` and so as another target. `open`: what was raised of it.
     */
    Unwatched: of('Unwatched', { moved: z.boolean(), open: z.array(z.enum(CONDITIONS)) }),
    /** Names of the targets whose provider does not show what was written. */
    Unverified: of('Unverified', { targets: z.array(label) }),
    /** Names of the targets, those whose client secret expires soonest first. */
    CredentialsRejected: of('CredentialsRejected', { targets: z.array(label) }),
    AccessDenied: of('AccessDenied', { targets: z.array(label) }),
    EndpointFailing: of('EndpointFailing', { targets: z.array(label) }),
    KeyUnavailable: of('KeyUnavailable', { targets: z.array(label) }),
    AppleUnreachable: of('AppleUnreachable', { lastAnswerAt: maybeInstant }),
    /** Names of the targets that it was asked about. */
    AppleRejectsAll: of('AppleRejectsAll', { targets: z.array(label) }),
    AppleAcceptsAll: of('AppleAcceptsAll', {}),
    /** Our clock less CloudBase's. */
    ClockSkewed: of('ClockSkewed', { skewMs: z.number(), replica }),
    JournalUnwritable: of('JournalUnwritable', { path: prose }),
    /** The journal, its folder or both, with their modes. */
    JournalExposed: of('JournalExposed', { places: z.array(z.object({ path: prose, mode: label })) }),
    ChannelFailing: of('ChannelFailing', {
      channel: label,
      attempts: z.number(),
      /** When the oldest message that waits for it was written; null if none does. */
      oldestAt: maybeInstant,
    }),
    ConfigurationRejected: of('ConfigurationRejected', { replica }),
    StartRefused: of('StartRefused', {}),
    WritesFailing: of('WritesFailing', {
      /** Credential, region and endpoint. */
      lane: label,
      /** Bad writes in a row. */
      badWrites: z.number(),
      /** Names of the targets whose urgent rotation waits behind them. */
      urgent: z.array(label),
    }),
    SchedulerStalled: of('SchedulerStalled', { lastTurnAt: instant, replica }),
    ReplicaSilent: of('ReplicaSilent', { replica: label, seenAt: instant }),
    /** Names of those whose configuration is another than that of the replica that leads. */
    ReplicasDiffer: of('ReplicasDiffer', { replicas: z.array(label) }),
  } satisfies { readonly [Name in ConditionName]: z.ZodType<{ readonly condition: Name }> };
  const { RenewalOverdue, ...others } = rows;
  return z.discriminatedUnion('condition', [RenewalOverdue, ...Object.values(others)]);
}

/** What is wrong at this moment. */
export type Finding = Frozen<z.infer<ReturnType<typeof findingSchema>>>;

/** What each condition knows beside its target, severity, error and instants. Instants are ms; null is unknown. */
export type ConditionFacts = { readonly [Name in ConditionName]: FindingOf<Name>['facts'] };

/** A finding of one condition, with its facts. */
export type FindingOf<Name extends ConditionName> = Extract<Finding, { readonly condition: Name }>;

/** The target of a condition as a message names it. */
export type ConditionTarget = NonNullable<Finding['target']>;

/**
 * The id of a condition, which is also the deduplication key of its alerts: `RotationFailing/ENV/PROVIDER@HOST`,
 * `ChannelFailing/NAME`, `SchedulerStalled`. It leaves out a target's name, which may change.
 */
export function conditionId(condition: ConditionName, of?: TargetIdentity | string): string {
  if (of === undefined) return condition;
  if (typeof of === 'string') return `${condition}/${of}`;
  const host = of.endpoint.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return `${condition}/${of.envId}/${of.providerId}@${host}`;
}
