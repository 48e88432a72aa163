// Step 5: what Apple says of the candidate and of the deployed secret, the daily question of a pass that rotates
// nothing, and the calibration that tells whether the answers mean anything. Asked seldom: an acceptance of a key is
// reused for a day, a control goes out once a day.
import {
  ACCEPTANCE_MS,
  acceptanceId,
  answered,
  askedAfter,
  controlDue,
  type GateQuestion,
  isAbout,
  isBlind,
  type Predecessor,
  questionDue,
  UNCALIBRATED,
} from '../core/apple-gate.ts';
import { type MintedSecret, mintClientSecret, throwawayControl } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { type Deployed, isExpired, isMissing } from '../core/deployed.ts';
import type { AppleAnswer, AppleCheck } from '../core/ports.ts';
import type { Verdict } from '../core/reasons.ts';
import type { AppleAsked, Calibration, TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { DAY, HOUR } from '../core/time.ts';
import type { Course } from './course.ts';

interface Answers {
  readonly candidate: Verdict;
  readonly deployed: Verdict;
  readonly detail: string;
}

/** Asks what has to be asked, notes it in the target's state and the calibration, and puts it as the gate's question. */
export async function askApple(
  course: Course,
  snapshot: Snapshot,
  candidate: MintedSecret,
  needsAcceptance: boolean,
): Promise<GateQuestion> {
  const { target, request, tools } = course;
  const { key, deployed, now } = snapshot;
  const answers = await verdicts(course, snapshot, candidate);
  const calibration = (await tools.journal.fleet()).apple[tools.apple.tokenUrl] ?? UNCALIBRATED;
  const blind = isBlind(calibration, now);
  course.deployedRejected = answers.deployed === 'rejected' && !blind;
  return {
    mode: target.appleCheck,
    waived: request.waiveAppleCheck,
    ...answers,
    predecessor: predecessorOf(snapshot),
    blind,
    keyProven: deployed.signedByOurKey === true || course.state.acceptedKeys[acceptanceId(key)] !== undefined,
    emergency: course.emergency,
    needsAcceptance,
  };
}

async function verdicts(course: Course, snapshot: Snapshot, candidate: MintedSecret): Promise<Answers> {
  const { key, deployed, now } = snapshot;
  const silent = { candidate: 'not-asked', deployed: 'not-asked' } as const;
  if (course.target.appleCheck === 'off') return { ...silent, detail: 'apple.check is off' };
  if (course.request.waiveAppleCheck) return { ...silent, detail: 'waived by --no-apple-check' };
  const id = acceptanceId(key);
  const acceptedAt = course.state.acceptedKeys[id];
  if (acceptedAt !== undefined && within(acceptedAt, now, ACCEPTANCE_MS)) {
    course.step({ step: 'acceptance-reused' });
    course.candidateAsked = sameKey({ at: acceptedAt, verdict: 'accepted', keyId: key.keyId, fingerprint: null });
    return { candidate: 'accepted', deployed: 'not-asked', detail: 'accepted within the last 24 h' };
  }
  await calibrate(course, key.clientId, candidate.jwt, now);
  const first = await ask(course, key.clientId, candidate.jwt);
  course.step({ step: 'apple-answered', asked: 'candidate', ...first });
  const accepted = { ...course.state.acceptedKeys };
  if (first.verdict === 'accepted') accepted[id] = now;
  if (first.verdict === 'rejected') delete accepted[id];
  course.state = { ...course.state, acceptedKeys: accepted };
  const { keyId } = key;
  const ofCandidate = { at: now, verdict: first.verdict, keyId, fingerprint: candidate.fingerprint };
  course.candidateAsked = { ...ofCandidate, asked: 'deployed' };
  if (isHiddenOfKey(snapshot)) noteAsked(course, sameKey(ofCandidate));
  let second: Verdict = 'not-asked';
  if (deployed.knownFrom === 'read' && deployed.shown.text !== null && !isExpired(deployed, now)) {
    const answer = await ask(course, deployed.clientId ?? key.clientId, deployed.shown.text);
    course.step({ step: 'apple-answered', asked: 'deployed', ...answer });
    second = answer.verdict;
    noteAsked(course, asDeployed(deployed, answer.verdict, now));
  }
  const oursAccepted = first.verdict === 'accepted' || (second === 'accepted' && deployed.signedByOurKey === true);
  if (oursAccepted) await note(course, { oursAcceptedAt: now });
  return { candidate: first.verdict, deployed: second, detail: first.detail };
}

/** A fresh secret that is shown to Apple in place of a hidden one is never pushed, and lives for so long. */
const STAND_IN_MS = HOUR;
/** Where the clock is off by more, Apple's answer to a fresh secret would be an answer about the clock. */
const LARGEST_SKEW_MS = 60_000;
/**
 * So many daily questions may be under way or wait for their turn; a pass that finds more leaves its own for the next
 * tick, so that the questions of a large fleet do not hold up its sweep. Those not asked for two days go first.
 */
const MOST_WAITING = { fresh: 2, old: 4 } as const;
const OLD_MS = 2 * DAY;

/** Daily questions under way or waiting. */
const waiting = new WeakMap<AppleCheck, number>();

/** What is shown to Apple in the daily question. */
interface Shown {
  readonly jwt: string;
  readonly clientId: string;
  readonly ours: boolean;
  readonly asked: (verdict: AppleAsked['verdict'], at: number) => AppleAsked;
}

/**
 * The daily question of a pass that rotates nothing: is the deployed secret still accepted? Where it is hidden and the
 * journal's record stands in, a fresh one of the same key is asked about. Finds a revoked key long before expiry, and
 * keeps the calibration from going stale between rotations. Decides nothing.
 */
export async function askDaily(course: Course, snapshot: Snapshot): Promise<void> {
  const { target, request, state, tools } = course;
  const { deployed, now } = snapshot;
  if (target.appleCheck === 'off' || request.waiveAppleCheck) return;
  if (!questionDue(target.key, state.appleAsked, deployed, now)) return;
  const many = waiting.get(tools.apple) ?? 0;
  const last = state.appleAsked;
  const isFresh = last !== null && isAbout(last, deployed) && within(last.at, now, OLD_MS);
  if (many >= MOST_WAITING[isFresh ? 'fresh' : 'old']) return;
  waiting.set(tools.apple, many + 1);
  try {
    const shown = await dailySecret(course, snapshot);
    if (shown !== undefined) await askAbout(course, shown, now);
  } finally {
    waiting.set(tools.apple, (waiting.get(tools.apple) ?? 1) - 1);
  }
}

async function askAbout(course: Course, { jwt, clientId, ours, asked }: Shown, now: number): Promise<void> {
  if (ours) await calibrate(course, clientId, jwt, now);
  const { verdict, detail } = await ask(course, clientId, jwt);
  const fresh = asked(verdict, now);
  course.step({ step: 'apple-answered', asked: fresh.asked, verdict, detail });
  noteAsked(course, fresh);
  if (ours && verdict === 'accepted') await note(course, { oursAcceptedAt: now });
}

/** The deployed secret, or a fresh one of its key where it is hidden; undefined where neither can be shown to Apple. */
async function dailySecret(course: Course, snapshot: Snapshot): Promise<Shown | undefined> {
  const { key, deployed, now } = snapshot;
  if (isExpired(deployed, now)) return undefined;
  if (deployed.knownFrom === 'read' && deployed.shown.text !== null) {
    const asked: Shown['asked'] = (verdict, at) => asDeployed(deployed, verdict, at);
    const clientId = deployed.clientId ?? key.clientId;
    return { jwt: deployed.shown.text, clientId, ours: deployed.signedByOurKey === true, asked };
  }
  if (!isHiddenOfKey(snapshot) || Math.abs(course.skewMs ?? 0) > LARGEST_SKEW_MS) return undefined;
  const { jwt, fingerprint } = await mintClientSecret(key, { nowMs: now, lifetimeMs: STAND_IN_MS });
  const asked: Shown['asked'] = (verdict, at) => sameKey({ at, verdict, keyId: key.keyId, fingerprint });
  return { jwt, clientId: key.clientId, ours: true, asked };
}

/** The deployed secret does not show, and is of the key in the key source. */
function isHiddenOfKey({ deployed, key }: Snapshot): boolean {
  const { knownFrom, signedByOurKey, keyId, clientId, teamId } = deployed;
  if (knownFrom !== 'record' || signedByOurKey !== true) return false;
  return keyId === key.keyId && clientId === key.clientId && teamId === key.teamId;
}

function asDeployed({ keyId, fingerprint }: Deployed, verdict: AppleAsked['verdict'], at: number): AppleAsked {
  return { at, verdict, asked: 'deployed', keyId, fingerprint };
}

function sameKey(answer: Omit<AppleAsked, 'asked'>): AppleAsked {
  return { ...answer, asked: 'same-key' };
}

function noteAsked(course: Course, fresh: AppleAsked): void {
  const appleAsked: TargetState['appleAsked'] = askedAfter(course.state.appleAsked, fresh);
  course.state = { ...course.state, appleAsked };
}

/** Controls under way: passes that need the answer at the same time share one question. */
const calibrating = new WeakMap<AppleCheck, Promise<void>>();

/** Once a day: a control signed with a throwaway key must be rejected. */
async function calibrate(course: Course, clientId: string, candidate: string, now: number): Promise<void> {
  const { apple } = course.tools;
  const underWay = calibrating.get(apple);
  if (underWay !== undefined) return underWay.catch(() => undefined);
  const asking = askControl(course, clientId, candidate, now);
  calibrating.set(apple, asking);
  try {
    await asking;
  } finally {
    calibrating.delete(apple);
  }
}

async function askControl(course: Course, clientId: string, candidate: string, now: number): Promise<void> {
  const { journal, apple } = course.tools;
  const calibration = (await journal.fleet()).apple[apple.tokenUrl] ?? UNCALIBRATED;
  if (!controlDue(calibration, now)) return;
  const { verdict, detail } = await ask(course, clientId, await throwawayControl(candidate));
  course.step({ step: 'apple-answered', asked: 'control', verdict, detail });
  // No answer: the control stays due, so that the first answers after an outage are calibrated.
  if (verdict !== 'unknown')
    await note(course, { controlAskedAt: now, controlRejectedAt: verdict === 'rejected' ? now : null });
}

/** One question; every answer is noted in the calibration. */
async function ask(course: Course, clientId: string, clientSecret: string): Promise<AppleAnswer> {
  const answer = await course.tools.apple.ask({ clientId, clientSecret, signal: course.signal });
  await course.renewLease();
  await updateCalibration(course, (calibration) => answered(calibration, answer.verdict, course.now));
  return answer;
}

function note(course: Course, change: Partial<Calibration>): Promise<void> {
  return updateCalibration(course, (calibration) => ({ ...calibration, ...change }));
}

async function updateCalibration(course: Course, change: (calibration: Calibration) => Calibration): Promise<void> {
  const { journal, apple } = course.tools;
  await journal.updateFleet((fleet) => ({
    ...fleet,
    apple: { ...fleet.apple, [apple.tokenUrl]: change(fleet.apple[apple.tokenUrl] ?? UNCALIBRATED) },
  }));
}

function predecessorOf({ deployed, state, adopt, now }: Snapshot): Predecessor {
  if (isMissing(deployed)) return state.written === null && !adopt ? 'hidden-or-absent' : 'absent';
  if (isExpired(deployed, now)) return 'expired';
  return deployed.knownFrom === 'read' ? 'readable' : 'unreadable';
}
