// Snapshot → Decision. The array POLICIES is the specification: its entries are asked in order, and the first that
// objects names the reason. A good secret is left alone, whoever made it. RESTRAINTS then say whether that rotation must
// not be, or not now. Nothing here fetches, waits or writes.
import { isProven } from './answers.ts';
import { mintedLifetimeMs } from './client-secret.ts';
import { type Deployed, isExpired, isMissing, isUseless } from './deployed.ts';
import type { CallTrouble } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import { type CandidateVerdict, type GateQuestion, gate } from './gate.ts';
import { identityId } from './identity.ts';
import type { KeyMaterial } from './key-material.ts';
import { isChoice, isUrgent, type JudgeClock, judgeLogins, type Logins, lifetimeOf } from './logins.ts';
import type { ProviderView } from './provider.ts';
import type { Reason, Why } from './reasons.ts';
import type { TargetState, WrittenRecord } from './records.ts';
import { renewalInstant, within } from './schedule.ts';
import { shown, shownName } from './shown.ts';
import { showsNothing } from './shown-secret.ts';
import { DAY, MINUTE } from './time.ts';

/** Everything a decision may use, gathered beforehand. */
export interface Snapshot {
  /** Our wall clock, and how far it is off. */
  readonly clock: JudgeClock;
  readonly key: KeyMaterial;
  readonly provider: ProviderView | undefined;
  readonly deployed: Deployed;
  /** With what this gathering added. */
  readonly state: TargetState;
  readonly policy: { readonly lifetimeMs: number; readonly renewBeforeMs: number };
  readonly windowOpen: boolean;
  /** Somebody asked for a rotation by hand (`once --force`, HTTP). */
  readonly requested: boolean;
  readonly appleCheck: 'compare' | 'require' | 'off';
  /** `once --no-apple-check`. */
  readonly waived: boolean;
}

export type Decision =
  | { readonly action: 'none' }
  | { readonly action: 'rotate'; readonly reason: Reason; readonly why: Why; readonly urgent: boolean }
  /** Wanted, but not now: the maintenance window is closed. */
  | { readonly action: 'defer'; readonly reason: Reason; readonly why: Why }
  /** Wanted, but a person must say so first. */
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
  { reason: 'SecretExpired', objects: secretExpired },
  {
    reason: 'SecretInvalid',
    objects: ({ deployed: { defect } }) => (defect === null ? undefined : { found: 'defect', defect }),
  },
  { reason: 'RejectedByApple', objects: rejectedByApple },
  { reason: 'KeyChanged', objects: keyChanged },
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
  return { action: 'rotate', reason, why, urgent: urgencyOf(snapshot) };
}

/** The first policy that objects. */
export function firstObjection(snapshot: Snapshot): { reason: Reason; why: Why } | undefined {
  for (const { reason, objects } of POLICIES) {
    const why = objects(snapshot);
    if (why !== undefined) return { reason, why };
  }
  return undefined;
}

export function loginsOf({ state, clock }: Snapshot): Logins {
  return judgeLogins(state, clock);
}

export function urgencyOf(snapshot: Snapshot): boolean {
  const { state, policy, clock } = snapshot;
  return isUrgent(loginsOf(snapshot), state.deployed, policy.lifetimeMs, clock);
}

/** Now by the corrected clock. */
export function trueNow({ now, skewMs = 0 }: JudgeClock): number {
  return now - skewMs;
}

/** What the gate asks, with what Apple said about the candidate. */
export function gateQuestion(
  { deployed, key, state, clock, requested, appleCheck: mode, waived }: Snapshot,
  reason: Reason,
  candidate: CandidateVerdict,
  detail: CallTrouble | null,
): GateQuestion {
  const identity = identityId(key);
  const isSame = deployed.identity === identity;
  const predecessor = isUseless(deployed, trueNow(clock)) ? 'useless' : isSame ? 'same-identity' : 'other';
  // Where Apple is never asked, the identity of our last write has to do as proof.
  const isOurs = mode === 'off' && state.written !== null && identityId(state.written) === identity;
  const proven = isOurs || isProven(state.proven, identity, !isSame, clock.now);
  return { mode, waived, requested, reason, candidate, predecessor, proven, detail };
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
  return renewalInstant({
    key: state.key,
    expiresAt: deployed.expiresAt,
    lifetimeMs: lifetimeOf(deployed, policy.lifetimeMs),
    renewBeforeMs: policy.renewBeforeMs,
  });
}

// ---- policies, in the order of POLICIES

