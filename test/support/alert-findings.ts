// One finding of every condition, and of every variant that its facts make: what the tests of the texts go through.

import type { News } from '../../src/alerts/stories/news.ts';
import { viewOf } from '../../src/alerts/stories/view.ts';
import type { MessageSubject } from '../../src/alerts/words/request.ts';
import { subjectOf } from '../../src/core/alerts/causes.ts';
import type { ConditionFacts, ConditionName, ConditionTarget, Finding } from '../../src/core/alerts/conditions.ts';
import { CONDITIONS, conditionId } from '../../src/core/alerts/conditions.ts';
import { TARGET_CONDITIONS } from '../../src/core/alerts/names.ts';
import type { Story } from '../../src/core/alerts/records.ts';
import type { ErrorParams, StoredError } from '../../src/core/error-params.ts';
import { DEFECTS } from '../../src/core/reasons.ts';
import { aRemote } from '../../src/core/texts/call-examples.ts';
import { WRONG_PORT } from '../../src/core/texts/error-examples-setup.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { LANE } from './fleet.ts';

/** 2026-11-22 20:15 UTC, and some seconds. */
export const NOW = Date.UTC(2026, 10, 22, 20, 15, 30);

export const SHOP: ConditionTarget = {
  key: 'https://tcb.tencentcloudapi.com|shop-prod-1g2h3j|apple',
  name: 'shop-prod',
  envId: 'shop-prod-1g2h3j',
  providerId: 'apple',
};

const IDENTITY = { endpoint: 'https://tcb.tencentcloudapi.com', envId: 'shop-prod-1g2h3j', providerId: 'apple' };

/** An error as the journal holds it. */
export function anError<C extends keyof ErrorParams>(code: C, params: ErrorParams[C]): StoredError {
  return { code, params } as StoredError;
}

/** What CloudBase says when CAM does not permit the call. */
export const DENIED: StoredError = anError(
  'ERR_CLOUDBASE_DENIED',
  aRemote('denied', {
    code: 'UnauthorizedOperation',
    said: 'tcb:GetProviders, qcs::tcb:ap-shanghai:uin/100000000001:env/shop-prod-1g2h3j',
    statement:
      '{"effect":"allow","action":["tcb:GetProviders","tcb:ModifyProvider"],"resource":["qcs::tcb:ap-shanghai:uin/<main account uin>:env/<envId>"]}',
  }),
);

/** Trouble that may pass. */
export const TIMEOUT: StoredError = anError('ERR_CLOUDBASE_TIMEOUT', aRemote('timeout', { code: 'TIMEOUT' }));

/** A finding; of a target's condition it is one of SHOP. */
export function aFinding<Name extends ConditionName>(
  condition: Name,
  facts: ConditionFacts[Name],
  rest: Partial<Omit<Finding, 'condition' | 'facts'>> = {},
): Finding {
  const ofTarget = TARGET_CONDITIONS.some((name) => name === condition);
  const base = {
    id: ofTarget ? conditionId(condition, IDENTITY) : conditionId(condition),
    severity: 'warning',
    target: ofTarget ? SHOP : null,
    since: null,
    loginsUntil: ofTarget ? NOW + 12 * DAY : null,
    error: null,
  };
  return { ...base, condition, facts, ...rest } as Finding;
}

export interface Variant {
  readonly name: string;
  readonly finding: Finding;
}

type VariantTable = { readonly [Name in ConditionName]: readonly Variant[] };

function variant(name: string, finding: Finding): Variant {
  return { name, finding };
}

const FINGERPRINT = '1fa947dc0e2b'.padEnd(64, '0');
const FOREIGN = 'c0ffee254729'.padEnd(64, '0');
const CRITICAL = { severity: 'critical' } as const;
const TARGETS = ['shop-prod', 'shop-staging', 'blog-prod', 'forum-prod', 'wiki-prod', 'mail-prod', 'chat-prod'];

/** Apple rejects the deployed secret, unless the facts say otherwise. */
export function aLoginsFail(facts: Partial<ConditionFacts['LoginsFail']>, error: StoredError | null = null): Finding {
  const full = {
    because: 'secret',
    detail: 'rejected',
    at: NOW - HOUR,
    expiresAt: NOW + 12 * DAY,
    keyId: 'K1L2M3N4O5',
    clockUncompared: false,
  };
  return aFinding('LoginsFail', { ...full, ...facts } as ConditionFacts['LoginsFail'], {
    ...CRITICAL,
    loginsUntil: null,
    error,
  });
}

