// One question to Apple, and the control that shows whether its answers mean anything. What Apple said is kept in the
// journal for all targets together, because the answers of one token URL are as good for one target as for another.
import { answered, controlDue, UNCALIBRATED } from '../core/apple-gate.ts';
import { throwawayControl } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import type { Deployed } from '../core/deployed.ts';
import type { AppleAnswer, AppleCheck } from '../core/ports.ts';
import type { AppleAsked, Calibration } from '../core/records.ts';
import type { Course } from './course.ts';

/** A client secret that is shown to Apple. */
export interface Question {
  readonly asked: 'candidate' | AppleAsked['asked'] | 'control';
  readonly clientId: string;
  readonly jwt: string;
}

/** Puts one question. Every answer is noted in the calibration, and the lease is extended: the turn may come late. */
export async function ask(course: Course, { asked, clientId, jwt }: Question): Promise<AppleAnswer> {
  const answer = await course.tools.apple.ask({ clientId, clientSecret: jwt, signal: course.signal });
  await course.renewLease();
  await updateCalibration(course, (calibration) => answered(calibration, answer.verdict, course.now));
  course.step({ step: 'apple-answered', asked, ...answer });
  return answer;
}

/** An answer about the deployed secret itself. */
export function asDeployed({ keyId, fingerprint }: Deployed, verdict: AppleAsked['verdict'], at: number): AppleAsked {
  return { at, verdict, asked: 'deployed', keyId, fingerprint };
}

/** The deployed secret does not show, and is of the key in the key source: an answer about that key is about it. */
export function isHiddenOfKey({ deployed, key }: Snapshot): boolean {
  const { knownFrom, signedByOurKey, keyId, clientId, teamId } = deployed;
  if (knownFrom !== 'record' || signedByOurKey !== true) return false;
  return keyId === key.keyId && clientId === key.clientId && teamId === key.teamId;
}

export async function calibrationOf({ tools: { journal, apple } }: Course): Promise<Calibration> {
  return (await journal.fleet()).apple[apple.tokenUrl] ?? UNCALIBRATED;
}

export async function noteOursAccepted(course: Course, now: number): Promise<void> {
  await updateCalibration(course, (calibration) => ({ ...calibration, oursAcceptedAt: now }));
}

/** Controls under way: passes that need the answer at the same time share one question. */
const calibrating = new WeakMap<AppleCheck, Promise<void>>();

/** Once a day: `jwt`, signed with a throwaway key instead, must be rejected. */
export async function calibrate(course: Course, clientId: string, jwt: string, now: number): Promise<void> {
  const { apple } = course.tools;
  const underWay = calibrating.get(apple);
  if (underWay !== undefined) return underWay.catch(() => undefined);
  const asking = askControl(course, clientId, jwt, now);
  calibrating.set(apple, asking);
  try {
    await asking;
  } finally {
    calibrating.delete(apple);
  }
}

async function askControl(course: Course, clientId: string, jwt: string, now: number): Promise<void> {
  if (!controlDue(await calibrationOf(course), now)) return;
  const { verdict } = await ask(course, { asked: 'control', clientId, jwt: await throwawayControl(jwt) });
  // Without a clear answer the control stays due, so that the first answers after an outage are calibrated.
  if (verdict === 'unknown') return;
  const controlRejectedAt = verdict === 'rejected' ? now : null;
  await updateCalibration(course, (calibration) => ({ ...calibration, controlAskedAt: now, controlRejectedAt }));
}

async function updateCalibration(course: Course, change: (calibration: Calibration) => Calibration): Promise<void> {
  const { journal, apple } = course.tools;
  await journal.updateFleet((fleet) => ({
    ...fleet,
    apple: { ...fleet.apple, [apple.tokenUrl]: change(fleet.apple[apple.tokenUrl] ?? UNCALIBRATED) },
  }));
}
