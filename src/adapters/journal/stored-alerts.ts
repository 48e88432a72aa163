// What a row of the alert book may look like, as stored.ts says it of the other rows: a schema that writes and one that
// reads. Prose is redacted when it is written. An identifier is not: it must come back as it is, or a condition would
// never be found again under its id, and raised anew at every look; only a token or a key inside one is cut out.
// A new condition or delivery status needs a new schema version: older programs would drop its rows as damaged.
import * as z from 'zod';
import { CONDITIONS, type ConditionName, type Finding, SEVERITIES } from '../../core/alerts/conditions.ts';
import {
  type AlertMemo,
  type AlertUpdate,
  type ChannelState,
  type ConditionRecord,
  DELIVERY_STATUSES,
  type Delivery,
} from '../../core/alerts/records.ts';
import { type ErrorCode, REMEDIES } from '../../core/errors.ts';
import { REASONS } from '../../core/reasons.ts';
import { redactText } from '../../core/redact.ts';
import { frozen } from './alert-book.ts';
import { accepted, storedLabel } from './stored.ts';

/** The schemas of the rows; `prose` and `label` are applied to every text of their kind. */
function alertSchemas(prose: z.ZodType<string>, label: z.ZodType<string, string>) {
  const instant = z.number();
  const labels = z.array(label);
  const error = z
    .object({ code: z.enum(Object.keys(REMEDIES) as [ErrorCode, ...ErrorCode[]]), message: prose, hint: prose })
    .nullable();
  const target = z.object({ key: label, name: label, envId: label.nullable(), providerId: label.nullable() });
  const severity = z.enum(SEVERITIES);
  const keyId = label.nullable();
  const fingerprint = label.nullable();

  function of<Name extends ConditionName, Facts extends z.ZodRawShape>(condition: Name, facts: Facts) {
    return z.object({
      condition: z.literal(condition),
      facts: z.object(facts),
      id: label,
      severity,
      target: target.nullable(),
      since: instant.nullable(),
      loginsUntil: instant.nullable(),
      error,
      holdMs: z.number().exactOptional(),
    });
  }
  const findings = {
    RenewalOverdue: of('RenewalOverdue', {
      dueSince: instant,
      reason: z.enum(REASONS).nullable(),
      windowsPassed: z.number().nullable(),
    }),
    CheckStale: of('CheckStale', { lastGatherAt: instant.nullable() }),
    RotationFailing: of('RotationFailing', {
      failures: z.number(),
      nextAttemptAt: instant.nullable(),
      emergency: z.boolean(),
    }),
    SecretExpiring: of('SecretExpiring', { expiresAt: instant }),
    SecretExpired: of('SecretExpired', { expiresAt: instant }),
    AppleRejectsSecret: of('AppleRejectsSecret', {
      asked: z.enum(['deployed', 'same-key']),
      askedAt: instant,
      keyId,
      fingerprint,
    }),
    ProviderDisabled: of('ProviderDisabled', {}),
    ProviderChanged: of('ProviderChanged', {
      changes: z.array(z.object({ path: prose, by: z.enum(['our-write', 'somebody-else']) })),
    }),
    SecretReplaced: of('SecretReplaced', {
      replacements: z.array(z.object({ fingerprint, at: instant })),
      keyId,
      ourFingerprint: fingerprint,
      ourKeyId: keyId,
      takenBack: z.boolean().default(false),
      leftAlone: z.boolean(),
    }),
    AdoptionPending: of('AdoptionPending', { keyId, fingerprint }),
    TargetMisconfigured: of('TargetMisconfigured', { problems: z.array(prose) }),
    Unverified: of('Unverified', { targets: labels }),
    CredentialsRejected: of('CredentialsRejected', { targets: labels }),
    AppleUnreachable: of('AppleUnreachable', { lastAnswerAt: instant.nullable() }),
    AppleCheckBlind: of('AppleCheckBlind', {
      controlRejectedAt: instant.nullable(),
      oursAcceptedAt: instant.nullable(),
    }),
    ClockSkewed: of('ClockSkewed', { skewMs: z.number() }),
    JournalUnwritable: of('JournalUnwritable', { path: prose }),
    ChannelFailing: of('ChannelFailing', { channel: label, attempts: z.number(), oldestAt: instant.nullable() }),
    ConfigurationRejected: of('ConfigurationRejected', {}),
    StartRefused: of('StartRefused', {}),
    FleetHalted: of('FleetHalted', { failures: z.number() }),
    SchedulerStalled: of('SchedulerStalled', { lastTurnAt: instant }),
  } satisfies { readonly [Name in ConditionName]: z.ZodType<Extract<Finding, { condition: Name }>> };
  const { RenewalOverdue, ...others } = findings;
  const finding = z.discriminatedUnion('condition', [RenewalOverdue, ...Object.values(others)]);

  const condition: z.ZodType<ConditionRecord> = z.object({
    finding,
    foundAt: instant,
    raisedAt: instant.nullable(),
    toldAt: instant.nullable(),
    told: z.record(label, label),
  });
  const rotated = z.object({
    target: z.object({ name: label, envId: label, providerId: label }),
    reason: z.enum(REASONS),
    keyId,
    fingerprint,
    expiresAt: instant.nullable(),
    previousExpiresAt: instant.nullable(),
  });
  const unwatched = z.object({
    target: z.object({ name: label, envId: label.nullable(), providerId: label.nullable() }),
    expiresAt: instant.nullable(),
    open: z.array(z.enum(CONDITIONS)),
  });
  const digest = z.object({
    version: prose,
    targets: z.number(),
    states: z.record(label, z.number()),
    renewals: z.array(z.object({ target: label, at: instant, expiresAt: instant })),
    open: z.array(z.object({ condition: z.enum(CONDITIONS), target: label.nullable(), severity })),
    openTotal: z.number(),
  });
  const delivery: z.ZodType<Delivery> = z.object({
    id: label,
    channel: label,
    at: instant,
    subject: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('condition'),
        status: z.enum(DELIVERY_STATUSES).exclude(['happened']),
        finding,
        since: instant,
        until: instant.nullable(),
        thread: label,
        closes: labels,
      }),
      z.object({ kind: z.literal('rotated'), event: rotated }),
      z.object({ kind: z.literal('unwatched'), event: unwatched, closes: labels }),
      z.object({ kind: z.literal('digest'), digest }),
      z.object({ kind: z.literal('test') }),
    ]),
  });
  const channel: z.ZodType<ChannelState> = z.object({
    name: label,
    failures: z.number(),
    nextAttemptAt: instant.nullable(),
    failingSince: instant.nullable(),
    lastDeliveredAt: instant.nullable(),
    error,
  });
  const memo: z.ZodType<AlertMemo> = z.object({
    digestAt: instant.nullable(),
    watchedSince: z.record(label, instant),
  });
  return { condition, delivery, channel, memo };
}

/** How a stored row reads. */
export const storedAlerts = alertSchemas(z.string(), z.string());

const writing = alertSchemas(z.string().transform(redactText), z.string().transform(storedLabel));

/**
 * An update as the journal may keep it: a frozen copy, redacted, and certain to be readable. Throws a TypeError if it
 * is not.
 */
export function storableUpdate(update: AlertUpdate): AlertUpdate {
  const { putConditions, removeConditions, addDeliveries, removeDeliveries, putChannels, removeChannels, memo } =
    update;
  return frozen({
    ...(putConditions && { putConditions: putConditions.map((row) => accepted(writing.condition, row, 'condition')) }),
    ...(removeConditions && { removeConditions: removeConditions.map(storedLabel) }),
    ...(addDeliveries && { addDeliveries: addDeliveries.map((row) => accepted(writing.delivery, row, 'delivery')) }),
    ...(removeDeliveries && { removeDeliveries: removeDeliveries.map(storedLabel) }),
    ...(putChannels && { putChannels: putChannels.map((row) => accepted(writing.channel, row, 'channel state')) }),
    ...(removeChannels && { removeChannels: removeChannels.map(storedLabel) }),
    ...(memo && { memo: accepted(writing.memo, memo, 'memo of alerts') }),
  });
}
