// Builders for the pure rules: each gives the most ordinary thing of its kind, and takes what the test is about as
// overrides. The ordinary target was rotated by us 80 days ago, shows its secret in clear, and has 100 days left.
import { generateKeyPairSync } from 'node:crypto';
import { providerView } from '../../src/adapters/provider/fields.ts';
import type { Snapshot } from '../../src/core/decide.ts';
import { type Deployed, deployedRecord } from '../../src/core/deployed.ts';
import type { GateQuestion } from '../../src/core/gate.ts';
import { identityId } from '../../src/core/identity.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import type { JudgeClock } from '../../src/core/logins.ts';
import type { ProviderView } from '../../src/core/provider.ts';
import { type Answer, emptyTargetState, type TargetState, type WrittenRecord } from '../../src/core/records.ts';
import { DAY, MINUTE } from '../../src/core/time.ts';

export const NOW = Date.UTC(2026, 10, 22, 10);

const CLIENT_ID = 'com.example.shop.web';
const THUMBPRINT = 'thumbprint-of-our-key';
const FINGERPRINT = 'a'.repeat(64);

const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Key material by its names alone; nothing here signs. */
export function aKey(overrides: Partial<KeyMaterial> = {}): KeyMaterial {
  return {
    teamId: 'A1B2C3D4E5',
    clientId: CLIENT_ID,
    keyId: 'K1L2M3N4O5',
    thumbprint: THUMBPRINT,
    ...PAIR,
    ...overrides,
  };
}

/** A secret in clear, signed by our key, which our last write put there. */
export function aDeployed(overrides: Partial<Deployed> = {}): Deployed {
  const { teamId, clientId, keyId } = aKey();
  return {
    shown: { shape: 'clear', text: 'header.claims.signature' },
    from: 'read',
    fingerprint: FINGERPRINT,
    teamId,
    clientId,
    keyId,
    issuedAt: NOW - 80 * DAY,
    expiresAt: NOW + 100 * DAY,
    identity: identityId(aKey()),
    defect: null,
    ours: true,
    ...overrides,
  };
}

/** What nothing is known of but how it shows. */
export function anUnknownSecret(shape: Deployed['shown']['shape']): Deployed {
  const text = { clear: null, digest: 'd'.repeat(64), masked: '******', empty: '', null: null, missing: null }[shape];
  return {
    shown: { shape, text },
    from: 'none',
    fingerprint: null,
    teamId: null,
    clientId: null,
    keyId: null,
    issuedAt: null,
    expiresAt: null,
    identity: null,
    defect: null,
    ours: false,
  };
}

/** A good secret in clear that somebody else signed and put there. */
export function aForeignSecret(overrides: Partial<Deployed> = {}): Deployed {
  return aDeployed({
    fingerprint: 'f'.repeat(64),
    keyId: 'KEYFOREIGN',
    identity: null,
    ours: false,
    ...overrides,
  });
}

export function aWritten(overrides: Partial<WrittenRecord> = {}): WrittenRecord {
  const { teamId, clientId, keyId, thumbprint } = aKey();
  return {
    fingerprint: FINGERPRINT,
    teamId,
    clientId,
    keyId,
    thumbprint,
    issuedAt: NOW - 80 * DAY,
    expiresAt: NOW + 100 * DAY,
    shape: 'clear',
    shownDigest: null,
    at: NOW - 80 * DAY,
    reason: 'RenewalDue',
    ...overrides,
  };
}

export function aState(overrides: Partial<TargetState> = {}): TargetState {
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: 'shop-1g2h3j', providerId: 'apple' };
  return {
    ...emptyTargetState(identity, 'shop'),
    state: 'healthy',
    written: aWritten(),
    deployed: deployedRecord(aDeployed()),
    lastGatherAt: NOW,
    ...overrides,
  };
}

/** The state of a target that this journal has never written. */
export function aNewState(overrides: Partial<TargetState> = {}): TargetState {
  return aState({ state: 'unknown', written: null, ...overrides });
}

export function aProvider(config: JsonObject = {}): ProviderView {
  return providerView({
    Id: 'apple',
    On: 'TRUE',
    Config: { Issuer: 'https://appleid.apple.com', ClientId: CLIENT_ID, ClientSecret: 'a.b.c', ...config },
  });
}

/** A clock that was compared, and is right. */
export const CLOCK: JudgeClock = { now: NOW, skewMs: 0, since: NOW - DAY };

/** The state holds the deployed secret as a gathering leaves it there. */
export function aSnapshot({ state, ...overrides }: Partial<Snapshot> = {}): Snapshot {
  const deployed = overrides.deployed ?? aDeployed();
  return {
    clock: CLOCK,
    key: aKey(),
    provider: aProvider(),
    deployed,
    state: { ...(state ?? aState()), deployed: deployedRecord(deployed) },
    policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY },
    windowOpen: true,
    requested: false,
    appleCheck: 'compare',
    waived: false,
    ...overrides,
  };
}

/** Apple's answer about the ordinary deployed secret: a rejection, the second one that counts. */
export function anAnswer(overrides: Partial<Answer> = {}): Answer {
  return {
    at: NOW - MINUTE,
    verdict: 'rejected',
    counts: true,
    identity: identityId(aKey()),
    fingerprint: FINGERPRINT,
    since: NOW - 10 * MINUTE,
    rejectedSince: NOW - 10 * MINUTE,
    ...overrides,
  };
}

/** What Apple said about the ordinary deployed secret, as the state of a target keeps it. */
export function asked(answer: Partial<Answer> = {}): TargetState['apple'] {
  const { apple } = aState();
  return { ...apple, deployed: { askedAt: answer.at ?? NOW - MINUTE, answer: anAnswer(answer) } };
}

/** A candidate of a new key, of which Apple says nothing, over a secret that may be working. */
export function aQuestion(overrides: Partial<GateQuestion> = {}): GateQuestion {
  return {
    mode: 'compare',
    waived: false,
    requested: false,
    reason: 'RenewalDue',
    candidate: 'unknown',
    predecessor: 'other',
    proven: false,
    detail: { trouble: 'timeout', afterMs: 10_000 },
    ...overrides,
  };
}
