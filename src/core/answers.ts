// What Apple's answers mean, and when to ask. Nobody is sure that the token endpoint tells good secrets from bad ones,
// so an acceptance counts only while a false secret (the control) is rejected, and a rejection only where something real
// was accepted lately, or this identity before. Pure: an answer in, the new record out.
import type { Verdict } from './reasons.ts';
import type { Answer, AppleRecord, Subject, TargetState } from './records.ts';
import { steadyFraction, within } from './schedule.ts';
import { DAY, HOUR, MINUTE } from './time.ts';

export const NOTHING_SAID: AppleRecord = {
  firstAskedAt: null,
  answeredAt: null,
  controlAskedAt: null,
  control: null,
  controlSince: null,
  acceptedAt: null,
  rejections: null,
  keys: {},
};

/** The control is asked twice a day, so that no acceptance ever rests on one that is older than a day. */
const CONTROL_MS = 12 * HOUR;
/** An acceptance counts while the control was rejected within this time. */
const CONTROL_LASTS_MS = DAY;
/** A rejection counts if Apple accepted something real within this time: then it was not down for everybody. */
const ACCEPTED_LATELY_MS = HOUR;
/** Two rejections prove something if they are at least so far apart: `invalid_client` is reported now and then for good secrets. */
export const REJECTED_TWICE_MS = 5 * MINUTE;
/** The proof of an identity that is to replace another one must not be older. */
const PROOF_MS = 7 * DAY;
/** A retry of a rotation that failed later may use its acceptance for so long; then Apple is asked again. */
const REUSE_MS = HOUR;
/** Rejections that do not count are told when there are this many over at least this time. */
const REJECTS_ALL = { count: 3, ms: HOUR };
/** An accepted control is told when two answers say so that are an hour apart: one may be an accident. */
const ACCEPTS_ALL_MS = HOUR;

// ---- what an answer means

export function controlDue({ control, controlAskedAt }: AppleRecord, now: number): boolean {
  // While it is accepted no acceptance counts, so that it must not take half a day to see that this is over.
  return control === null || !within(controlAskedAt, now, control === 'accepted' ? HOURLY_MS : CONTROL_MS);
}

/** Whether an answer of this moment proves anything. `acceptedBefore`: Apple accepted a secret of this identity before. */
export function countsNow(
  verdict: Answer['verdict'],
  { control, controlAskedAt, acceptedAt }: AppleRecord,
  acceptedBefore: boolean,
  now: number,
): boolean {
  if (verdict === 'rejected') return acceptedBefore || within(acceptedAt, now, ACCEPTED_LATELY_MS);
  return control === 'rejected' && within(controlAskedAt, now, CONTROL_LASTS_MS);
}

/** What is kept after Apple answered any question at `now`. */
export function afterAnswer(record: AppleRecord, verdict: Answer['verdict'] | 'unknown', now: number): AppleRecord {
  const { firstAskedAt, answeredAt } = record;
  return {
    ...record,
    firstAskedAt: firstAskedAt === null || firstAskedAt > now ? now : firstAskedAt,
    answeredAt: verdict === 'unknown' ? answeredAt : now,
  };
}

/** … and that question was the control. Without a clear answer it stays due, so that the next answers count soon. */
export function afterControl(record: AppleRecord, verdict: Answer['verdict'] | 'unknown', now: number): AppleRecord {
  const answered = afterAnswer(record, verdict, now);
  if (verdict === 'unknown') return answered;
  const since = record.control === verdict ? notAfter(now, record.controlSince) : now;
  return { ...answered, controlAskedAt: now, control: verdict, controlSince: since };
}

