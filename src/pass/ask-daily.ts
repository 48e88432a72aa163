// The daily question of a pass that rotates nothing: does Apple still accept the deployed secret? It finds a revoked key
// long before expiry, and keeps the calibration fresh between rotations. It decides nothing.
import { askedAfter, isAbout, questionDue } from '../core/apple-gate.ts';
import { mintClientSecret } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { isExpired } from '../core/deployed.ts';
import type { AppleCheck } from '../core/ports.ts';
import type { AppleAsked, TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { DAY, HOUR } from '../core/time.ts';
import { asDeployed, ask, calibrate, isHiddenOfKey, noteOursAccepted, type Question } from './apple-answers.ts';
import type { Course } from './course.ts';

/** Lifetime of a fresh secret that is shown to Apple in place of a hidden one and never pushed: enough for one question. */
const STAND_IN_MS = HOUR;
/**
 * With a clock that is off by more, Apple's answer to a fresh secret would be about the clock. `iat` is dated back by
 * 300 s, so a smaller limit would only leave questions out.
 */
const LARGEST_SKEW_MS = 60_000;
/**
 * How many daily questions may be under way or wait for their turn. A pass that finds more leaves its own for the next
 * tick: at one question a second, more would hold up the sweep of a large fleet, and fewer would leave the turns
 * unused. Targets not asked about for two days go first.
 */
const MOST_WAITING = { fresh: 2, old: 4 } as const;
const OLD_MS = 2 * DAY;

/** Daily questions under way or waiting. */
const waiting = new WeakMap<AppleCheck, number>();

/** Asks if the question is due; what was learnt, if it was asked. */
export async function askDaily(
  course: Course,
  snapshot: Snapshot,
): Promise<Pick<TargetState, 'appleAsked'> | undefined> {
  const { target, request, tools } = course;
  const { deployed, now, state } = snapshot;
  if (target.appleCheck === 'off' || request.waiveAppleCheck) return undefined;
  const last = state.appleAsked;
  if (!questionDue(target.key, last, deployed, now)) return undefined;
  const many = waiting.get(tools.apple) ?? 0;
  const isFresh = last !== null && isAbout(last, deployed) && within(last.at, now, OLD_MS);
  if (many >= MOST_WAITING[isFresh ? 'fresh' : 'old']) return undefined;
  waiting.set(tools.apple, many + 1);
  try {
    const answer = await askAboutDeployed(course, snapshot);
    return answer && { appleAsked: askedAfter(last, answer) };
  } finally {
    waiting.set(tools.apple, (waiting.get(tools.apple) ?? 1) - 1);
  }
}

/** About the deployed secret, or a fresh one of its key if it is hidden; undefined if neither can be shown to Apple. */
async function askAboutDeployed(course: Course, snapshot: Snapshot): Promise<AppleAsked | undefined> {
  const { key, deployed, now } = snapshot;
  if (isExpired(deployed, now)) return undefined;
  if (deployed.knownFrom === 'read' && deployed.shown.text !== null) {
    const ours = deployed.signedByOurKey === true;
    const clientId = deployed.clientId ?? key.clientId;
    const verdict = await put(course, { asked: 'deployed', clientId, jwt: deployed.shown.text }, ours, now);
    return asDeployed(deployed, verdict, now);
  }
  if (!isHiddenOfKey(snapshot) || Math.abs(course.skewMs ?? 0) > LARGEST_SKEW_MS) return undefined;
  const { keyId, clientId } = key;
  const { jwt, fingerprint } = await mintClientSecret(key, { nowMs: now, lifetimeMs: STAND_IN_MS });
  const verdict = await put(course, { asked: 'same-key', clientId, jwt }, true, now);
  return { at: now, verdict, asked: 'same-key', keyId, fingerprint };
}

async function put(course: Course, question: Question, ours: boolean, now: number): Promise<AppleAsked['verdict']> {
  if (ours) await calibrate(course, question.clientId, question.jwt, now);
  const { verdict } = await ask(course, question);
  if (ours && verdict === 'accepted') await noteOursAccepted(course, now);
  return verdict;
}
