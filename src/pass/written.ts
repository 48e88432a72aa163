// What the journal keeps of writes: the record that stands in for a secret which the provider does not show, the
// record of a write of which nobody knows yet whether it arrived, what our writes spoiled, and what others wrote.
import type { Journal } from '../core/ports.ts';
import type { ProviderFields, ShownSecret } from '../core/provider.ts';
import type { ProviderChange, Rotation, TargetState, WrittenRecord } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { fingerprintShown } from '../core/shown-secret.ts';
import { DAY } from '../core/time.ts';

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
    // What was taken for somebody else's is ours after all (a write that showed late).
    foreign: state.foreign.filter((each) => each.fingerprint !== fingerprint),
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

/** What our write spoiled and somebody has mended is no change any more: the row of that write knows how it was. */
export async function settleChanges(
  state: TargetState,
  fields: ProviderFields,
  journal: Journal,
): Promise<TargetState> {
  if (state.providerChanges.every(({ by }) => by !== 'our-write')) return state;
  const rows = await journal.rotations({ target: state.key, limit: LATE_ROWS });
  const isMended = ({ path, by, at }: ProviderChange): boolean => {
    const intent = rows.find((row) => row.intent !== null && row.intent.at <= at)?.intent ?? null;
    return (
      by === 'our-write' &&
      intent !== null &&
      !fields.changesSince(intent.fields).some((change) => change.path === path)
    );
  };
  return { ...state, providerChanges: state.providerChanges.filter((change) => !isMended(change)) };
}

/** The replacements of the last seven days, and that by which `deployed` came to be, however long ago. */
export function recentForeign({ foreign }: TargetState, deployed: string | null, now: number): TargetState['foreign'] {
  const last = foreign.at(-1);
  return foreign.filter((each) => within(each.at, now, 7 * DAY) || (each === last && each.fingerprint === deployed));
}

/** Notes that the secret of this fingerprint was put there by somebody else; each is noted once, until we write again. */
export function noteForeign(state: TargetState, deployed: string | null, now: number): TargetState['foreign'] {
  const recent = recentForeign(state, deployed, now);
  const last = state.foreign.at(-1);
  const known = last !== undefined && last.fingerprint === deployed && last.at > (state.written?.at ?? 0);
  return known ? recent : [...recent, { fingerprint: deployed, at: now }];
}