function secretMissing({ deployed }: Snapshot): Why | undefined {
  return isMissing(deployed) ? { found: 'missing', shape: deployed.shown.shape } : undefined;
}

function secretUnreadable({ deployed: { from, shown: seen } }: Snapshot): Why | undefined {
  if (from !== 'none' || showsNothing(seen.shape)) return undefined;
  return { found: 'unreadable', shape: seen.shape };
}

function secretExpired({ deployed, clock }: Snapshot): Why | undefined {
  return isExpired(deployed, trueNow(clock)) ? { found: 'expired' } : undefined;
}

function rejectedByApple(snapshot: Snapshot): Why | undefined {
  const isRejected = loginsOf(snapshot).evidence.some(({ kind, verdict }) => kind === 'apple' && verdict === 'fails');
  return isRejected ? { found: 'rejected' } : undefined;
}

/** Ours is deployed, and the key source now has another identity. A secret that is not ours is left alone. */
function keyChanged({ deployed, key }: Snapshot): Why | undefined {
  const { ours, identity, keyId, teamId, clientId } = deployed;
  if (!ours || identity === identityId(key)) return undefined;
  const differs = (
    found: 'other-key' | 'other-team' | 'other-client',
    id: string | null,
    wanted: string,
  ): Why | undefined => (id === wanted ? undefined : { found, id: id === null ? null : shown(id), wanted });
  return (
    differs('other-key', keyId, key.keyId) ??
    differs('other-team', teamId, key.teamId) ??
    differs('other-client', clientId, key.clientId) ?? { found: 'other-signature' }
  );
}

function renewalDue(snapshot: Snapshot): Why | undefined {
  if (snapshot.state.maybeWritten !== null) return { found: 'unresolved' };
  const renewal = renewalOf(snapshot);
  return renewal !== null && trueNow(snapshot.clock) >= renewal ? { found: 'renewal' } : undefined;
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

// ---- restraints: a rotation is wanted, but …

type Restraint = (snapshot: Snapshot, reason: Reason, why: Why) => Decision | undefined;

const RESTRAINTS: readonly Restraint[] = [writtenLately, windowClosed, consentNeeded];

/** How long a second write waits whose first one should have been enough. */
const SAME_WRITE_MS = DAY;
/** … where the first one did not show, or another writer keeps replacing the secret. */
const SAME_REASON_MS = 7 * DAY;

/** A write that did not settle its reason is not made again and again. */
function writtenLately(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { state, deployed, requested, clock, key, policy } = snapshot;
  const { written, maybeWritten } = state;
  const logins = loginsOf(snapshot);
  if (requested || written === null || maybeWritten !== null || logins.because === 'secret') return undefined;
  const isHurting = logins.state === 'fails' && !isChoice(logins);
  const isUnseen = reason === 'SecretMissing' || reason === 'SecretUnreadable' || !deployed.ours;
  const isSameReason =
    isUnseen && !isHurting && written.reason === reason && within(written.at, clock.now, SAME_REASON_MS);
  const isSameSecret =
    identityId(written) === identityId(key) &&
    isSameLifetime(written, policy.lifetimeMs) &&
    within(written.at, clock.now, SAME_WRITE_MS);
  if (!isSameReason && !isSameSecret) return undefined;
  const error = new RotatorError('ERR_WRITTEN_LATELY', { days: isSameReason ? 7 : 1, why });
  return { action: 'refuse', reason, error };
}

/** Within a minute: instants in a secret are rounded. */
function isSameLifetime({ issuedAt, expiresAt }: WrittenRecord, lifetimeMs: number): boolean {
  return Math.abs(expiresAt - issuedAt - mintedLifetimeMs(lifetimeMs)) < MINUTE;
}

function windowClosed(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  const { windowOpen, requested, state } = snapshot;
  if (windowOpen || requested || state.maybeWritten !== null) return undefined;
  if (reason !== 'RenewalDue' && reason !== 'KeyChanged') return undefined;
  if (loginsOf(snapshot).state === 'fails' || urgencyOf(snapshot)) return undefined;
  return { action: 'defer', reason, why };
}

/** Where Apple is not asked, what the gate will say is known beforehand. */
function consentNeeded(snapshot: Snapshot, reason: Reason, why: Why): Decision | undefined {
  if (snapshot.appleCheck !== 'off') return undefined;
  const answer = gate(gateQuestion(snapshot, reason, 'not-asked', null));
  return answer.go || answer.how !== 'pend' ? undefined : { action: 'pend', reason, why, error: answer.error };
}
