// An example of every condition, with a made-up target: what `explain` shows, and what a test of the channels
// sends.
import { isShared } from '../alerts/causes.ts';
import {
  type ConditionFacts,
  type ConditionName,
  type ConditionTarget,
  conditionId,
  type Finding,
  type Severity,
} from '../alerts/conditions.ts';
import { type Cause, TARGET_CONDITIONS } from '../alerts/names.ts';
import type { ErrorCode, StoredError } from '../error-params.ts';
import { targetKey } from '../records.ts';
import { DAY, HOUR, MINUTE } from '../time.ts';
import { aRemote } from './call-examples.ts';
import { SAMPLES } from './error-examples.ts';

const IDENTITY = { endpoint: 'https://tcb.tencentcloudapi.com', envId: 'shop-prod-1g2h3j', providerId: 'apple' };
const TARGET: ConditionTarget = {
  key: targetKey(IDENTITY),
  name: 'shop-prod',
  envId: IDENTITY.envId,
  providerId: IDENTITY.providerId,
};
const TARGETS = ['shop-prod', 'shop-staging', 'blog-prod'];
const [{ path }, ours, theirs] = [{ path: '/data/journal.db' }, '1fa947dc0e2b', 'c0ffee254729'];

interface Example<Name extends ConditionName> {
  readonly severity: Severity;
  readonly facts: ConditionFacts[Name];
  readonly error?: StoredError;
}

type Examples = { readonly [Name in ConditionName]: Example<Name> };

function sample(code: ErrorCode): StoredError {
  return { code, params: SAMPLES[code][0] } as StoredError;
}

const TIMEOUT: StoredError = sample('ERR_CLOUDBASE_TIMEOUT');
const DENIED: StoredError = {
  code: 'ERR_CLOUDBASE_DENIED',
  params: aRemote('denied', {
    code: 'UnauthorizedOperation',
    said: 'tcb:GetProviders, qcs::tcb:ap-shanghai:uin/100000000001:env/shop-prod-1g2h3j',
    statement:
      '{"version":"2.0","statement":[{"effect":"allow","action":["tcb:GetProviders","tcb:ModifyProvider"],"resource":["qcs::tcb:ap-shanghai:uin/100000000001:env/shop-prod-1g2h3j"]}]}',
  }),
};

