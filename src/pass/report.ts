// The row of a pass as it begins, and how a row, an error and the deployed secret become fields of events and of the
// journal.
import type { RotatorError, StoredError } from '../core/errors.ts';
import type { RotationEndEvent, RotatorEvent } from '../core/events.ts';
import type { Target } from '../core/ports.ts';
import type { Outcome } from '../core/reasons.ts';
import type { DeployedRecord, Rotation } from '../core/records.ts';
import type { PassRequest } from './tools.ts';

const OUTCOME_EVENTS = {
  succeeded: 'rotation.succeeded',
  unverified: 'rotation.unverified',
  'rolled-back': 'rotation.rolled_back',
  blocked: 'rotation.blocked',
  failed: 'rotation.failed',
} as const satisfies Record<Outcome, RotationEndEvent['event']>;

/** How a finished row ended; `pass` is null where an earlier life of the program began it. */
export function outcomeEvent(
  row: Rotation,
  error: RotatorError | null,
  pass: { readonly durationMs: number; readonly nextCheckAt: number | null } | null,
): RotationEndEvent {
  const outcome = row.outcome ?? 'failed';
  const ending = {
    event: OUTCOME_EVENTS[outcome],
    ...rowFields(row),
    outcome,
    error,
    proof: row.proof,
    settles: row.settles,
    resumed: pass === null,
    durationMs: pass?.durationMs ?? null,
    nextCheckAt: pass?.nextCheckAt ?? null,
  };
  // The compiler cannot see that name and outcome are of one row of OUTCOME_EVENTS.
  return ending as RotationEndEvent;
}

/** A row of which nothing is known yet but what was asked. */
export function newRow(
  { key: targetKey, name: target, envId }: Target,
  { trigger, requestedBy, waiveAppleCheck: appleCheckWaived }: PassRequest,
): Omit<Rotation, 'id' | 'reason' | 'startedAt'> {
  return {
    targetKey,
    target,
    envId,
    trigger,
    requestedBy,
    keyId: null,
    fingerprint: null,
    issuedAt: null,
    expiresAt: null,
    previousFingerprint: null,
    previousExpiresAt: null,
    finishedAt: null,
    outcome: null,
    appleCheck: { candidate: 'not-asked', deployed: 'not-asked' },
    appleCheckWaived,
    proof: null,
    settles: null,
    requestIds: [],
    error: null,
    intent: null,
  };
}

export function rowFields(row: Rotation): Omit<RotatorEvent<'rotation.started'>, 'event' | 'attempt'> {
  const { target, envId, id: rotationId, reason, keyId, fingerprint, expiresAt, previousExpiresAt, requestIds } = row;
  const requestId = requestIds.at(-1) ?? null;
  return { target, envId, rotationId, reason, keyId, fingerprint, expiresAt, previousExpiresAt, requestId };
}

export function deployedFields(
  deployed: DeployedRecord | null,
): Pick<DeployedRecord, 'keyId' | 'fingerprint' | 'expiresAt'> {
  const { keyId, fingerprint, expiresAt } = deployed ?? { keyId: null, fingerprint: null, expiresAt: null };
  return { keyId, fingerprint, expiresAt };
}

/** An error as it is kept. */
export function viewOf(error: RotatorError | null): StoredError | null {
  return error === null ? null : error.stored;
}
