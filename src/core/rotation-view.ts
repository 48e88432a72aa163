// A rotation as `history` and the HTTP interface show it (design.md, "Commands"). Every field is always there: an
// absent value is null, `outcome` is null while the rotation is open. The intent stays in the journal.
import { type ErrorView, errorView } from './errors.ts';
import { isoOrNull } from './instants.ts';
import type { Outcome, Reason, Trigger, Verdict } from './reasons.ts';
import type { Proof, Rotation } from './records.ts';

/** The JSON of one rotation; instants are ISO 8601 UTC. */
export interface RotationView {
  readonly id: string;
  readonly target: string;
  readonly envId: string;
  readonly reason: Reason;
  readonly trigger: Trigger;
  readonly requestedBy: string | null;
  readonly keyId: string | null;
  readonly fingerprint: string | null;
  readonly issuedAt: string | null;
  readonly expiresAt: string | null;
  readonly previousFingerprint: string | null;
  readonly previousExpiresAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly outcome: Outcome | null;
  readonly appleCheck: { readonly candidate: Verdict; readonly deployed: Verdict };
  readonly requestIds: readonly string[];
  readonly proof: Proof | null;
  /** The failed rotation whose write showed later. */
  readonly settles: string | null;
  readonly error: ErrorView | null;
}

export function rotationView(rotation: Rotation): RotationView {
  return {
    id: rotation.id,
    target: rotation.target,
    envId: rotation.envId,
    reason: rotation.reason,
    trigger: rotation.trigger,
    requestedBy: rotation.requestedBy,
    keyId: rotation.keyId,
    fingerprint: rotation.fingerprint,
    issuedAt: isoOrNull(rotation.issuedAt),
    expiresAt: isoOrNull(rotation.expiresAt),
    previousFingerprint: rotation.previousFingerprint,
    previousExpiresAt: isoOrNull(rotation.previousExpiresAt),
    startedAt: isoOrNull(rotation.startedAt),
    finishedAt: isoOrNull(rotation.finishedAt),
    outcome: rotation.outcome,
    appleCheck: { candidate: rotation.appleCheck.candidate, deployed: rotation.appleCheck.deployed },
    requestIds: [...rotation.requestIds],
    proof: rotation.proof,
    settles: rotation.settles,
    error: rotation.error ? errorView(rotation.error, rotation.target) : null,
  };
}
