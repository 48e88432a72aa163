// What Apple's verdicts permit. Nobody is sure that Apple's token endpoint tells good secrets from bad ones, so the gate
// compares answers, keeps a calibration, and stays safe if the answers mean nothing.

import { createHash } from 'node:crypto';
import type { CallTrouble } from './error-troubles.ts';
import { type ErrorCode, RotatorError } from './errors.ts';
import type { KeyMaterial } from './key-material.ts';
import type { Verdict } from './reasons.ts';
import type { AppleAsked, Calibration, DeployedRecord } from './records.ts';
import { steadyFraction, within } from './schedule.ts';
import { DAY, MINUTE } from './time.ts';

export const UNCALIBRATED: Calibration = {
  controlAskedAt: null,
  controlRejectedAt: null,
  oursAcceptedAt: null,
  firstAskedAt: null,
  answeredAt: null,
};

/**
 * How long the acceptance of a key is used again. With less, each retry of a rotation would ask; with more, a key that
 * has been revoked since could still be pushed.
 */
export const ACCEPTANCE_MS = DAY;
/** How long an answer calibrates. It is renewed daily, so a week bridges an outage of Apple and a few stops of ours. */
const CALIBRATION_MS = 7 * DAY;

/** Blind unless Apple, within 7 days, both rejected a control and accepted a secret of ours. */
export function isBlind(calibration: Calibration, now: number): boolean {
  return (
    !within(calibration.controlRejectedAt, now, CALIBRATION_MS) ||
    !within(calibration.oursAcceptedAt, now, CALIBRATION_MS)
  );
}

/** A control goes out once a day. */
export function controlDue(calibration: Calibration, now: number): boolean {
  return !within(calibration.controlAskedAt, now, DAY);
}

/**
 * After a rejection or no clear answer, the question is put again at the next hourly tick. Ticks come a few minutes early
 * or late: a full hour would skip every second one, and much less would ask several times an hour.
 */
const ASK_AGAIN_MS = 50 * MINUTE;

/** True if an answer is about the secret that is deployed now, or about its key if that is all that can be asked. */
export function isAbout({ asked, keyId, fingerprint }: AppleAsked, deployed: Identified): boolean {
  if (keyId !== deployed.keyId) return false;
  return asked === 'same-key' || fingerprint === deployed.fingerprint;
}

type Identified = Pick<DeployedRecord, 'keyId' | 'fingerprint'>;

/**
 * Whether Apple is to be asked about what is deployed. At once if it was never asked about this secret. Else once a day
 * at a steady time of the target's own, so that the questions of a fleet spread over the day; the first two lie between
 * half a day and a day and a half apart. After a rejection or no clear answer, again after an hour. An instant in the
 * future was written by a wrong clock and counts as never.
 */
export function questionDue(targetKey: string, last: AppleAsked | null, deployed: Identified, now: number): boolean {
  if (last === null || last.at > now || !isAbout(last, deployed)) return true;
  if (last.verdict !== 'accepted') return now - last.at >= ASK_AGAIN_MS;
  const offset = steadyFraction(`apple ${targetKey}`) * DAY;
  const latestTurn = Math.floor((now - offset) / DAY) * DAY + offset;
  return latestTurn - last.at >= DAY / 2;
}

/** What is kept after another answer. No clear answer leaves a rejection of the same key standing, with the new time. */
export function askedAfter(last: AppleAsked | null, fresh: AppleAsked): AppleAsked {
  const stands = fresh.verdict === 'unknown' && last?.verdict === 'rejected' && last.keyId === fresh.keyId;
  return stands ? { ...last, at: fresh.at } : fresh;
}

/** The calibration after Apple answered a question at `now`. */
export function answered(calibration: Calibration, verdict: AppleAsked['verdict'], now: number): Calibration {
  const { firstAskedAt, answeredAt } = calibration;
  return {
    ...calibration,
    firstAskedAt: firstAskedAt === null || firstAskedAt > now ? now : firstAskedAt,
    answeredAt: verdict === 'unknown' ? answeredAt : now,
  };
}

/** Names an identity: a key and everything else that Apple's answer depends on. */
export function acceptanceId({ teamId, clientId, keyId, thumbprint }: KeyMaterial): string {
  return createHash('sha256').update([teamId, clientId, keyId, thumbprint].join('|')).digest('hex');
}

