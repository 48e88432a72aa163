// The words of a pass: how a row, an error and the deployed secret become the fields of a log line.
import type { ErrorView, RotatorError } from '../core/errors.ts';
import type { EventName, RotatorEvent } from '../core/events.ts';
import type { Outcome } from '../core/reasons.ts';
import type { DeployedRecord, Rotation } from '../core/records.ts';
import { redactText } from '../core/redact.ts';

/** The fields of an event beside its name and message. */
export type Fields = Omit<RotatorEvent, 'event' | 'message'>;

const OUTCOME_EVENTS: Record<Outcome, { readonly event: EventName; readonly words: string }> = {
  succeeded: { event: 'rotation.succeeded', words: 'the new client secret is in place' },
  unverified: {
    event: 'rotation.unverified',
    words: 'the new client secret was written, the provider does not show it',
  },
  'rolled-back': { event: 'rotation.rolled_back', words: 'the previous client secret was put back' },
  blocked: { event: 'rotation.blocked', words: 'nothing was written' },
  failed: { event: 'rotation.failed', words: 'the rotation failed' },
};

/** The event that tells how a finished row ended. */
export function outcomeEvent(row: Rotation, error: RotatorError | null): RotatorEvent {
  const { event, words } = OUTCOME_EVENTS[row.outcome ?? 'failed'];
  return {
    event,
    message: error === null ? words : `${words}: ${error.message}`,
    target: row.target,
    envId: row.envId,
    rotationId: row.id,
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...rowFields(row),
    ...errorFields(error),
  };
}

export function rowFields(row: Rotation): Fields {
  const requestId = row.requestIds.at(-1);
  return {
    reason: row.reason,
    ...(row.keyId === null ? {} : { keyId: row.keyId }),
    ...(row.fingerprint === null ? {} : { fingerprint: row.fingerprint }),
    ...(row.expiresAt === null ? {} : { expiresAt: iso(row.expiresAt) }),
    ...(row.previousExpiresAt === null ? {} : { previousExpiresAt: iso(row.previousExpiresAt) }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

export function errorFields(error: RotatorError | null): Fields {
  if (error === null) return {};
  const { code, hint, requestId } = error;
  return { code, hint, ...(requestId === undefined ? {} : { requestId }) };
}

export function deployedFields(deployed: DeployedRecord | null): Fields {
  if (deployed === null) return {};
  const { keyId, fingerprint, expiresAt } = deployed;
  return {
    ...(keyId === null ? {} : { keyId }),
    ...(fingerprint === null ? {} : { fingerprint }),
    ...(expiresAt === null ? {} : { expiresAt: iso(expiresAt) }),
  };
}

/** An error as it is kept and printed. */
export function viewOf(error: RotatorError | null): ErrorView | null {
  return error === null ? null : { code: error.code, message: redactText(error.message), hint: redactText(error.hint) };
}

/** ISO 8601 in UTC, to the second. */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