/** Somebody else's secret in place of ours. */
export function aReplacement(facts: Partial<ConditionFacts['SecretReplaced']>, rest: Partial<Finding> = {}): Finding {
  const full = {
    kind: 'other' as const,
    at: NOW - 5 * HOUR,
    keyId: 'P6Q7R8S9T0',
    fingerprint: FOREIGN,
    ourFingerprint: FINGERPRINT,
    takenBack: false,
  };
  return aFinding('SecretReplaced', { ...full, ...facts }, rest);
}

const TABLE: VariantTable = {
  RenewalOverdue: [
    variant(
      'for renewal',
      aFinding('RenewalOverdue', { dueSince: NOW - 26 * HOUR, reason: 'RenewalDue', windowsPassed: null }),
    ),
    variant(
      'through windows, with an error',
      aFinding(
        'RenewalOverdue',
        { dueSince: NOW - 9 * DAY, reason: 'KeyChanged', windowsPassed: 2 },
        { ...CRITICAL, error: TIMEOUT },
      ),
    ),
    variant(
      'for no known reason, expiry unknown',
      aFinding('RenewalOverdue', { dueSince: NOW - 3 * DAY, reason: null, windowsPassed: 1 }, { loginsUntil: null }),
    ),
  ],
  CheckStale: [
    variant('for hours', aFinding('CheckStale', { lastGatherAt: NOW - 7 * HOUR }, { error: TIMEOUT })),
    variant('never read', aFinding('CheckStale', { lastGatherAt: null }, { ...CRITICAL, loginsUntil: null })),
  ],
  RotationFailing: [
    variant(
      'denied',
      aFinding(
        'RotationFailing',
        { failures: 1, nextAttemptAt: null, emergency: false },
        { ...CRITICAL, error: DENIED },
      ),
    ),
    variant(
      'for the third time',
      aFinding(
        'RotationFailing',
        { failures: 3, nextAttemptAt: NOW + 5 * MINUTE, emergency: false },
        { error: TIMEOUT },
      ),
    ),
    variant(
      'in an emergency',
      aFinding(
        'RotationFailing',
        { failures: 12, nextAttemptAt: NOW + 10 * MINUTE, emergency: true },
        { ...CRITICAL, error: TIMEOUT, loginsUntil: NOW + 4 * DAY },
      ),
    ),
    variant(
      'without any secret, and without an error',
      aFinding(
        'RotationFailing',
        { failures: 1, nextAttemptAt: null, emergency: true },
        { ...CRITICAL, loginsUntil: null },
      ),
    ),
    variant(
      'not proven',
      aFinding(
        'RotationFailing',
        { failures: 1, nextAttemptAt: null, emergency: false },
        { ...CRITICAL, error: anError('ERR_APPLE_UNKNOWN', { problem: 'unproven-unasked', detail: null }) },
      ),
    ),
    variant(
      'over an expired one',
      aFinding(
        'RotationFailing',
        { failures: 40, nextAttemptAt: NOW, emergency: true },
        { ...CRITICAL, error: TIMEOUT, loginsUntil: NOW - 2 * DAY },
      ),
    ),
  ],
  SecretExpiring: [
    variant('past', aFinding('SecretExpiring', { expiresAt: NOW - 5 * DAY }, { ...CRITICAL, error: DENIED })),
    variant('in weeks', aFinding('SecretExpiring', { expiresAt: NOW + 44 * DAY }, { loginsUntil: NOW + 44 * DAY })),
    variant(
      'in days, with an error',
      aFinding(
        'SecretExpiring',
        { expiresAt: NOW + 12 * DAY + HOUR },
        { ...CRITICAL, loginsUntil: NOW + 12 * DAY + HOUR, error: DENIED },
      ),
    ),
  ],
  LoginsFail: [
    variant('expired', aLoginsFail({ detail: 'expired', expiresAt: NOW - 3 * HOUR })),
    variant('expired, with an error', aLoginsFail({ detail: 'expired', expiresAt: NOW - 2 * DAY }, DENIED)),
    variant('rejected by Apple', aLoginsFail({ detail: 'rejected' })),
    variant('rejected by Apple, of an unknown key', aLoginsFail({ detail: 'rejected', keyId: null })),
    variant(
      'expired by a clock that was not compared',
      aLoginsFail({ detail: 'expired', expiresAt: NOW - 3 * HOUR, clockUncompared: true }),
    ),
    ...DEFECTS.map((detail) => variant(detail, aLoginsFail({ detail }))),
    variant(
      'unproven',
      aLoginsFail({ detail: 'unproven' }, anError('ERR_APPLE_UNKNOWN', { problem: 'unproven', detail: null })),
    ),
    variant('unproven, without an error', aLoginsFail({ detail: 'unproven' })),
    variant(
      'the login method is gone',
      aLoginsFail(
        { because: 'provider', detail: 'gone' },
        anError('ERR_PROVIDER_NOT_FOUND', { problem: 'absent', envId: 'shop-prod-1g2h3j', providerId: 'apple' }),
      ),
    ),
    variant('the environment is gone', aLoginsFail({ because: 'provider', detail: 'environment-gone' })),
    variant('by the login check', aLoginsFail({ because: 'login-check', detail: 'invalid-client' })),
  ],
  ProviderDisabled: [variant('as it is', aFinding('ProviderDisabled', {}))],
  ProviderDiffers: [
    variant(
      'one setting',
      aFinding('ProviderDiffers', {
        differences: [{ name: 'scope', found: 'openid', wanted: 'openid email name' }],
      }),
    ),
    variant(
      'several settings',
      aFinding('ProviderDiffers', {
        differences: [
          { name: 'redirectUri', found: null, wanted: 'https://shop.example/auth/v1/callback' },
          { name: 'linkByEmail', found: true, wanted: false },
        ],
      }),
    ),
  ],
  ProviderChanged: [
    variant(
      'by us',
      aFinding(
        'ProviderChanged',
        { changes: [{ path: 'Config.AuthorizationEndpoint', by: 'our-write' }] },
        {
          ...CRITICAL,
          error: anError('ERR_PROVIDER_CHANGED', { problem: 'our-write', fields: ['Config.AuthorizationEndpoint'] }),
        },
      ),
    ),
    variant('by somebody else', aFinding('ProviderChanged', { changes: [{ path: 'On', by: 'somebody-else' }] })),
    variant(
      'by both',
      aFinding('ProviderChanged', {
        changes: [
          { path: 'Config.Scope', by: 'our-write' },
          { path: 'Config.RedirectUri', by: 'our-write' },
          { path: 'Name', by: 'somebody-else' },
        ],
      }),
    ),
  ],
  SecretReplaced: [
    variant('by somebody else', aReplacement({ kind: 'other' })),
    variant('by another holder of our key', aReplacement({ kind: 'own-identity', keyId: 'K1L2M3N4O5' })),
    variant('and taken back', aReplacement({ kind: 'other', takenBack: true, keyId: 'K1L2M3N4O5' })),
    variant(
      'while we wrote',
      aReplacement({ kind: 'other' }, { error: anError('ERR_CONFLICT', { problem: 'after-write' }) }),
    ),
  ],
  SecretNotShown: [
    variant('of one', aFinding('SecretNotShown', { targets: ['shop-prod'] }, { since: NOW - 5 * HOUR })),
    variant('of several', aFinding('SecretNotShown', { targets: TARGETS }, { since: NOW - 5 * HOUR })),
  ],
  ConsentNeeded: [
    variant(
      'for a new key',
      aFinding(
        'ConsentNeeded',
        { reason: 'KeyChanged' },
        { error: anError('ERR_CONSENT_REQUIRED', { reason: 'KeyChanged' }) },
      ),
    ),
    variant(
      'for a missing secret',
      aFinding(
        'ConsentNeeded',
        { reason: 'SecretMissing' },
        { ...CRITICAL, loginsUntil: null, error: anError('ERR_CONSENT_REQUIRED', { reason: 'SecretMissing' }) },
      ),
    ),
    variant('without an error', aFinding('ConsentNeeded', { reason: null })),
  ],
  TargetMisconfigured: [
    variant(
      'one problem',
      aFinding('TargetMisconfigured', { problems: [{ key: 'key.path', found: ['nothing'], wanted: ['key-path'] }] }),
    ),
    variant(
      'many problems',
      aFinding(
        'TargetMisconfigured',
        { problems: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => ({ key, found: ['nothing'], wanted: ['name'] })) },
        { ...CRITICAL, loginsUntil: null },
      ),
    ),
    variant('none named', aFinding('TargetMisconfigured', { problems: [] })),
  ],
  Unwatched: [
    variant('with what was open', aFinding('Unwatched', { moved: false, open: ['SecretExpiring', 'RotationFailing'] })),
    variant('of unknown expiry', aFinding('Unwatched', { moved: false, open: [] }, { loginsUntil: null })),
    variant('expired', aFinding('Unwatched', { moved: false, open: [] }, { loginsUntil: NOW - DAY })),
    variant('whose endpoint changed', aFinding('Unwatched', { moved: true, open: ['RotationFailing'] })),
  ],
  Unverified: [
    variant('one target', aFinding('Unverified', { targets: ['shop-prod'] })),
    variant('many targets', aFinding('Unverified', { targets: TARGETS })),
  ],
  CredentialsRejected: [
    variant(
      'with an error',
      aFinding(
        'CredentialsRejected',
        { targets: TARGETS },
        {
          ...CRITICAL,
          error: anError('ERR_CREDENTIALS_REJECTED', {
            problem: 'remote',
            ...aRemote('credentials', { code: 'AuthFailure.SecretIdNotFound' }),
          }),
        },
      ),
    ),
    variant(
      'that cannot be fetched',
      aFinding(
        'CredentialsRejected',
        { targets: TARGETS },
        {
          error: anError('ERR_CREDENTIALS_UNAVAILABLE', { problem: 'metadata', trouble: 'timeout', afterMs: 5_000 }),
        },
      ),
    ),
    variant('without one', aFinding('CredentialsRejected', { targets: ['shop-prod'] }, CRITICAL)),
  ],
  AccessDenied: [
    variant(
      'of a read',
      aFinding('AccessDenied', { targets: TARGETS }, { ...CRITICAL, error: DENIED, loginsUntil: NOW + 12 * DAY }),
    ),
    variant(
      'of a write, of one target',
      aFinding(
        'AccessDenied',
        { targets: ['shop-prod'] },
        {
          error: anError(
            'ERR_CLOUDBASE_DENIED',
            aRemote('denied', { call: 'tcb ModifyProvider', code: 'Unauthorized' }),
          ),
          loginsUntil: NOW - DAY,
        },
      ),
    ),
    variant('without an error', aFinding('AccessDenied', { targets: TARGETS })),
  ],
  EndpointFailing: [
    variant('no answer', aFinding('EndpointFailing', { targets: TARGETS }, { error: TIMEOUT })),
    ...(['ERR_CLOUDBASE_THROTTLED', 'ERR_CLOUDBASE_UNAVAILABLE'] as const).map((code) =>
      variant(
        code,
        aFinding('EndpointFailing', { targets: ['shop-prod'] }, { error: anError(code, aRemote('server')) }),
      ),
    ),
    variant(
      'a certificate',
      aFinding(
        'EndpointFailing',
        { targets: TARGETS },
        { error: anError('ERR_CERTIFICATE', { call: 'tcb GetProviders', code: 'SELF_SIGNED_CERT_IN_CHAIN' }) },
      ),
    ),
    variant('without an error', aFinding('EndpointFailing', { targets: TARGETS })),
  ],
  KeyUnavailable: [
    variant(
      'no file',
      aFinding(
        'KeyUnavailable',
        { targets: ['shop-prod'] },
        { error: anError('ERR_KEY_NOT_FOUND', { problem: 'no-path', length: 4 }), loginsUntil: NOW + 12 * DAY },
      ),
    ),
    variant('without an error', aFinding('KeyUnavailable', { targets: TARGETS })),
  ],
  AppleUnreachable: [
    variant('for days', aFinding('AppleUnreachable', { lastAnswerAt: NOW - 3 * DAY })),
    variant(
      'for ever',
      aFinding(
        'AppleUnreachable',
        { lastAnswerAt: null },
        {
          error: anError('ERR_APPLE_UNKNOWN', {
            problem: 'not-proven',
            detail: { trouble: 'timeout', afterMs: 10_000 },
          }),
        },
      ),
    ),
  ],
  AppleRejectsAll: [
    variant('of several', aFinding('AppleRejectsAll', { targets: TARGETS }, CRITICAL)),
    variant('of nobody that is known', aFinding('AppleRejectsAll', { targets: [] }, CRITICAL)),
  ],
  AppleAcceptsAll: [variant('as it is', aFinding('AppleAcceptsAll', {}, CRITICAL))],
  ClockSkewed: [
    variant('ahead', aFinding('ClockSkewed', { skewMs: 75_000 })),
    variant('far behind', aFinding('ClockSkewed', { skewMs: -6 * MINUTE }, CRITICAL)),
    variant('of a replica', aFinding('ClockSkewed', { skewMs: 75_000, replica: 'rotator-1' })),
  ],
  JournalUnwritable: [
    variant(
      'forbidden',
      aFinding(
        'JournalUnwritable',
        { path: '/data/journal.db' },
        {
          ...CRITICAL,
          error: anError('ERR_JOURNAL_UNWRITABLE', {
            problem: 'file',
            trouble: 'not-writable',
            what: 'journal',
            path: '/data/journal.db',
            folder: '/data',
            uid: 10001,
          }),
        },
      ),
    ),
    variant('for no known reason', aFinding('JournalUnwritable', { path: '/data/journal.db' }, CRITICAL)),
  ],
  JournalExposed: [
    variant(
      'both',
      aFinding('JournalExposed', {
        places: [
          { path: '/data/journal.db', mode: '666' },
          { path: '/data', mode: '777' },
        ],
      }),
    ),
    variant('its folder', aFinding('JournalExposed', { places: [{ path: '/var/lib/my rotator', mode: '1777' }] })),
  ],
  ChannelFailing: [
    variant(
      'refused',
      aFinding(
        'ChannelFailing',
        { channel: 'ops', attempts: 3, oldestAt: NOW - 20 * MINUTE },
        {
          ...CRITICAL,
          id: 'ChannelFailing/ops',
          error: anError('ERR_CHANNEL_REFUSED', {
            problem: 'refused',
            channel: 'ops',
            type: 'wecom',
            said: 'HTTP 200, errcode 40058',
            advice: 'robot-url',
          }),
        },
      ),
    ),
    variant(
      'once, nothing waits',
      aFinding('ChannelFailing', { channel: 'chat', attempts: 1, oldestAt: null }, { id: 'ChannelFailing/chat' }),
    ),
  ],
  ConfigurationRejected: [
    variant(
      'with an error',
      aFinding(
        'ConfigurationRejected',
        {},
        {
          error: anError('ERR_CONFIG', WRONG_PORT),
        },
      ),
    ),
    variant('without one', aFinding('ConfigurationRejected', {})),
    variant('of a replica', aFinding('ConfigurationRejected', { replica: 'rotator-1' })),
  ],
  StartRefused: [
    variant(
      'of its configuration',
      aFinding(
        'StartRefused',
        {},
        {
          ...CRITICAL,
          error: anError('ERR_CONFIG', WRONG_PORT),
        },
      ),
    ),
    variant(
      'of another daemon',
      aFinding(
        'StartRefused',
        {},
        {
          ...CRITICAL,
          error: anError('ERR_DAEMON_RUNNING', { path: '/data/journal.db', holder: null }),
        },
      ),
    ),
    variant('for no known reason', aFinding('StartRefused', {}, CRITICAL)),
  ],
  WritesFailing: [
    variant(
      'with urgent targets behind it',
      aFinding(
        'WritesFailing',
        { lane: LANE, badWrites: 3, urgent: ['shop-prod', 'blog-prod'] },
        {
          ...CRITICAL,
          error: anError('ERR_NOT_APPLIED', { problem: 'answered' }),
        },
      ),
    ),
    variant('without an error', aFinding('WritesFailing', { lane: LANE, badWrites: 4, urgent: [] })),
  ],
  SchedulerStalled: [
    variant('as it is', aFinding('SchedulerStalled', { lastTurnAt: NOW - 4 * HOUR }, CRITICAL)),
    variant(
      'of a replica',
      aFinding('SchedulerStalled', { lastTurnAt: NOW - 4 * HOUR, replica: 'rotator-1' }, CRITICAL),
    ),
  ],
  ReplicaSilent: [variant('as it is', aFinding('ReplicaSilent', { replica: 'rotator-1', seenAt: NOW - MINUTE }))],
  ReplicasDiffer: [
    variant('one', aFinding('ReplicasDiffer', { replicas: ['rotator-1'] })),
    variant('several', aFinding('ReplicasDiffer', { replicas: ['rotator-1', 'rotator-2'] })),
  ],
};

