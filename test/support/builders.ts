// Builders for the pure rules: each gives the most ordinary thing of its kind, and takes what the test is about as
// overrides. The ordinary target was rotated by us 80 days ago, shows its secret in clear, and has 100 days left.
import { providerView } from '../../src/adapters/provider/fields.ts';
import type { GateQuestion } from '../../src/core/apple-gate.ts';
import type { Snapshot } from '../../src/core/decide.ts';
import type { Deployed } from '../../src/core/deployed.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import type { ProviderView } from '../../src/core/provider.ts';
import { emptyTargetState, type TargetState, type WrittenRecord } from '../../src/core/records.ts';
import { DAY } from '../../src/core/time.ts';

export const NOW = Date.UTC(2026, 10, 22, 10);

const CLIENT_ID = 'com.example.shop.web';
const THUMBPRINT = 'thumbprint-of-our-key';
const FINGERPRINT = 'a'.repeat(64);

/** Key material by its names alone; nothing here signs. */
export function aKey(overrides: Partial<KeyMaterial> = {}): KeyMaterial {
  return {
    teamId: 'A1B2C3D4E5',
    clientId: CLIENT_ID,
    keyId: 'K1L2M3N4O5',
    thumbprint: THUMBPRINT,
    privateKeyPem: 'not a key',
    publicJwk: {},
    ...overrides,
  };
}

/** A secret in clear, signed by our key, which our last write put there. */
export function aDeployed(overrides: Partial<Deployed> = {}): Deployed {
  const { teamId, clientId, keyId } = aKey();
  return {
    shown: { shape: 'clear', text: 'header.claims.signature' },
    knownFrom: 'read',
    fingerprint: FINGERPRINT,
    teamId,
    clientId,
    keyId,
    issuedAt: NOW - 80 * DAY,
    expiresAt: NOW + 100 * DAY,
    signedByOurKey: true,
    defects: [],
    ours: true,
    ...overrides,
  };
}

/** What nothing is known of but how it shows. */
export function anUnknownSecret(shape: Deployed['shown']['shape']): Deployed {
  const text = { clear: null, digest: 'd'.repeat(64), masked: '******', empty: '', null: null, missing: null }[shape];
  return {
    shown: { shape, text },
    knownFrom: 'none',
    fingerprint: null,
    teamId: null,
    clientId: null,
    keyId: null,
    issuedAt: null,
    expiresAt: null,
    signedByOurKey: null,
    defects: [],
    ours: false,
  };
}

/** A good secret in clear that somebody else signed and put there. */
export function aForeignSecret(overrides: Partial<Deployed> = {}): Deployed {
  return aDeployed({
    fingerprint: 'f'.repeat(64),
    keyId: 'KEYFOREIGN',
    signedByOurKey: false,
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
    keyThumbprints: { [aKey().keyId]: THUMBPRINT },
    ...overrides,
  };
}

/** The state of a target that this journal has never written. */
export function aNewState(overrides: Partial<TargetState> = {}): TargetState {
  return aState({ state: 'unknown', written: null, keyThumbprints: {}, ...overrides });
}

export function aProvider(config: JsonObject = {}): ProviderView {
  return providerView({
    Id: 'apple',
    On: 'TRUE',
    Config: { Issuer: 'https://appleid.apple.com', ClientId: CLIENT_ID, ClientSecret: 'a.b.c', ...config },
  });
}

export function aSnapshot(overrides: Partial<Snapshot> = {}): Snapshot {
  return {
    now: NOW,
    key: aKey(),
    provider: aProvider(),
    deployed: aDeployed(),
    state: aState(),
    policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY },
    windowOpen: true,
    requested: false,
    adopt: false,
    ...overrides,
  };
}

/** A candidate of a new key, of which Apple says nothing, over a secret that can be read and works. */
export function aQuestion(overrides: Partial<GateQuestion> = {}): GateQuestion {
  return {
    mode: 'compare',
    waived: false,
    candidate: 'unknown',
    deployed: 'accepted',
    predecessor: 'readable',
    blind: false,
    keyProven: false,
    emergency: false,
    needsAcceptance: false,
    detail: { trouble: 'timeout', afterMs: 10_000 },
    ...overrides,
  };
}
