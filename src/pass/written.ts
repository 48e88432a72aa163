// What the journal keeps about writes: the record that stands in for a secret that the provider does not show, the
// record of a write whose outcome is not known yet, and the fields that our writes spoiled.
import { identityId } from '../core/identity.ts';
import type { Rotations } from '../core/journal-ports.ts';
import type { ProviderFields, ShownSecret } from '../core/provider.ts';
import type { ProviderChange, Rotation, TargetState, WrittenRecord } from '../core/records.ts';
import { fingerprintShown } from '../core/shown-secret.ts';
import type { Course } from './course.ts';

/**
 * How many of a target's last rotations are searched for a write that shows late. A write shows within minutes, so even
 * a target that retries often has it among these; more would only read more.
 */
const LATE_ROWS = 10;
/**
 * How many are searched for the write that changed a field. Attempts every ten minutes for days may lie between: with
 * less, a field that a person has put back would be reported for a month. They are read only while a change is noted.
 */
const CHANGED_ROWS = 2_000;

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
    deployed: {
      ...{ fingerprint, keyId, issuedAt, expiresAt, shape },
      from: shape === 'clear' ? 'read' : 'record',
      identity: identityId(written),
      defect: null,
    },
    written,
    lastRotationAt: at,
    // A write that showed late was taken for somebody else's, and is ours after all.
    replaced: state.replaced?.fingerprint === fingerprint ? null : state.replaced,
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

/** What is known once the provider shows which secret it holds: an unknown or a late write of ours is settled by it. */
export async function settleWrites(course: Course, shown: ShownSecret): Promise<TargetState> {
  const state = settleUnknownWrite(course.state, shown);
  const print = fingerprintShown(shown);
  if (print === null || print === state.written?.fingerprint) return state;
  const [row] = await course.tools.journal.rotations({ target: state.key, limit: LATE_ROWS, fingerprint: print });
  const at = row?.intent?.at;
  if (row === undefined || at === undefined) return state;
  // An earlier write that succeeded was replaced by ours since. One that failed shows only now: its process stood still.
  if (row.outcome !== 'failed' && at <= (state.written?.at ?? 0)) return state;
  return { ...state, ...afterWrite(state, recordOf(row, shown, at)) };
}

/** Fingerprints of the secrets that the last rotations wrote or replaced; none where no broken secret can show. */
export async function handledLately(
  { tools: { journal }, state }: Course,
  { shape, text }: ShownSecret,
): Promise<ReadonlySet<string>> {
  if (shape !== 'masked' || text === null) return new Set();
  const rows = await journal.rotations({ target: state.key, limit: LATE_ROWS });
  return new Set(
    rows.flatMap(({ fingerprint, previousFingerprint }) => [fingerprint ?? [], previousFingerprint ?? []].flat()),
  );
}

/** The row whose candidate is deployed although it ended as failed, and that no later row settles. */
export async function lateRow({ tools: { journal }, state }: Course): Promise<Rotation | undefined> {
  const { written } = state;
  if (written === null) return undefined;
  const { fingerprint } = written;
  const [last] = await journal.rotations({ target: state.key, limit: LATE_ROWS, fingerprint });
  return last?.outcome === 'failed' && last.settles === null ? last : undefined;
}

/** Settles a write of unknown outcome as soon as the provider shows which secret it holds. */
function settleUnknownWrite(state: TargetState, shown: ShownSecret): TargetState {
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
  const rows = await journal.rotations({ target: state.key, limit: CHANGED_ROWS });
  const isPutBack = ({ path, by, at }: ProviderChange): boolean => {
    const begun = rows.filter(({ intent }) => intent !== null && intent.at <= at);
    // The row in whose time it was noted: the clock may have been set back since, so that later rows seem to be earlier;
    // or before that row ended, so that none seems to be.
    const intent = (begun.find(({ finishedAt }) => (finishedAt ?? at) >= at) ?? begun[0])?.intent ?? null;
    return (
      by === 'our-write' &&
      intent !== null &&
      !fields.changesSince(intent.fields).some((change) => change.path === path)
    );
  };
  return { ...state, providerChanges: state.providerChanges.filter((change) => !isPutBack(change)) };
}