export const VARIANTS: readonly Variant[] = CONDITIONS.flatMap((condition) =>
  TABLE[condition].map(({ name, finding }) => ({ name: `${condition}, ${name}`, finding })),
);

/** The story of one finding alone, since five hours ago. */
export function aStoryOf(finding: Finding, rest: Partial<Story> = {}): Story {
  const { id, cause } = subjectOf(
    { ...finding, error: null },
    () => LANE,
    () => false,
  );
  return {
    ...{ id, cause, since: NOW - 5 * HOUR, gathersUntil: null, endedAt: null, holdMs: MINUTE, closed: false, told: {} },
    rotation: null,
    members: [{ finding, foundAt: NOW - 5 * HOUR, criticalAt: null }],
    ...rest,
  };
}

/** What a channel is told of a finding, since five hours ago. */
export function aSubject(
  finding: Finding,
  status: News['status'] = 'raised',
  rest: Partial<News> = {},
): MessageSubject {
  const over = status === 'cleared' || status === 'ended';
  const story = aStoryOf(finding, over ? { endedAt: NOW - MINUTE } : {});
  const view = viewOf(story);
  const closes = over ? [story.id] : [];
  return { kind: 'story', status, story, view, dueAt: NOW, from: NOW, thread: story.id, closes, ...rest };
}
