// Step 5 of a rotation: what Apple says about the candidate and about the deployed secret, put as the question that the
// gate decides. An acceptance of a key is used again for a day, so that retries do not ask again.
import {
  ACCEPTANCE_MS,
  acceptanceId,
  askedAfter,
  type GateQuestion,
  isBlind,
  type Predecessor,
} from '../core/apple-gate.ts';
import type { MintedSecret } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import { isExpired, isMissing } from '../core/deployed.ts';
import type { AppleAsked } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { asDeployed, ask, calibrate, calibrationOf, isHiddenOfKey, noteOursAccepted } from './apple-answers.ts';
import type { Course } from './course.ts';
import type { AppleOpinion } from './learnt.ts';

/** Asks what has to be asked. */
export async function askApple(
  course: Course,
  snapshot: Snapshot,
  candidate: MintedSecret,
  needsAcceptance: boolean,
): Promise<AppleOpinion> {
  const { target, request } = course;
  const { key, deployed, now } = snapshot;
  const { answers, ofCandidate, learnt } = await opinions(course, snapshot, candidate);
  const blind = isBlind(await calibrationOf(course), now);
  const question: GateQuestion = {
    mode: target.appleCheck,
    waived: request.waiveAppleCheck,
    ...answers,
    predecessor: predecessorOf(snapshot),
    blind,
    keyProven: deployed.signedByOurKey === true || learnt.acceptedKeys[acceptanceId(key)] !== undefined,
    emergency: course.emergency || (answers.deployed === 'rejected' && !blind),
    needsAcceptance,
  };
  return { question, ofCandidate, learnt };
}

interface Opinions extends Omit<AppleOpinion, 'question'> {
  readonly answers: Pick<GateQuestion, 'candidate' | 'deployed' | 'detail'>;
}

async function opinions(course: Course, snapshot: Snapshot, candidate: MintedSecret): Promise<Opinions> {
  const { key, deployed, now } = snapshot;
  const { acceptedKeys, appleAsked } = course.state;
  const unasked: Opinions = {
    answers: { candidate: 'not-asked', deployed: 'not-asked', detail: null },
    ofCandidate: undefined,
    learnt: { acceptedKeys, appleAsked },
  };
  if (course.target.appleCheck === 'off' || course.request.waiveAppleCheck) return unasked;
  const { keyId, clientId } = key;
  const id = acceptanceId(key);
  const acceptedAt = acceptedKeys[id];
  if (acceptedAt !== undefined && within(acceptedAt, now, ACCEPTANCE_MS)) {
    course.step({ step: 'acceptance-reused' });
    return {
      answers: { candidate: 'accepted', deployed: 'not-asked', detail: null },
      ofCandidate: { at: acceptedAt, verdict: 'accepted', asked: 'same-key', keyId, fingerprint: null },
      learnt: unasked.learnt,
    };
  }
  await calibrate(course, clientId, candidate.jwt, now);
  const { verdict, detail } = await ask(course, { asked: 'candidate', clientId, jwt: candidate.jwt });
  const ofCandidate: AppleAsked = { at: now, verdict, asked: 'deployed', keyId, fingerprint: candidate.fingerprint };
  const second = await askAboutDeployed(course, snapshot);
  if (verdict === 'accepted' || (second?.verdict === 'accepted' && deployed.signedByOurKey === true))
    await noteOursAccepted(course, now);
  const accepted = { ...acceptedKeys };
  if (verdict === 'accepted') accepted[id] = now;
  if (verdict === 'rejected') delete accepted[id];
  const ofDeployed = isHiddenOfKey(snapshot) ? ({ ...ofCandidate, asked: 'same-key' } as const) : second;
  return {
    answers: { candidate: verdict, deployed: second?.verdict ?? 'not-asked', detail },
    ofCandidate,
    learnt: {
      acceptedKeys: accepted,
      appleAsked: ofDeployed === undefined ? appleAsked : askedAfter(appleAsked, ofDeployed),
    },
  };
}

/** Undefined if the deployed secret cannot be read, or has expired: Apple rejects it then. */
async function askAboutDeployed(course: Course, { key, deployed, now }: Snapshot): Promise<AppleAsked | undefined> {
  const jwt = deployed.knownFrom === 'read' ? deployed.shown.text : null;
  if (jwt === null || isExpired(deployed, now)) return undefined;
  const { verdict } = await ask(course, { asked: 'deployed', clientId: deployed.clientId ?? key.clientId, jwt });
  return asDeployed(deployed, verdict, now);
}

function predecessorOf({ deployed, state, adopt, now }: Snapshot): Predecessor {
  if (isMissing(deployed)) return state.written === null && !adopt ? 'hidden-or-absent' : 'absent';
  if (isExpired(deployed, now)) return 'expired';
  return deployed.knownFrom === 'read' ? 'readable' : 'unreadable';
}
