// The closed vocabulary of what can be wrong for longer than a moment, and the facts that each condition carries.
// A condition's name is a metric label, a journal value, the title of its section in the runbook and part of its id.
// No fact holds a secret: fingerprints, ids, names and instants (ms since the epoch) only.
import * as z from 'zod';
import { REASONS } from '../reasons.ts';
import { errorSchema, type Frozen, instant, type Kinds, type TargetIdentity } from '../records.ts';
import type { Phrase } from '../texts/problems.ts';

/** From mild to bad. */
export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Conditions of one target. The first two need no cause, and so catch what nobody foresaw. */
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
  'JournalExposed',
  'ChannelFailing',
  'ConfigurationRejected',
  'StartRefused',
  'WritesFailing',
  'SchedulerStalled',
] as const;

export const CONDITIONS = [...TARGET_CONDITIONS, ...SERVICE_CONDITIONS] as const;
export type ConditionName = (typeof CONDITIONS)[number];

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
    /** When logins stop working: the expiry of the deployed secret; null if that is not known or not affected. */
    loginsUntil: maybeInstant,
    /** The error behind it, if there is one. */
    error: errorSchema(kinds).nullable(),
    /** It is raised only after it was found for this long without a break (default 0). */
    holdMs: z.number().exactOptional(),
  };
  const part = z.union([prose, z.number()]);
  const phrase = z.array(z.union([part, z.array(part)])) as unknown as z.ZodType<Phrase, Phrase>;
  const of = <Name extends ConditionName, Facts extends z.ZodRawShape>(condition: Name, facts: Facts) =>
    z.object({ condition: z.literal(condition), facts: z.object(facts), ...common });

  const rows = {
    RenewalOverdue: of('RenewalOverdue', {
      /** Since when renewal (or another rotation that was deferred) has been due. */
      dueSince: instant,
      reason: z.enum(REASONS).nullable(),
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
    SecretExpired: of('SecretExpired', { expiresAt: instant }),
    AppleRejectsSecret: of('AppleRejectsSecret', {
      /**
       * What Apple was asked about: the deployed secret, or a fresh one of the same key if the deployed one is hidden.
       */
      asked: z.enum(['deployed', 'same-key']),
      askedAt: instant,
      keyId: maybe,
      fingerprint: maybe,
    }),
    ProviderDisabled: of('ProviderDisabled', {}),
    ProviderChanged: of('ProviderChanged', {
      changes: z.array(z.object({ path: prose, by: z.enum(['our-write', 'somebody-else']) })),
    }),
    SecretReplaced: of('SecretReplaced', {
      replacements: z.array(z.object({ fingerprint: maybe, at: instant })),
      /** Of the secret that is deployed now. */
      keyId: maybe,
      /** Of the secret that we wrote last. */
      ourFingerprint: maybe,
      ourKeyId: maybe,
      /** Ours is deployed again. */
      takenBack: z.boolean().default(false),
      /** The loop guard leaves the foreign secret alone from now on. */
      leftAlone: z.boolean(),
    }),
    AdoptionPending: of('AdoptionPending', { keyId: maybe, fingerprint: maybe }),
    /** Of version 0.1.0: a sentence each. */
    TargetMisconfigured: of('TargetMisconfigured', {
      problems: z.array(z.union([prose, z.object({ key: prose, found: phrase, wanted: phrase })])),
    }),
    /** Names of the targets whose provider does not show what was written. */
    Unverified: of('Unverified', { targets: z.array(label) }),
    CredentialsRejected: of('CredentialsRejected', { targets: z.array(label) }),
    AppleUnreachable: of('AppleUnreachable', { lastAnswerAt: maybeInstant }),
    AppleCheckBlind: of('AppleCheckBlind', { controlRejectedAt: maybeInstant, oursAcceptedAt: maybeInstant }),
    /** Our clock less CloudBase's. */
    ClockSkewed: of('ClockSkewed', { skewMs: z.number() }),
    JournalUnwritable: of('JournalUnwritable', { path: prose }),
    /** The journal, its folder or both, with their modes. */
    JournalExposed: of('JournalExposed', { places: z.array(z.object({ path: prose, mode: label })) }),
    ChannelFailing: of('ChannelFailing', {
      channel: label,
      attempts: z.number(),
      /** When the oldest message that waits for it was written; null if none does. */
      oldestAt: maybeInstant,
    }),
    ConfigurationRejected: of('ConfigurationRejected', {}),
    StartRefused: of('StartRefused', {}),
    WritesFailing: of('WritesFailing', {
      /** Credential, region and endpoint. */
      lane: label,
      /** Bad writes in a row. */
      badWrites: z.number(),
      /** Names of the targets whose urgent rotation waits behind them. */
      urgent: z.array(label),
    }),
    SchedulerStalled: of('SchedulerStalled', { lastTurnAt: instant }),
  } satisfies { readonly [Name in ConditionName]: z.ZodType<{ readonly condition: Name }> };
  const { RenewalOverdue, ...others } = rows;
  return z.discriminatedUnion('condition', [RenewalOverdue, ...Object.values(others)]);
}

/** What is wrong at this moment. */
export type Finding = Frozen<z.infer<ReturnType<typeof findingSchema>>>;

/** What each condition knows beside its target, severity, error and instants. Instants are ms; null is unknown. */
export type ConditionFacts = {
  readonly [Name in ConditionName]: Extract<Finding, { readonly condition: Name }>['facts'];
};

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
