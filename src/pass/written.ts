// What the journal keeps about writes: the record that stands in for a secret that the provider does not show, the
// record of a write whose outcome is not known yet, the fields that our writes spoiled, and what others wrote.
import type { Rotations } from '../core/ports.ts';
import type { ProviderFields, ShownSecret } from '../core/provider.ts';
import type { ProviderChange, Rotation, TargetState, WrittenRecord } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { fingerprintShown } from '../core/shown-secret.ts';
import { DAY } from '../core/time.ts';

/**
 * How many of a target's last rotations are searched for a write that shows late. A write shows within minutes, so even
 * a target that retries often has it among these; more would only read more.
 */
const LATE_ROWS = 10;

/** The record of a row's candidate, as it shows now. A TypeError if the row has no intent. */
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

/** What is learnt when the provider holds what we wrote. */
export function afterWrite(state: TargetState, written: WrittenRecord): Partial<TargetState> {
  const { fingerprint, keyId, issuedAt, expiresAt, shape, at } = written;
  return {
    deployed: { fingerprint, keyId, issuedAt, expiresAt, shape },
    written,
    lastRotationAt: at,
    // A write that showed late was taken for somebody else's, and is ours after all.
    foreign: state.foreign.filter((each) => each.fingerprint !== fingerprint),
    keyThumbprints: { ...state.keyThumbprints, [keyId]: written.thumbprint },
    maybeWritten: null,
  };
}

/** What is learnt when nobody knows whether our write arrived: the earlier expiry counts. */
export function afterUnknownWrite(state: TargetState, maybeWritten: WrittenRecord): Partial<TargetState> {
  const { deployed } = state;
  if (deployed === null) return { maybeWritten };
  const expiresAt = Math.min(deployed.expiresAt ?? maybeWritten.expiresAt, maybeWritten.expiresAt);
  return { maybeWritten, deployed: { ...deployed, expiresAt } };
}

/** A write that seemed not applied when it was read back, and shows now: what is deployed is ours. */
export async function settleLateWrite(
  state: TargetState,
  shown: ShownSecret,
  journal: Rotations,
): Promise<TargetState> {
  const print = fingerprintShown(shown);
  if (print === null || print === state.written?.fingerprint) return state;
  const rows = await journal.rotations({ target: state.key, limit: LATE_ROWS });
  const row = rows.find((each) => each.fingerprint === print);
  const at = row?.intent?.at;
  if (row === undefined || at === undefined || at <= (state.written?.at ?? 0)) return state;
  return { ...state, ...afterWrite(state, recordOf(row, shown, at)) };
}

/** Settles a write of unknown outcome as soon as the provider shows which secret it holds. */
export function settleUnknownWrite(state: TargetState, shown: ShownSecret): TargetState {
  const { maybeWritten, written } = state;
  const print = fingerprintShown(shown);
  if (maybeWritten === null || print === null) return state;
  if (print === maybeWritten.fingerprint) {
    const shownDigest = shown.shape === 'digest' ? shown.text : null;
    return { ...state, ...afterWrite(state, { ...maybeWritten, shape: shown.shape, shownDigest }) };
  }
  const told = shown.shape === 'clear' || print === written?.fingerprint || print === written?.shownDigest;
  return told ? { ...state, maybeWritten: null } : state;
}

/** A field that our write spoiled and somebody has put back is no change any more; the row of that write says how it was. */
export async function settleChanges(
  state: TargetState,
  fields: ProviderFields,
  journal: Rotations,
): Promise<TargetState> {
  if (state.providerChanges.every(({ by }) => by !== 'our-write')) return state;
  const rows = await journal.rotations({ target: state.key, limit: LATE_ROWS });
  const isPutBack = ({ path, by, at }: ProviderChange): boolean => {
    const intent = rows.find((row) => row.intent !== null && row.intent.at <= at)?.intent ?? null;
    return (
      by === 'our-write' &&
      intent !== null &&
      !fields.changesSince(intent.fields).some((change) => change.path === path)
    );
  };
  return { ...state, providerChanges: state.providerChanges.filter((change) => !isPutBack(change)) };
}

/** The replacements of the last seven days, and the one that put `deployed` there, however long ago. */
export function recentForeign({ foreign }: TargetState, deployed: string | null, now: number): TargetState['foreign'] {
  const last = foreign.at(-1);
  return foreign.filter((each) => within(each.at, now, 7 * DAY) || (each === last && each.fingerprint === deployed));
}

/** Notes that somebody else put the secret with this fingerprint there. Each is noted once, until we write again. */
export function noteForeign(state: TargetState, deployed: string | null, now: number): TargetState['foreign'] {
  const recent = recentForeign(state, deployed, now);
  const last = state.foreign.at(-1);
  const known = last !== undefined && last.fingerprint === deployed && last.at > (state.written?.at ?? 0);
  return known ? recent : [...recent, { fingerprint: deployed, at: now }];
}
