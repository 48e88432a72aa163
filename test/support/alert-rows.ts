// Rows of the alert book for the journal's tests: with overrides, and arbitrary ones of every condition and status.
import fc from 'fast-check';
import {
  CONDITIONS,
  type ConditionFacts,
  type ConditionName,
  type ConditionTarget,
  conditionId,
  type Finding,
  SEVERITIES,
} from '../../src/core/alerts/conditions.ts';
import {
  type AlertMemo,
  type ChannelState,
  type ConditionRecord,
  DELIVERY_STATUSES,
  type Delivery,
  type DeliverySubject,
  emptyChannelState,
} from '../../src/core/alerts/records.ts';
import { type ErrorCode, type ErrorView, REMEDIES } from '../../src/core/errors.ts';
import { cleanText } from '../../src/core/output.ts';
import { REASONS } from '../../src/core/reasons.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { NOW } from './journal.ts';

export function aFinding(overrides: { readonly id?: string; readonly error?: ErrorView } = {}): Finding {
  return {
    condition: 'RotationFailing',
    facts: { failures: 3, nextAttemptAt: NOW + 60_000, emergency: false },
    id: 'RotationFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com',
    severity: 'warning',
    target: { key: 'k', name: 'shop-prod', envId: 'shop-prod-1g2h3j', providerId: 'apple' },
    since: NOW - 1000,
    loginsUntil: null,
    error: null,
    ...overrides,
  };
}

export function aCondition(id: string, overrides: Partial<ConditionRecord> = {}): ConditionRecord {
  return { finding: aFinding({ id }), foundAt: NOW, raisedAt: NOW, toldAt: NOW, told: { ops: id }, ...overrides };
}

let made = 0;

export function aDelivery(overrides: Partial<Delivery> = {}): Delivery {
  made += 1;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(made, 6);
  return { id: uuidv7(NOW, random), channel: 'ops', at: NOW, subject: { kind: 'test' }, ...overrides };
}

export function aChannel(name: string, overrides: Partial<ChannelState> = {}): ChannelState {
  return { ...emptyChannelState(name), ...overrides };
}

const prose = fc.string({ unit: 'grapheme', maxLength: 30 }).map(cleanText);
/** Names that have met a redaction before: they look like a token, or are called like a secret. */
const label = fc.oneof(
  fc.stringMatching(/^[a-z0-9][A-Za-z0-9.|:/@_-]{0,20}$/),
  fc.constantFrom('token', 'password', 'newgateway-proxy.internal-company.example', `eyJ${'a'.repeat(40)}`),
);
const instant = fc.oneof(fc.constant(0), fc.integer({ min: NOW, max: NOW * 2 }));
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const few = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(value, { maxLength: 3 });
const error = orNull(fc.record({ code: oneOf(Object.keys(REMEDIES) as ErrorCode[]), message: prose, hint: prose }));
const fingerprint = orNull(fc.stringMatching(/^[0-9a-f]{64}$/));
const keyId = orNull(fc.stringMatching(/^[A-Z0-9]{10}$/));

const FACTS: { readonly [Name in ConditionName]: fc.Arbitrary<ConditionFacts[Name]> } = {
  RenewalOverdue: fc.record({ dueSince: instant, reason: orNull(oneOf(REASONS)), windowsPassed: orNull(fc.nat()) }),
  CheckStale: fc.record({ lastGatherAt: orNull(instant) }),
  RotationFailing: fc.record({ failures: fc.nat(), nextAttemptAt: orNull(instant), emergency: fc.boolean() }),
  SecretExpiring: fc.record({ expiresAt: instant }),
  SecretExpired: fc.record({ expiresAt: instant }),
  AppleRejectsSecret: fc.record({
    asked: oneOf(['deployed', 'same-key'] as const),
    askedAt: instant,
    keyId,
    fingerprint,
  }),
  ProviderDisabled: fc.constant({}),
  ProviderChanged: fc.record({
    changes: few(fc.record({ path: prose, by: oneOf(['our-write', 'somebody-else'] as const) })),
  }),
  SecretReplaced: fc.record({
    replacements: few(fc.record({ fingerprint, at: instant })),
    keyId,
    ourFingerprint: fingerprint,
    ourKeyId: keyId,
    takenBack: fc.boolean(),
    leftAlone: fc.boolean(),
  }),
  AdoptionPending: fc.record({ keyId, fingerprint }),
  TargetMisconfigured: fc.record({ problems: few(prose) }),
  Unverified: fc.record({ targets: few(label) }),
  CredentialsRejected: fc.record({ targets: few(label) }),
  AppleUnreachable: fc.record({ lastAnswerAt: orNull(instant) }),
  AppleCheckBlind: fc.record({ controlRejectedAt: orNull(instant), oursAcceptedAt: orNull(instant) }),
  ClockSkewed: fc.record({ skewMs: fc.integer() }),
  JournalUnwritable: fc.record({ path: prose }),
  ChannelFailing: fc.record({ channel: label, attempts: fc.nat(), oldestAt: orNull(instant) }),
  ConfigurationRejected: fc.constant({}),
  StartRefused: fc.constant({}),
  WritesFailing: fc.record({ lane: label, badWrites: fc.nat(), urgent: few(label) }),
  SchedulerStalled: fc.record({ lastTurnAt: instant }),
};