/** … and that question was about something real, signed by the key named `key` (identity.ts, keyName). */
export function afterReal(
  record: AppleRecord,
  { verdict, counts, key }: { readonly verdict: Verdict; readonly counts: boolean; readonly key: string | null },
  now: number,
): AppleRecord {
  if (verdict === 'not-asked') return record;
  const answered = afterAnswer(record, verdict, now);
  const keys = Object.fromEntries(Object.entries(record.keys).filter(([, { askedAt }]) => within(askedAt, now, DAY)));
  const rejectedAt =
    verdict === 'rejected' ? now : verdict === 'accepted' ? null : (keys[key ?? '']?.rejectedAt ?? null);
  const asked = { ...answered, keys: key === null ? keys : { ...keys, [key]: { askedAt: now, rejectedAt } } };
  if (verdict === 'accepted') return { ...asked, acceptedAt: counts ? now : asked.acceptedAt, rejections: null };
  if (verdict === 'unknown' || counts) return asked;
  const { count, since } = record.rejections ?? { count: 0, since: now };
  return { ...asked, rejections: { count: count + 1, since: notAfter(now, since), at: now } };
}

/** Apple rejects every secret that it was asked about, and it is not known that any of them is good. */
export function rejectsAll({ rejections }: AppleRecord): boolean {
  return (
    rejections !== null && rejections.count >= REJECTS_ALL.count && rejections.at - rejections.since >= REJECTS_ALL.ms
  );
}

/** Apple accepts false secrets, so that its answers mean nothing. */
export function acceptsAll({ control, controlSince, controlAskedAt }: AppleRecord): boolean {
  if (control !== 'accepted' || controlSince === null || controlAskedAt === null) return false;
  return controlAskedAt - controlSince >= ACCEPTS_ALL_MS;
}

/** What is kept of one subject after Apple answered. An answer about another secret and identity begins anew. */
export function subjectAfter(
  { answer }: Subject,
  fresh: Omit<Answer, 'verdict' | 'since' | 'rejectedSince'> & { readonly verdict: Answer['verdict'] | 'unknown' },
): Subject {
  const { at, verdict, counts } = fresh;
  const isSame = answer !== null && isAbout(answer, fresh);
  // What was proven stands until something is proven: an acceptance that does not count is no all-clear.
  const isNothing = verdict === 'accepted' && !counts && isSame && isRejected(answer);
  if (verdict === 'unknown' || isNothing) return { askedAt: at, answer: isSame ? answer : null };
  const earlier = isSame && answer.verdict === verdict ? answer : undefined;
  // Nor need the next rejection of the same secret be proven anew.
  const isProof = counts || isRejected(earlier ?? null);
  const first = verdict === 'rejected' ? (earlier?.rejectedSince ?? (isProof ? at : null)) : null;
  const rejectedSince = first === null ? null : notAfter(at, first);
  return {
    askedAt: at,
    answer: { ...fresh, verdict, counts: isProof, since: notAfter(at, earlier?.since), rejectedSince },
  };
}

/** The earlier of two instants; one in the future was written by a wrong clock. */
function notAfter(now: number, instant: number | null | undefined): number {
  return Math.min(instant ?? now, now);
}

/** True if an answer is about this secret, or about another one of its identity. */
export function isAbout(answer: About, { identity, fingerprint }: About): boolean {
  if (fingerprint !== null && answer.fingerprint === fingerprint) return true;
  return identity !== null && answer.identity === identity;
}

interface About {
  readonly identity: string | null;
  readonly fingerprint: string | null;
}

/** Rejected twice, and it counts. */
export function isRejected(answer: Answer | null): boolean {
  if (answer?.verdict !== 'rejected' || !answer.counts || answer.rejectedSince === null) return false;
  return answer.at - answer.rejectedSince >= REJECTED_TWICE_MS;
}

/**
 * Whether a candidate of `ofKey` is rejected like the deployed secret of `identity`, without a question of its own: they are
 * of one identity, and Apple has rejected it within the hour. Another question would only keep other targets waiting.
 */
