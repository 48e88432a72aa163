// Step 5: what Apple says of the candidate and of the deployed secret, and the calibration that tells whether its
// answers mean anything. Asked seldom: an acceptance of a key is reused for a day, a control goes out once a day.
import {
  ACCEPTANCE_MS,
  acceptanceId,
  controlDue,
  type GateQuestion,
  isBlind,
  type Predecessor,
  UNCALIBRATED,
} from '../core/apple-gate.ts';
import { type MintedSecret, throwawayControl } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { isExpired, isMissing } from '../core/deployed.ts';
import type { Verdict } from '../core/reasons.ts';
import type { Calibration } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import type { AppleAnswer, AppleCheck } from '../ports.ts';
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

async function verdicts(course: Course, { key, deployed, now }: Snapshot, candidate: MintedSecret): Promise<Answers> {
  const silent = { candidate: 'not-asked', deployed: 'not-asked' } as const;
  if (course.target.appleCheck === 'off') return { ...silent, detail: 'apple.check is off' };
  if (course.request.waiveAppleCheck) return { ...silent, detail: 'waived by --no-apple-check' };
  const id = acceptanceId(key);
  if (within(course.state.acceptedKeys[id], now, ACCEPTANCE_MS)) {
    course.step('apple accepted this key within the last 24 h; not asked again');
    return { candidate: 'accepted', deployed: 'not-asked', detail: 'accepted within the last 24 h' };
  }
  await calibrate(course, key.clientId, candidate.jwt, now);
  const first = await ask(course, key.clientId, candidate.jwt);
  course.step(`apple ${first.verdict} the candidate (${first.detail})`);
  const accepted = { ...course.state.acceptedKeys };
  if (first.verdict === 'accepted') accepted[id] = now;
  if (first.verdict === 'rejected') delete accepted[id];
  course.state = { ...course.state, acceptedKeys: accepted };
  let second: Verdict = 'not-asked';
  if (deployed.knownFrom === 'read' && deployed.shown.text !== null && !isExpired(deployed, now)) {
    const answer = await ask(course, deployed.clientId ?? key.clientId, deployed.shown.text);
    course.step(`apple ${answer.verdict} the deployed secret (${answer.detail})`);
    second = answer.verdict;
  }
  const oursAccepted = first.verdict === 'accepted' || (second === 'accepted' && deployed.signedByOurKey === true);
  if (oursAccepted) await note(course, { oursAcceptedAt: now });
  return { candidate: first.verdict, deployed: second, detail: first.detail };
}

/**
 * The daily question of a pass that has nothing to rotate: a control, and the deployed secret if it is ours and can
 * be read. Keeps the calibration from going stale between rotations.
 */
export async function askDaily(course: Course, { key, deployed, now }: Snapshot): Promise<void> {
  const { apple } = course.tools;
  const { text } = deployed.shown;
  if (course.target.appleCheck === 'off' || deployed.signedByOurKey !== true) return;
  if (deployed.knownFrom !== 'read' || text === null || calibrating.has(apple)) return;
  if (!(await calibrate(course, key.clientId, text, now))) return;
  const { verdict } = await ask(course, key.clientId, text);
  if (verdict === 'accepted') await note(course, { oursAcceptedAt: now });
}

/** Controls under way: passes that need the answer at the same time share one question. */
const calibrating = new WeakMap<AppleCheck, Promise<boolean>>();

/** Once a day: a control signed with a throwaway key must be rejected. True if this pass asked. */
async function calibrate(course: Course, clientId: string, candidate: string, now: number): Promise<boolean> {
  const { apple } = course.tools;
  const underWay = calibrating.get(apple);
  if (underWay !== undefined) return underWay.then(alwaysFalse, alwaysFalse);
  const asking = askControl(course, clientId, candidate, now);
  calibrating.set(apple, asking);
  try {
    return await asking;
  } finally {
    calibrating.delete(apple);
  }
}

const alwaysFalse = () => false;

async function askControl(course: Course, clientId: string, candidate: string, now: number): Promise<boolean> {
  const { journal, apple } = course.tools;
  const calibration = (await journal.fleet()).apple[apple.tokenUrl] ?? UNCALIBRATED;
  if (!controlDue(calibration, now)) return false;
  const { verdict, detail } = await ask(course, clientId, await throwawayControl(candidate));
  course.step(`apple ${verdict} the control signed with a throwaway key (${detail})`);
  // No answer: the control stays due, so that the first answers after an outage are calibrated.
  if (verdict !== 'unknown')
    await note(course, { controlAskedAt: now, controlRejectedAt: verdict === 'rejected' ? now : null });
  return true;
}

async function ask(course: Course, clientId: string, clientSecret: string): Promise<AppleAnswer> {
  const answer = await course.tools.apple.ask({ clientId, clientSecret, signal: course.signal });
  await course.renewLease();
  return answer;
}

async function note(course: Course, change: Partial<Calibration>): Promise<void> {
  const { journal, apple } = course.tools;
  await journal.updateFleet((fleet) => ({
    ...fleet,
    apple: { ...fleet.apple, [apple.tokenUrl]: { ...(fleet.apple[apple.tokenUrl] ?? UNCALIBRATED), ...change } },
  }));
}

function predecessorOf({ deployed, state, adopt, now }: Snapshot): Predecessor {
  if (isMissing(deployed)) return state.written === null && !adopt ? 'hidden-or-absent' : 'absent';
  if (isExpired(deployed, now)) return 'expired';
  return deployed.knownFrom === 'read' ? 'readable' : 'unreadable';
}