function examples(now: number): Examples {
  const [warning, critical] = [{ severity: 'warning' }, { severity: 'critical' }] as const;
  return {
    RenewalOverdue: {
      ...warning,
      facts: { dueSince: now - 26 * HOUR, reason: 'RenewalDue', windowsPassed: null },
      error: TIMEOUT,
    },
    CheckStale: { ...warning, facts: { lastGatherAt: now - 7 * HOUR }, error: TIMEOUT },
    RotationFailing: {
      ...warning,
      facts: { failures: 3, nextAttemptAt: now + 10 * MINUTE, emergency: false },
      error: sample('ERR_PROVIDER_NOT_ROUNDTRIPPABLE'),
    },
    SecretExpiring: { ...critical, facts: { expiresAt: now + 12 * DAY }, error: TIMEOUT },
    LoginsFail: {
      ...critical,
      facts: {
        because: 'secret',
        detail: 'rejected',
        at: now - 5 * MINUTE,
        expiresAt: now + 12 * DAY,
        keyId: 'K1L2M3N4O5',
        clockUncompared: false,
      },
    },
    ProviderDisabled: { ...warning, facts: {} },
    ProviderDiffers: {
      ...warning,
      facts: { differences: [{ name: 'scope', found: 'openid', wanted: 'openid email name' }] },
    },
    ProviderChanged: {
      ...critical,
      facts: { changes: [{ path: 'Config.AuthorizationEndpoint', by: 'our-write' }] },
      error: sample('ERR_PROVIDER_CHANGED'),
    },
    SecretReplaced: {
      ...warning,
      facts: {
        kind: 'other',
        at: now - 5 * HOUR,
        keyId: 'P6Q7R8S9T0',
        fingerprint: theirs.padEnd(64, '0'),
        ourFingerprint: ours.padEnd(64, '0'),
        takenBack: false,
      },
    },
    SecretNotShown: { ...warning, facts: { targets: TARGETS } },
    ConsentNeeded: { ...warning, facts: { reason: 'KeyChanged' } },
    TargetMisconfigured: {
      ...critical,
      facts: { problems: [{ key: 'key.path', found: ['nothing'], wanted: ['key-path'] }] },
    },
    Unwatched: { ...warning, facts: { moved: false, open: ['ProviderDiffers'] } },
    Unverified: { ...warning, facts: { targets: TARGETS } },
    CredentialsRejected: {
      ...critical,
      facts: { targets: TARGETS },
      error: {
        code: 'ERR_CREDENTIALS_REJECTED',
        params: { problem: 'remote', ...aRemote('credentials', { code: 'AuthFailure.SecretIdNotFound' }) },
      },
    },
    AccessDenied: { ...critical, facts: { targets: TARGETS }, error: DENIED },
    EndpointFailing: { ...warning, facts: { targets: TARGETS }, error: TIMEOUT },
    KeyUnavailable: {
      ...critical,
      facts: { targets: TARGETS },
      error: {
        code: 'ERR_KEY_NOT_FOUND',
        params: { problem: 'no-file', name: 'AuthKey_K1L2M3N4O5.p8', folder: '/run/secrets', keys: [] },
      },
    },
    AppleUnreachable: { ...warning, facts: { lastAnswerAt: now - 3 * DAY } },
    AppleRejectsAll: { ...critical, facts: { targets: TARGETS } },
    AppleAcceptsAll: { ...critical, facts: {} },
    ClockSkewed: { ...warning, facts: { skewMs: 75_000 } },
    JournalUnwritable: { ...warning, facts: { path }, error: sample('ERR_JOURNAL_UNWRITABLE') },
    JournalExposed: { ...warning, facts: { places: [{ path, mode: '666' }] } },
    ChannelFailing: {
      ...critical,
      facts: { channel: 'ops', attempts: 3, oldestAt: now - 20 * MINUTE },
      error: {
        code: 'ERR_CHANNEL_REFUSED',
        params: { problem: 'refused', channel: 'ops', type: 'wecom', said: 'errcode 93000', advice: 'robot-url' },
      },
    },
    ConfigurationRejected: { ...warning, facts: {}, error: sample('ERR_CONFIG') },
    StartRefused: { ...critical, facts: {}, error: sample('ERR_CONFIG') },
    WritesFailing: {
      ...critical,
      facts: {
        lane: `env TENCENTCLOUD_SECRET_ID|ap-shanghai|${IDENTITY.endpoint}`,
        badWrites: 3,
        urgent: ['shop-prod'],
      },
      error: sample('ERR_NOT_APPLIED'),
    },
    SchedulerStalled: { ...critical, facts: { lastTurnAt: now - 4 * HOUR } },
    ReplicaSilent: { ...warning, facts: { replica: 'rotator-1', seenAt: now - 2 * MINUTE } },
    ReplicasDiffer: { ...warning, facts: { replicas: ['rotator-1'] } },
  };
}

/** What a story of this cause, or a finding of this condition, may hold. */
export function exampleOf(name: Cause | ConditionName, now: number): Finding {
  const condition = name === 'RenewalFailing' ? 'RotationFailing' : name;
  const { severity, facts, error = null } = examples(now)[condition];
  const isOfTarget = TARGET_CONDITIONS.some((each) => each === condition);
  const isUntilKnown = condition !== 'LoginsFail' && (isOfTarget || isShared(condition as Cause));
  return {
    condition,
    facts,
    severity,
    error,
    id: isOfTarget ? conditionId(condition, IDENTITY) : conditionId(condition),
    target: isOfTarget || isShared(condition as Cause) ? TARGET : null,
    since: null,
    loginsUntil: isUntilKnown ? now + 12 * DAY : null,
  } as Finding;
}
