// Snapshot → Decision. The array POLICIES is the specification: its entries are asked in order, and the first that
// objects names the reason. RESTRAINTS then say whether that rotation must not be, or not now. Nothing here fetches,
// waits or writes.
import {
  type Deployed,
  isExpired,
  isMissing,
  isReadableAndGood,
  isTooLong,
  lifetimeOf,
  mayBeWorking,
} from './deployed.ts';
import { RotatorError } from './errors.ts';
import type { KeyMaterial } from './key-material.ts';
import type { ProviderView } from './provider.ts';
import type { Reason, Why } from './reasons.ts';
import type { TargetState } from './records.ts';
import { emergencyInstant, renewalInstant, within } from './schedule.ts';
import { shown, shownName } from './shown.ts';
import { showsNothing } from './shown-secret.ts';
import { DAY } from './time.ts';

/** Everything a decision may use, gathered beforehand. */
export interface Snapshot {
  readonly now: number;
  readonly key: KeyMaterial;
  readonly provider: ProviderView | undefined;
  readonly deployed: Deployed;
  readonly state: TargetState;
  readonly policy: { readonly lifetimeMs: number; readonly renewBeforeMs: number };
  readonly windowOpen: boolean;
  /** Somebody asked for a rotation by hand (`once --force`, HTTP). */
  readonly requested: boolean;
  /** `adopt: true` on the target, or `once --adopt`. */
  readonly adopt: boolean;
}

export type Decision =
  | { readonly action: 'none' }
  | {
      readonly action: 'rotate';
      readonly reason: Reason;
      readonly why: Why;
      readonly emergency: boolean;
      readonly needsAcceptance: boolean;
    }
  /** Wanted, but not now: the maintenance window is closed. */
  | { readonly action: 'defer'; readonly reason: Reason; readonly why: Why }
  /** Wanted, but a person must consent first. */
  | { readonly action: 'pend'; readonly reason: Reason; readonly why: Why; readonly error: RotatorError }
  /** Must not be, until a person fixes it. */
  | { readonly action: 'refuse'; readonly reason: Reason | null; readonly error: RotatorError };

export interface Policy {
  readonly reason: Reason;
  /** Why a rotation is wanted; undefined: it is not. */
  readonly objects: (snapshot: Snapshot) => Why | undefined;
}

export const POLICIES: readonly Policy[] = [
  { reason: 'SecretMissing', objects: secretMissing },
  { reason: 'SecretUnreadable', objects: secretUnreadable },
  { reason: 'KeyChanged', objects: keyChanged },
  { reason: 'TeamChanged', objects: teamChanged },
  { reason: 'ClientChanged', objects: clientChanged },
  { reason: 'SignatureInvalid', objects: signatureInvalid },
  { reason: 'LifetimeTooLong', objects: lifetimeTooLong },
  { reason: 'SecretExpired', objects: secretExpired },
  { reason: 'RenewalDue', objects: renewalDue },
  { reason: 'Requested', objects: ({ requested }) => (requested ? { found: 'requested' } : undefined) },
];

/** Decides what one pass does. Pure: the same snapshot gives the same decision. */
export function decide(snapshot: Snapshot): Decision {
  const refusal = refuse(snapshot);
  if (refusal !== undefined) return { action: 'refuse', reason: null, error: refusal };
  const objection = firstObjection(snapshot);
  if (objection === undefined) return { action: 'none' };
  const { reason, why } = objection;
  for (const restraint of RESTRAINTS) {
    const held = restraint(snapshot, reason, why);
    if (held !== undefined) return held;
  }
  return {
    action: 'rotate',
    reason,
    why,
    emergency: isEmergency(snapshot),
    needsAcceptance: keyIdHasAnotherKey(snapshot),
  };
}

/** The first policy that objects. */
export function firstObjection(snapshot: Snapshot): { reason: Reason; why: Why } | undefined {
  for (const { reason, objects } of POLICIES) {
    const why = objects(snapshot);
    if (why !== undefined) return { reason, why };
  }
  return undefined;
}

/** When renewal is due; null if the expiry is not known. */
export function renewalOf({
  deployed,
  policy,
  state,
}: {
  readonly deployed: Pick<Deployed, 'issuedAt' | 'expiresAt'>;
  readonly policy: Snapshot['policy'];
  readonly state: Pick<TargetState, 'key'>;
}): number | null {
  if (deployed.expiresAt === null) return null;
  const lifetimeMs = lifetimeOf(deployed, policy.lifetimeMs);
  return renewalInstant({
    key: state.key,
    expiresAt: deployed.expiresAt,
    lifetimeMs,
    renewBeforeMs: policy.renewBeforeMs,
  });
}

/**
 * Emergency: there is no secret, it is invalid or expired, or less than a tenth of its lifetime is left. (That Apple
 * rejects it is known only later in the pass.) Without a provider there are no logins to keep working.
 */
export function isEmergency({ provider, deployed, policy, now }: Snapshot): boolean {
  if (provider === undefined) return false;
  if (!mayBeWorking(deployed, now)) return true;
  if (deployed.expiresAt === null) return false;
  return now > emergencyInstant(deployed.expiresAt, lifetimeOf(deployed, policy.lifetimeMs));
}

