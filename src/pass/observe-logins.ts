// The login check: once a day, and after a rotation, CloudBase's public login interface is asked. One thing is recognised,
// Apple's `invalid_client`; it is never a reason to write, and never holds up a rotation.
import type { CallTrouble } from '../core/error-troubles.ts';
import { SEEN_TWICE_MS } from '../core/logins.ts';
import type { Proof, TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { DAY, HOUR } from '../core/time.ts';
import type { Course } from './course.ts';

interface Observed {
  readonly verdict: Proof['loginCheck'];
  /** Why; null: it was not asked. */
  readonly detail: CallTrouble | null;
  readonly learnt: Partial<Pick<TargetState, 'loginCheck'>>;
}

/** Asks if that is due, or at once after a rotation. */
export async function observeLogins(course: Course, isAfterRotation = false): Promise<Observed> {
  if (!isAfterRotation && !isDue(course.state.loginCheck, course.now)) return NOT_ASKED;
  return askLogins(course, isAfterRotation);
}

const NOT_ASKED: Observed = { verdict: 'not-asked', detail: null, learnt: {} };

/** Asks now, unless the configuration does without. */
export async function askLogins(course: Course, isAfterRotation = false): Promise<Observed> {
  const { target, tools, state, now } = course;
  if (tools.loginCheck === undefined) return NOT_ASKED;
  const { envId, providerId } = target;
  const { verdict, detail } = await tools.loginCheck.ask({ envId, providerId, signal: course.signal });
  course.step({ step: 'login-checked', verdict, detail });
  // What it said about the secret before says nothing about this one.
  const earlier = isAfterRotation ? null : state.loginCheck;
  const since = earlier?.verdict === 'rejected' ? earlier.rejectedSince : null;
  const rejectedSince = verdict === 'rejected' ? Math.min(since ?? now, now) : null;
  return { verdict, detail, learnt: { loginCheck: { at: now, verdict, rejectedSince } } };
}

/** Once a day; after a first rejection in 5 minutes, after a second one hourly. */
function isDue(last: TargetState['loginCheck'], now: number): boolean {
  if (last === null || last.at > now) return true;
  const isFirst = last.at === last.rejectedSince;
  return !within(last.at, now, last.verdict === 'unknown' ? DAY : isFirst ? SEEN_TWICE_MS : HOUR);
}
