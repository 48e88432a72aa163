// Step 5: what Apple is asked in a pass, and what is learnt from it: about the deployed secret when that is due, about a
// candidate when one is to be pushed, and about the other of the two when one is rejected. It decides nothing.
import {
  afterControl,
  afterReal,
  controlDue,
  countsNow,
  isRejected,
  isRejectedAlike,
  isReusable,
  NOTHING_SAID,
  nextQuestionAt,
  provenAfter,
  questionDue,
  rejectsAll,
  subjectAfter,
} from '../core/answers.ts';
import { fingerprint, type MintedSecret, throwawayControl } from '../core/client-secret.ts';
import { type Snapshot, trueNow } from '../core/decide.ts';
import { isUseless } from '../core/deployed.ts';
import type { CallTrouble } from '../core/error-troubles.ts';
import { RotatorError } from '../core/errors.ts';
import type { CandidateVerdict } from '../core/gate.ts';
import { identityId, type KeyConflict, keyConflict, keyName, withAcceptedKey } from '../core/identity.ts';
import type { AppleAnswer, AppleCheck } from '../core/ports.ts';
import type { Verdict } from '../core/reasons.ts';
import { type Answer, type AppleRecord, type FleetState, NEVER_ASKED, type TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { DAY, MINUTE, SECOND } from '../core/time.ts';
import type { Course } from './course.ts';
import { mint } from './mint.ts';

/**
 * How many questions about deployed secrets may be under way or wait for their turn. A pass that finds more leaves its
 * own for later: at one question a second, more would hold up the sweep of a large fleet, and fewer would leave the turns
 * unused. Targets not asked about for two days go first, and a rejection is never left, of the secret or of another one
 * of its key: by then it is not known whose logins fail.
 */
const MOST_WAITING = { fresh: 2, old: 4 } as const;
const OLD_MS = 2 * DAY;
/**
 * How far apart the targets are woken whose questions were left: a little more than Apple is given. A sweep of many lanes
 * takes seconds, in which few questions are asked, and by the next tick the others would be as late again.
 */
const LEFT_APART_MS = 1.1 * SECOND;
/** How often Apple is asked about a key that contradicts what is known. */
const CONFLICT_MS = DAY;

/** Candidates that several passes share, by identity: Apple then has to be asked about each of them only once. */
export type SharedCandidates = Map<string, Promise<MintedSecret>>;

/** What Apple was asked in this pass, by subject. */
export class AppleTalk {
  readonly #shared: SharedCandidates | undefined;
  /** Undefined: none was needed yet. */
  candidate: MintedSecret | undefined;
  #identity: string | undefined;
  readonly verdicts: { candidate: Verdict; deployed: Verdict } = { candidate: 'not-asked', deployed: 'not-asked' };
  /** Why the candidate's verdict is what it is; null: it was not asked about in this pass. */
  detail: CallTrouble | null = null;

  constructor(shared?: SharedCandidates) {
    this.#shared = shared;
  }

  /** The candidate of this pass, minted when it is first needed, and anew where the key source has another identity. */
  async mint(course: Course, snapshot: Snapshot): Promise<MintedSecret> {
    const identity = identityId(snapshot.key);
    if (this.candidate === undefined || this.#identity !== identity) {
      const minting = this.#shared?.get(identity) ?? mint(course, snapshot);
      this.#shared?.set(identity, minting);
      this.candidate = await minting;
      this.#identity = identity;
      this.verdicts.candidate = 'not-asked';
      this.detail = null;
    }
    return this.candidate;
  }
}

/** What a pass learns from answers. */
type Learnt = Partial<Pick<TargetState, 'apple' | 'proven' | 'unproven'>>;

interface Asked {
  readonly subject: 'deployed' | 'candidate';
  readonly answer: AppleAnswer;
  readonly identity: string | null;
  readonly fingerprint: string;
  /** Of the key that signed it, as far as it says. */
  readonly key: string | null;
}

/** Asks about the deployed secret if that is due, and about a candidate where the deployed one is rejected. */
export async function askAboutDeployed(course: Course, snapshot: Snapshot, talk: AppleTalk): Promise<Learnt> {
  if (!mayAsk(course)) return {};
  const { deployed, state, clock } = snapshot;
  const subject = state.apple.deployed;
  const key =
    deployed.teamId === null || deployed.keyId === null
      ? null
      : keyName({ teamId: deployed.teamId, keyId: deployed.keyId });
  const record = await recordOf(course);
  const isDue =
    questionDue(
      state.key,
      subject,
      // A secret that shows is asked about itself, whatever is known of its identity.
      { identity: deployed.from === 'read' ? null : deployed.identity, fingerprint: deployed.fingerprint, key },
      record,
      clock.now,
    ) ||
    (state.unproven !== null && clock.now >= nextQuestionAt(subject, clock.now));
  if (!isDue || !canBeShown(snapshot)) return {};
  const ofKey = key === null ? undefined : record.keys[key];
  const wasRejected = subject.answer?.verdict === 'rejected' || (ofKey?.rejectedAt ?? 0) > (subject.askedAt ?? 0);
  const isFresh = within(subject.askedAt, clock.now, OLD_MS);
  const most = wasRejected ? undefined : MOST_WAITING[isFresh ? 'fresh' : 'old'];
  return inTurn(course, most, async () => {
    if (deployed.from === 'record') return askCandidate(course, snapshot, talk);
    const asked = await ask(course, snapshot, talk, 'deployed');
    const isRejection = asked.answer.verdict === 'rejected';
    const isAlike =
      isRejection && isRejectedAlike(state.apple.candidate, asked.identity, identityId(snapshot.key), course.now);
    const others = isRejection && !isAlike ? [await ask(course, snapshot, talk, 'candidate')] : [];
    return learntFrom(course, snapshot, [asked, ...others]);
  });
}

/** What Apple says about the candidate, asked now unless that is known well enough. */
export async function candidateVerdict(
  course: Course,
  snapshot: Snapshot,
  talk: AppleTalk,
): Promise<{ readonly verdict: CandidateVerdict; readonly learnt: Learnt }> {
  await talk.mint(course, snapshot);
  if (!mayAsk(course)) return { verdict: 'not-asked', learnt: {} };
  const { apple, retry } = course.state;
  let learnt: Learnt = {};
  const identity = identityId(snapshot.key);
  if (talk.verdicts.candidate === 'not-asked') {
    const { answer } = apple.candidate;
    const isRetry = retry.failures > 0 && isReusable(apple, identity, course.now);
    const isRejection = answer?.verdict === 'rejected' && answer.identity === identity;
    if (isRetry || (isRejection && course.now < nextQuestionAt(apple.candidate, course.now))) {
      course.step({ step: 'answer-reused' });
      talk.verdicts.candidate = answer?.verdict ?? 'unknown';
    } else learnt = await askCandidate(course, snapshot, talk);
  }
  const { answer } = (learnt.apple ?? apple).candidate;
  return { verdict: classify(talk.verdicts.candidate, answer, identity), learnt };
}

/** Asks now about a candidate, and about the deployed secret where it shows, however lately that was done. */
export async function askNow(
  course: Course,
  snapshot: Snapshot,
  talk: AppleTalk,
  alsoDeployed: boolean,
): Promise<{ readonly verdict: CandidateVerdict; readonly learnt: Learnt }> {
  if (!mayAsk(course)) return { verdict: 'not-asked', learnt: {} };
  const candidate = await ask(course, snapshot, talk, 'candidate');
  const isShown = snapshot.deployed.from === 'read' && canBeShown(snapshot);
  const others = alsoDeployed && isShown ? [await ask(course, snapshot, talk, 'deployed')] : [];
  const learnt = await learntFrom(course, snapshot, [candidate, ...others]);
  const answer = learnt.apple?.candidate.answer ?? null;
  return { verdict: classify(talk.verdicts.candidate, answer, identityId(snapshot.key)), learnt };
}

/** Asks once a day about a key that contradicts what is known; what still contradicts it then. */
export async function settleKeyConflict(
  course: Course,
  snapshot: Snapshot,
  talk: AppleTalk,
): Promise<{ readonly conflict: KeyConflict | undefined; readonly learnt: Learnt }> {
  const { key } = snapshot;
  const conflict = keyConflict((await course.tools.journal.fleet()).keys, key);
  if (conflict === undefined || !mayAsk(course)) return { conflict, learnt: {} };
  const { askedAt, answer } = course.state.apple.candidate;
  const isKnown = answer === null || answer.identity === identityId(key);
  if (isKnown && within(askedAt, course.now, CONFLICT_MS)) return { conflict, learnt: {} };
  const learnt = await askCandidate(course, snapshot, talk);
  return { conflict: keyConflict((await course.tools.journal.fleet()).keys, key), learnt };
}

/** The error of a pass that rotates nothing although Apple rejects what is deployed; undefined: it does not. */
export async function rejectionOf(course: Course): Promise<RotatorError | undefined> {
  const {
    deployed,
    apple: {
      deployed: { answer },
    },
  } = course.state;
  if (answer?.verdict !== 'rejected' || deployed === null || isRejected(answer)) return undefined;
  if (answer.fingerprint !== deployed.fingerprint && answer.identity !== deployed.identity) return undefined;
  if (answer.counts) return new RotatorError('ERR_APPLE_REJECTED_ONCE', { of: 'deployed', detail: null });
  if (!rejectsAll(await recordOf(course))) return undefined;
  return new RotatorError('ERR_APPLE_REJECTED', { of: 'everybody', detail: null });
}

function mayAsk({ target, request }: Course): boolean {
  return target.appleCheck !== 'off' && !request.waiveAppleCheck;
}

/** A readable secret that is not certainly useless, or one that our record stands in for and that the key can make again. */
function canBeShown({ deployed, key, clock }: Snapshot): boolean {
  if (deployed.from === 'record') return deployed.identity === identityId(key);
  return deployed.from === 'read' && !isUseless(deployed, trueNow(clock));
}

async function askCandidate(course: Course, snapshot: Snapshot, talk: AppleTalk): Promise<Learnt> {
  const asked = await ask(course, snapshot, talk, 'candidate');
  const { deployed } = snapshot;
  const isOther = deployed.from === 'read' && talk.verdicts.deployed === 'not-asked' && canBeShown(snapshot);
  const others = asked.answer.verdict === 'rejected' && isOther ? [await ask(course, snapshot, talk, 'deployed')] : [];
  return learntFrom(course, snapshot, [asked, ...others]);
}

async function ask(course: Course, snapshot: Snapshot, talk: AppleTalk, subject: Asked['subject']): Promise<Asked> {
  const { key, deployed } = snapshot;
  const isDeployed = subject === 'deployed';
  const jwt = isDeployed ? (deployed.shown.text ?? '') : (await talk.mint(course, snapshot)).jwt;
  const clientId = isDeployed ? (deployed.clientId ?? key.clientId) : key.clientId;
  const isNew = !isDeployed && course.state.proven[identityId(key)] === undefined;
  await askControl(course, clientId, jwt, isNew);
  const answer = await put(course, { asked: subject, clientId, jwt });
  talk.verdicts[subject] = answer.verdict;
  if (!isDeployed) talk.detail = answer.detail;
  const ids = isDeployed ? deployed : key;
  return {
    subject,
    answer,
    identity: isDeployed ? deployed.identity : identityId(key),
    fingerprint: fingerprint(jwt),
    key: ids.teamId === null || ids.keyId === null ? null : keyName({ teamId: ids.teamId, keyId: ids.keyId }),
  };
}

async function put(
  course: Course,
  {
    asked,
    clientId,
    jwt,
  }: { readonly asked: Asked['subject'] | 'control'; readonly clientId: string; readonly jwt: string },
): Promise<AppleAnswer> {
  const answer = await course.tools.apple.ask({ clientId, clientSecret: jwt, signal: course.signal });
  course.step({ step: 'apple-answered', asked, ...answer });
  return answer;
}

/** What answers of a pass add, acceptances first: a rejection counts if something real was accepted beside it. */
async function learntFrom(course: Course, { key, deployed }: Snapshot, asked: readonly Asked[]): Promise<Learnt> {
  const at = course.now;
  let { apple, proven, unproven } = course.state;
  const ofKey = identityId(key);
  const inOrder = [...asked].sort((a, b) => rank(a) - rank(b));
  for (const {
    subject,
    answer: { verdict },
    identity,
    fingerprint: print,
    key: name,
  } of inOrder) {
    const acceptedBefore = apple.acceptedSecret === print || (identity !== null && proven[identity] !== undefined);
    let counts = false;
    await updateRecord(course, (record, fleet) => {
      counts = verdict !== 'unknown' && countsNow(verdict, record, acceptedBefore, at);
      const isOfKey = verdict === 'accepted' && counts && identity === ofKey;
      const keys = isOfKey ? withAcceptedKey(fleet.keys, key) : fleet.keys;
      return { record: afterReal(record, { verdict, counts, key: name }, at), keys };
    });
    const fresh = { at, verdict, counts, identity, fingerprint: print };
    // Of a hidden secret only its identity can be asked about, which is the candidate's.
    const isProof = subject === 'deployed' && verdict === 'accepted' && counts;
    const isBoth = subject === 'candidate' && deployed.from === 'record' && deployed.identity === identity;
    const isAlike =
      subject === 'deployed' && verdict === 'rejected' && isRejectedAlike(apple.candidate, identity, ofKey, at);
    proven = provenAfter(proven, fresh);
    apple = {
      deployed: subject === 'deployed' || isBoth ? subjectAfter(apple.deployed, fresh) : apple.deployed,
      candidate: subject === 'candidate' || isAlike ? subjectAfter(apple.candidate, fresh) : apple.candidate,
      acceptedSecret: isProof ? print : apple.acceptedSecret,
    };
    if (isProof && unproven === print) unproven = null;
  }
  return { apple, proven, unproven };
}

function rank({ answer: { verdict } }: Asked): number {
  return verdict === 'accepted' ? 0 : 1;
}

function classify(verdict: Verdict, answer: Answer | null, identity: string): CandidateVerdict {
  // An acceptance that does not count leaves an earlier rejection in its place.
  if (answer?.identity !== identity || answer.verdict !== verdict) return 'unknown';
  if (verdict === 'accepted') return answer.counts ? 'accepted' : 'unknown';
  if (!answer.counts) return 'rejected-uncounted';
  return isRejected(answer) ? 'rejected' : 'rejected-once';
}

// ---- what Apple said to all targets together

async function recordOf({ tools: { journal, apple } }: Course): Promise<AppleRecord> {
  return (await journal.fleet()).apple[apple.tokenUrl] ?? NOTHING_SAID;
}

async function updateRecord(
  course: Course,
  change: (record: AppleRecord, fleet: FleetState) => { record: AppleRecord; keys?: FleetState['keys'] },
): Promise<void> {
  const { journal, apple } = course.tools;
  await journal.updateFleet((fleet) => {
    const { record, keys = fleet.keys } = change(fleet.apple[apple.tokenUrl] ?? NOTHING_SAID, fleet);
    return { ...fleet, keys, apple: { ...fleet.apple, [apple.tokenUrl]: record } };
  });
}

/** Controls under way: passes that need the answer at the same time share one question. */
const controls = new WeakMap<AppleCheck, Promise<void>>();
/** When a control last got no clear answer, on the monotonic clock: while Apple is away one question a pass is enough. */
const unanswered = new WeakMap<AppleCheck, number>();
const AGAIN_MS = MINUTE;
/** How old a control may be before an identity that was never accepted: an endpoint can begin to accept everything. */
const NEW_MS = 5 * MINUTE;

/**
 * Twice a day, and before an identity that was never accepted: `jwt`, signed with a throwaway key instead, must be
 * rejected.
 */
async function askControl(course: Course, clientId: string, jwt: string, isNew: boolean): Promise<void> {
  const { apple } = course.tools;
  const underWay = controls.get(apple);
  if (underWay !== undefined) return underWay.catch(() => undefined);
  const asking = (async () => {
    const isLate = course.tools.clock.monotonic() - (unanswered.get(apple) ?? Number.NEGATIVE_INFINITY) >= AGAIN_MS;
    const record = await recordOf(course);
    const isFresh = !isNew || within(record.controlAskedAt, course.now, NEW_MS);
    if (!isLate || (isFresh && !controlDue(record, course.now))) return;
    const { verdict } = await put(course, { asked: 'control', clientId, jwt: await throwawayControl(jwt) });
    if (verdict === 'unknown') unanswered.set(apple, course.tools.clock.monotonic());
    await updateRecord(course, (record) => ({ record: afterControl(record, verdict, course.now) }));
  })();
  controls.set(apple, asking);
  try {
    await asking;
  } finally {
    controls.delete(apple);
  }
}

/** Questions about deployed secrets under way or waiting. */
const waiting = new WeakMap<AppleCheck, number>();

/** When the last of the targets is woken whose questions were left. */
const wokenLast = new WeakMap<AppleCheck, number>();

/** Does the work unless `most` of its kind wait already, and else leaves it for later; undefined: there is no limit. */
async function inTurn(course: Course, most: number | undefined, work: () => Promise<Learnt>): Promise<Learnt> {
  const { apple } = course.tools;
  const many = waiting.get(apple) ?? 0;
  if (most !== undefined && many >= most) {
    course.leaveQuestion(wakeForQuestion(course));
    return {};
  }
  waiting.set(apple, many + 1);
  try {
    return await work();
  } finally {
    waiting.set(apple, (waiting.get(apple) ?? 1) - 1);
  }
}

/** The instant that the target has been given already, which a tick must not put off; else the next one that is free. */
function wakeForQuestion({ tools: { apple }, state: { wakeAt }, now }: Course): number {
  const isAhead = (at: number) => at > now && at <= now + DAY;
  if (wakeAt !== null && isAhead(wakeAt)) return wakeAt;
  const last = wokenLast.get(apple) ?? now;
  const next = (isAhead(last) ? last : now) + LEFT_APART_MS;
  wokenLast.set(apple, next);
  return next;
}

/** The state after a write: what Apple said about the candidate is about the deployed secret from now on. */
export function asDeployed({ apple }: TargetState, candidate: MintedSecret): TargetState['apple'] {
  const { answer } = apple.candidate;
  const isOfCandidate = answer?.fingerprint === candidate.fingerprint;
  return {
    ...apple,
    deployed: isOfCandidate ? apple.candidate : NEVER_ASKED,
    acceptedSecret: isOfCandidate && answer?.verdict === 'accepted' && answer.counts ? candidate.fingerprint : null,
  };
}