// ---- policies, in the order of POLICIES

function secretMissing({ deployed }: Snapshot): Why | undefined {
  return isMissing(deployed) ? { found: 'missing', shape: deployed.shown.shape } : undefined;
}

function secretUnreadable({ deployed: { knownFrom, shown } }: Snapshot): Why | undefined {
  if (knownFrom !== 'none' || showsNothing(shown.shape)) return undefined;
  return { found: 'unreadable', shape: shown.shape };
}

function keyChanged({ deployed, key }: Snapshot): Why | undefined {
  if (deployed.knownFrom === 'none' || deployed.keyId === key.keyId) return undefined;
  return { found: 'other-key', id: shownId(deployed.keyId), wanted: key.keyId };
}

function teamChanged({ deployed, key }: Snapshot): Why | undefined {
  if (deployed.knownFrom === 'none' || deployed.teamId === key.teamId) return undefined;
  return { found: 'other-team', id: shownId(deployed.teamId), wanted: key.teamId };
}

function clientChanged({ deployed, key }: Snapshot): Why | undefined {
  if (deployed.knownFrom === 'none' || deployed.clientId === key.clientId) return undefined;
  return { found: 'other-client', id: shownId(deployed.clientId), wanted: key.clientId };
}

/** An id of somebody else's secret, which may hold anything. */
function shownId(id: string | null): string | null {
  return id === null ? null : shown(id);
}

function signatureInvalid({ deployed }: Snapshot): Why | undefined {
  if (deployed.signedByOurKey === false) return { found: 'other-signature' };
  const [defect] = deployed.defects;
  return defect && { found: 'defect', defect };
}

function lifetimeTooLong({ deployed, now }: Snapshot): Why | undefined {
  if (!isTooLong(deployed, now)) return undefined;
  return { found: deployed.expiresAt === null ? 'never-expires' : 'too-long' };
}

function secretExpired({ deployed, now }: Snapshot): Why | undefined {
  return isExpired(deployed, now) ? { found: 'expired' } : undefined;
}

function renewalDue(snapshot: Snapshot): Why | undefined {
  if (snapshot.state.maybeWritten !== null) return { found: 'unresolved' };
  const renewal = renewalOf(snapshot);
  return renewal !== null && snapshot.now >= renewal ? { found: 'renewal' } : undefined;
}

// ---- refusals: writing would break logins, whatever the reason for it

function refuse({ provider, key, state }: Snapshot): RotatorError | undefined {
  if (provider === undefined) {
    const { envId, providerId } = state;
    return new RotatorError('ERR_PROVIDER_NOT_FOUND', { problem: 'absent', envId, providerId });
  }
  const { clientId } = provider;
  if (clientId === key.clientId) return undefined;
  const found = clientId === undefined ? null : shownName(clientId);
  return new RotatorError('ERR_CLIENT_ID_MISMATCH', { found, wanted: key.clientId });
}

function keyIdHasAnotherKey({ state, key }: Snapshot): boolean {
  const known = state.keyThumbprints[key.keyId];
  return known !== undefined && known !== key.thumbprint;
}

// ---- restraints: a rotation is wanted, but …

type Restraint = (snapshot: Snapshot, reason: Reason, why: Why) => Decision | undefined;

const RESTRAINTS: readonly Restraint[] = [adoptionPending, rotationLoop, foreignSecret, windowClosed];

function adoptionPending(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { state, deployed, adopt, now } = snapshot;
  if (state.written !== null || state.maybeWritten !== null || adopt || deployed.signedByOurKey === true)
    return undefined;
  if (!mayBeWorking(deployed, now)) return undefined;
  const error = new RotatorError('ERR_ADOPTION_REQUIRED', { problem: 'never-written', why });
  return { action: 'pend', reason, why, error };
}

function rotationLoop({ state, deployed, requested, now }: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { written } = state;
  if (requested || written === null || !deployed.ours || state.maybeWritten !== null) return undefined;
  if (written.reason !== reason || !within(written.at, now, DAY)) return undefined;
  const error = new RotatorError('ERR_ROTATION_LOOP', { why });
  return { action: 'refuse', reason, error };
}

function foreignSecret(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { state, deployed, requested, now } = snapshot;
  const recent = state.foreign.filter(({ at }) => within(at, now, 7 * DAY));
  if (requested || recent.length < 2 || deployed.ours || isEmergency(snapshot)) return undefined;
  if (!isReadableAndGood(deployed, now)) return undefined;
  const error = new RotatorError('ERR_FOREIGN_SECRET', { times: recent.length, why });
  return { action: 'pend', reason, why, error };
}

function windowClosed(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { windowOpen, requested, deployed, now, state } = snapshot;
  if (windowOpen || requested || isEmergency(snapshot) || state.maybeWritten !== null) return undefined;
  const holdable = reason === 'RenewalDue' || (reason === 'KeyChanged' && mayBeWorking(deployed, now));
  return holdable ? { action: 'defer', reason, why } : undefined;
}