export function isRejectedAlike(
  { askedAt, answer }: Subject,
  identity: string | null,
  ofKey: string,
  now: number,
): boolean {
  const isSame = identity === ofKey && answer?.identity === identity;
  return isSame && answer?.verdict === 'rejected' && within(askedAt, now, HOUR);
}

// ---- proof

/** The proven identities after an answer that counts about `identity`. The second of two rejections ends the proof. */
export function provenAfter(
  proven: TargetState['proven'],
  { identity, verdict, counts, at }: Pick<Answer, 'identity' | 'counts' | 'at'> & { readonly verdict: Verdict },
): TargetState['proven'] {
  if (identity === null || !counts) return proven;
  const { [identity]: known, ...others } = proven;
  if (verdict === 'accepted')
    return { ...recent(others, at), [identity]: { acceptedAt: at, rejectedAt: null, endedAt: null } };
  if (verdict !== 'rejected' || known === undefined) return proven;
  const rejectedAt = notAfter(at, known.rejectedAt);
  const endedAt = known.endedAt ?? (at - rejectedAt >= REJECTED_TWICE_MS ? at : null);
  return { ...others, [identity]: { ...known, rejectedAt, endedAt } };
}

/** A target has few identities in its life; those that were not accepted for a year are forgotten. */
function recent(proven: TargetState['proven'], now: number): TargetState['proven'] {
  return Object.fromEntries(Object.entries(proven).filter(([, { acceptedAt }]) => within(acceptedAt, now, 366 * DAY)));
}

/** Whether an identity is proven well enough to replace a secret of its own, or of another identity. */
export function isProven(proven: TargetState['proven'], identity: string, overOther: boolean, now: number): boolean {
  const known = proven[identity];
  return known !== undefined && known.endedAt === null && (!overOther || within(known.acceptedAt, now, PROOF_MS));
}

// ---- when to ask

/** Each deployed secret is asked about once a day, each key every 4 h, and after a second rejection every hour. */
const KEY_MS = 4 * HOUR;
/** An hourly tick comes a few minutes early or late; a full hour would skip every second one. */
const HOURLY_MS = 55 * MINUTE;

/** When Apple may be asked again about a subject whose last answer was no acceptance. */
export function nextQuestionAt({ askedAt, answer }: Subject, now: number): number {
  if (askedAt === null || askedAt > now) return 0;
  const isFirst = answer?.verdict === 'rejected' && (answer.rejectedSince ?? answer.since) === askedAt;
  return askedAt + (isFirst ? REJECTED_TWICE_MS : HOURLY_MS);
}

/** Whether Apple is to be asked about the deployed secret, or about its identity if it is hidden. */
export function questionDue(
  targetKey: string,
  { askedAt, answer }: Subject,
  about: About & { readonly key: string | null },
  { keys }: AppleRecord,
  now: number,
): boolean {
  if (askedAt === null || askedAt > now || (answer !== null && !isAbout(answer, about))) return true;
  if (answer?.verdict !== 'accepted' || !answer.counts) return now >= nextQuestionAt({ askedAt, answer }, now);
  const ofKey = about.key === null ? undefined : keys[about.key];
  if (ofKey === undefined || !within(ofKey.askedAt, now, KEY_MS) || (ofKey.rejectedAt ?? 0) > askedAt) return true;
  const offset = steadyFraction(`apple ${targetKey}`) * DAY;
  const latestTurn = Math.floor((now - offset) / DAY) * DAY + offset;
  return latestTurn - askedAt >= DAY / 2;
}

/** Whether a retry may use the acceptance of this identity without another question. */
export function isReusable(
  { candidate: { answer }, deployed }: TargetState['apple'],
  identity: string,
  now: number,
): boolean {
  if (answer?.verdict !== 'accepted' || !answer.counts || answer.identity !== identity) return false;
  const since =
    deployed.answer?.verdict === 'rejected' && deployed.answer.identity === identity ? deployed.answer.at : 0;
  return since <= answer.at && within(answer.at, now, REUSE_MS);
}