/** What would be replaced, as far as the gate needs to know. */
export type Predecessor =
  | 'absent'
  /** Nothing shows, and this journal has never seen how the provider shows a secret: it may hide one. */
  | 'hidden-or-absent'
  | 'expired'
  | 'readable'
  | 'unreadable';

export interface GateQuestion {
  readonly mode: 'compare' | 'require' | 'off';
  /** `once --no-apple-check`. */
  readonly waived: boolean;
  readonly candidate: Verdict;
  readonly deployed: Verdict;
  readonly predecessor: Predecessor;
  readonly blind: boolean;
  /** The key signed the deployed secret, or Apple accepted it for this target before. */
  readonly keyProven: boolean;
  readonly emergency: boolean;
  /** The key id is known with another public key: only Apple's acceptance proves the new one. */
  readonly needsAcceptance: boolean;
  /** Why the candidate's verdict is what it is; null where Apple was not asked now. */
  readonly detail: CallTrouble | null;
}

export type GateAnswer =
  | { readonly go: true }
  | { readonly go: false; readonly outcome: 'blocked' | 'failed'; readonly error: RotatorError };

const GO: GateAnswer = { go: true };

/** Decides whether the candidate may be pushed. `blocked`: Apple objects. `failed`: not now, it is tried again. */
export function gate(question: GateQuestion): GateAnswer {
  const { mode, candidate, deployed, predecessor } = question;
  if (question.needsAcceptance && (candidate !== 'accepted' || question.waived))
    return stop('ERR_KEY_BINDING', question);
  // Nobody knows what would be replaced, so only a secret that Apple accepts is known to be as good.
  if (predecessor === 'hidden-or-absent' && !question.waived && candidate !== 'accepted')
    return stop(WITHOUT_PROOF[candidate], question);
  if (mode === 'off' || question.waived || candidate === 'accepted') return GO;
  const gone = predecessor === 'absent' || predecessor === 'expired';
  if (mode === 'require') {
    if (candidate === 'rejected') return stop('ERR_APPLE_REJECTED', question);
    return gone ? GO : stop('ERR_APPLE_UNKNOWN', question);
  }
  const nothingToLose = gone || deployed === 'rejected';
  if (nothingToLose) return GO;
  // While the check is blind, a rejection means no more than "unknown". It still blocks over a secret that cannot be
  // read, because that one could not be put back.
  if (candidate === 'rejected' && (!question.blind || predecessor === 'unreadable')) {
    return stop('ERR_APPLE_REJECTED', question);
  }
  return question.keyProven || question.emergency ? GO : stop('ERR_APPLE_UNKNOWN', question);
}

/** Why a candidate with this verdict may not replace a secret that may be hidden. */
const WITHOUT_PROOF = {
  rejected: 'ERR_APPLE_REJECTED',
  unknown: 'ERR_APPLE_UNKNOWN',
  'not-asked': 'ERR_ADOPTION_REQUIRED',
} as const satisfies Record<Exclude<Verdict, 'accepted'>, ErrorCode>;

function stop(code: keyof typeof STOPS, question: GateQuestion): GateAnswer {
  return STOPS[code](question);
}

const STOPS = {
  ERR_APPLE_REJECTED: ({ detail }: GateQuestion): GateAnswer => ({
    go: false,
    outcome: 'blocked',
    error: new RotatorError('ERR_APPLE_REJECTED', { detail }),
  }),
  ERR_APPLE_UNKNOWN: ({ detail, mode }: GateQuestion): GateAnswer => ({
    go: false,
    outcome: 'failed',
    error:
      detail?.trouble === 'certificate'
        ? new RotatorError('ERR_CERTIFICATE', { call: 'apple.tokenUrl', code: detail.code })
        : new RotatorError('ERR_APPLE_UNKNOWN', { problem: mode === 'require' ? 'require' : 'not-proven', detail }),
  }),
  ERR_KEY_BINDING: ({ detail, waived }: GateQuestion): GateAnswer => ({
    go: false,
    outcome: 'failed',
    error: new RotatorError('ERR_KEY_BINDING', { detail: waived ? null : detail }),
  }),
  ERR_ADOPTION_REQUIRED: (): GateAnswer => ({
    go: false,
    outcome: 'blocked',
    error: new RotatorError('ERR_ADOPTION_REQUIRED', { problem: 'hidden' }),
  }),
} satisfies Partial<Record<ErrorCode, (question: GateQuestion) => GateAnswer>>;
