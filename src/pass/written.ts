// What the journal keeps of a write: the record that stands in for a secret which the provider does not show, and
// the record of a write of which nobody knows yet whether it arrived.
import { fingerprint } from '../core/client-secret.ts';
import type { ShownSecret } from '../core/provider-fields.ts';
import type { Rotation, TargetState, WrittenRecord } from '../core/records.ts';

/** The record of a row's candidate, as it shows now. The row must have its intent. */
export function recordOf(row: Rotation, shown: ShownSecret, at: number): WrittenRecord {
  const { intent, keyId, issuedAt, expiresAt } = row;
  if (intent === null || row.fingerprint === null || keyId === null || issuedAt === null || expiresAt === null) {
    throw new TypeError('the row has no intent');
  }
  const { teamId, clientId, thumbprint } = intent;
  const ids = { teamId, clientId, keyId, thumbprint };
  const shownDigest = shown.shape === 'digest' ? shown.text : null;
  return {
    fingerprint: row.fingerprint,
    ...ids,
    issuedAt,
    expiresAt,
    shape: shown.shape,
    shownDigest,
    at,
    reason: row.reason,
  };
}

/** The state of a target whose provider now holds what we wrote. */
export function afterWrite(state: TargetState, written: WrittenRecord): Partial<TargetState> {
  const { fingerprint, keyId, issuedAt, expiresAt, shape, at } = written;
  return {
    deployed: { fingerprint, keyId, issuedAt, expiresAt, shape },
    written,
    lastRotationAt: at,
    keyThumbprints: { ...state.keyThumbprints, [keyId]: written.thumbprint },
    maybeWritten: null,
  };
}

/** The state of a target of which it is not known whether our write arrived: the earlier expiry counts. */
export function afterUnknownWrite(state: TargetState, maybeWritten: WrittenRecord): Partial<TargetState> {
  const { deployed } = state;
  if (deployed === null) return { maybeWritten };
  const expiresAt = Math.min(deployed.expiresAt ?? maybeWritten.expiresAt, maybeWritten.expiresAt);
  return { maybeWritten, deployed: { ...deployed, expiresAt } };
}

/** Settles a write of unknown outcome as soon as the provider shows which secret it holds. */
export function settleUnknownWrite(state: TargetState, shown: ShownSecret): TargetState {
  const { maybeWritten, written } = state;
  if (maybeWritten === null || shown.text === null) return state;
  if (shown.shape !== 'clear' && shown.shape !== 'digest') return state;
  const print = shown.shape === 'clear' ? fingerprint(shown.text) : shown.text;
  if (print === maybeWritten.fingerprint) {
    const shownDigest = shown.shape === 'digest' ? shown.text : null;
    return { ...state, ...afterWrite(state, { ...maybeWritten, shape: shown.shape, shownDigest }) };
  }
  const told = shown.shape === 'clear' || print === written?.fingerprint || print === written?.shownDigest;
  return told ? { ...state, maybeWritten: null } : state;
}
