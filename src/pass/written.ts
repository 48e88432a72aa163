// What the journal keeps of a write: the record that stands in for a secret which the provider does not show, and
// the record of a write of which nobody knows yet whether it arrived.
import { fingerprint } from '../core/client-secret.ts';
import type { ShownSecret } from '../core/provider-fields.ts';
import type { Rotation, TargetState, WrittenRecord } from '../core/records.ts';
import type { Journal } from '../ports.ts';

/** Among so many of a target's last rotations a late write is looked for. */
const LATE_ROWS = 10;

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

/** A write that was read back as not applied, and shows now: what is deployed is ours, and nobody else's. */
export async function settleLateWrite(state: TargetState, shown: ShownSecret, journal: Journal): Promise<TargetState> {
  const print = shown.text === null ? null : shown.shape === 'clear' ? fingerprint(shown.text) : shown.text;
  if (print === null || shown.shape === 'masked' || print === state.written?.fingerprint) return state;
  const rows = await journal.rotations({ target: state.key, limit: LATE_ROWS });
  const row = rows.find((each) => each.fingerprint === print);
  const at = row?.intent?.at;
  if (row === undefined || at === undefined || at <= (state.written?.at ?? 0)) return state;
  return { ...state, ...afterWrite(state, recordOf(row, shown, at)) };
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