const target: fc.Arbitrary<ConditionTarget> = fc.record({
  key: label,
  name: label,
  envId: orNull(label),
  providerId: orNull(label),
});

function findingOf(condition: ConditionName): fc.Arbitrary<Finding> {
  const common = fc.record(
    {
      id: label.map((of) => conditionId(condition, of)),
      severity: oneOf(SEVERITIES),
      target: orNull(target),
      since: orNull(instant),
      loginsUntil: orNull(instant),
      error,
      holdMs: fc.nat(),
    },
    { requiredKeys: ['id', 'severity', 'target', 'since', 'loginsUntil', 'error'] },
  );
  // The facts are those of the condition, which the type of a table's row cannot say of a name that is drawn.
  return fc.tuple(common, FACTS[condition]).map(([rest, facts]) => ({ condition, facts, ...rest }) as Finding);
}

const anyFinding = fc.oneof(...CONDITIONS.map(findingOf));

/** One of each condition, in its order. */
export const everyFinding: fc.Arbitrary<Finding[]> = fc.tuple(...CONDITIONS.map(findingOf));

export function anyCondition(finding: fc.Arbitrary<Finding> = anyFinding): fc.Arbitrary<ConditionRecord> {
  return fc.record({
    finding,
    foundAt: instant,
    raisedAt: orNull(instant),
    toldAt: orNull(instant),
    told: fc.dictionary(label, label, { maxKeys: 3, noNullPrototype: true }),
  });
}

const STATUSES = DELIVERY_STATUSES.filter((status) => status !== 'happened');

const subject: fc.Arbitrary<DeliverySubject> = fc.oneof(
  fc.record({
    kind: fc.constant('condition' as const),
    status: oneOf(STATUSES),
    finding: anyFinding,
    since: instant,
    until: orNull(instant),
    thread: label,
    closes: few(label),
  }),
  fc.record({
    kind: fc.constant('rotated' as const),
    event: fc.record({
      target: fc.record({ name: label, envId: label, providerId: label }),
      reason: oneOf(REASONS),
      keyId,
      fingerprint,
      expiresAt: orNull(instant),
      previousExpiresAt: orNull(instant),
    }),
  }),
  fc.record({
    kind: fc.constant('unwatched' as const),
    event: fc.record({
      target: fc.record({ name: label, envId: orNull(label), providerId: orNull(label) }),
      expiresAt: orNull(instant),
      open: few(oneOf(CONDITIONS)),
    }),
    closes: few(label),
  }),
  fc.record({
    kind: fc.constant('digest' as const),
    digest: fc.record({
      version: prose,
      targets: fc.nat(),
      states: fc.dictionary(label, fc.nat(), { maxKeys: 3, noNullPrototype: true }),
      renewals: few(fc.record({ target: label, at: instant, expiresAt: instant })),
      open: few(fc.record({ condition: oneOf(CONDITIONS), target: orNull(label), severity: oneOf(SEVERITIES) })),
      openTotal: fc.nat(),
    }),
  }),
  fc.record({ kind: fc.constant('test' as const) }),
);

export const anyDelivery: fc.Arbitrary<Delivery> = fc.record({
  id: fc.uuid({ version: 7 }),
  channel: label,
  at: instant,
  subject,
});

export const anyChannel: fc.Arbitrary<ChannelState> = fc.record({
  name: label,
  failures: fc.nat(),
  nextAttemptAt: orNull(instant),
  failingSince: orNull(instant),
  lastDeliveredAt: orNull(instant),
  error,
});

export const anyMemo: fc.Arbitrary<AlertMemo> = fc.record({
  digestAt: orNull(instant),
  watchedSince: fc.dictionary(label, instant, { maxKeys: 3, noNullPrototype: true }),
});
