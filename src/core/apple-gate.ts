// What Apple's verdicts permit. Whether Apple's token endpoint tells good secrets from bad is disputed, so the
// gate compares, keeps a calibration, and is safe when the answers mean nothing.
import { createHash } from 'node:crypto';
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

/** An acceptance of a key is reused for this long, so that retries do not ask again. */
export const ACCEPTANCE_MS = DAY;
const CALIBRATION_MS = 7 * DAY;

/** Blind: within 7 days not both a throwaway control was rejected and a secret of ours accepted. */
export function isBlind(calibration: Calibration, now: number): boolean {
  return (
    !within(calibration.controlRejectedAt, now, CALIBRATION_MS) ||
    !within(calibration.oursAcceptedAt, now, CALIBRATION_MS)
  );
}

/** A control is asked about once a day. */
export function controlDue(calibration: Calibration, now: number): boolean {
  return !within(calibration.controlAskedAt, now, DAY);
}

/**
 * After an answer that was none, and while Apple rejects, the question is put again at the hourly ticks; they come a
 * few minutes early or late.
 */
const ASK_AGAIN_MS = 50 * MINUTE;

/** True if an answer is about the secret that is deployed now, or about its key where that is all that can be asked. */
export function isAbout({ asked, keyId, fingerprint }: AppleAsked, deployed: Identified): boolean {
  if (keyId !== deployed.keyId) return false;
  return asked === 'same-key' || fingerprint === deployed.fingerprint;
}

type Identified = Pick<DeployedRecord, 'keyId' | 'fingerprint'>;

/**
 * Whether Apple is to be asked about what is deployed: at once if it never was (or about another secret), else once a
 * day at the target's own steady time, so that the questions of a fleet are spread over the day whenever it was
 * adopted; the first two lie between half a day and a day and a half apart. A rejection and no answer are asked about
 * again after an hour. An instant in the future was written by a clock that was wrong, and counts as never.
 */
export function questionDue(targetKey: string, last: AppleAsked | null, deployed: Identified, now: number): boolean {
  if (last === null || last.at > now || !isAbout(last, deployed)) return true;
  if (last.verdict !== 'accepted') return now - last.at >= ASK_AGAIN_MS;
  const offset = steadyFraction(`apple ${targetKey}`) * DAY;
  const latestTurn = Math.floor((now - offset) / DAY) * DAY + offset;
  return latestTurn - last.at >= DAY / 2;
}

/** What is kept after another answer: one that was none does not undo a rejection of the same key, but for its time. */
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

/** Names a key together with everything else that Apple's answer depends on. */
export function acceptanceId({ teamId, clientId, keyId, thumbprint }: KeyMaterial): string {
  return createHash('sha256').update([teamId, clientId, keyId, thumbprint].join('|')).digest('hex');
}

/** What stands to be replaced, as far as the gate cares. */
export type Predecessor =
  | 'absent'
  /** Nothing is shown, and this journal has never seen how the provider shows a secret: there may be a hidden one. */
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
  /** The key id is known with another public key: only an acceptance by Apple settles which is right. */
  readonly needsAcceptance: boolean;
  /** Why the candidate's verdict is what it is. */
  readonly detail: string;
}

export type GateAnswer =
  | { readonly go: true }
  | { readonly go: false; readonly outcome: 'blocked' | 'failed'; readonly error: RotatorError };

const GO: GateAnswer = { go: true };

/** Decides whether the candidate may be pushed. `blocked`: Apple objects; `failed`: postponed, tried again. */
export function gate(question: GateQuestion): GateAnswer {
  const { mode, candidate, deployed, predecessor } = question;
  if (question.needsAcceptance && (candidate !== 'accepted' || question.waived))
    return stop('ERR_KEY_BINDING', question);
  // Nobody knows what would be replaced: only a secret that Apple takes is known to be as good.
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
  // A blind check's rejection says no more than "unknown"; over a secret that cannot be read, and so could not be
  // put back, it still blocks.
  if (candidate === 'rejected' && (!question.blind || predecessor === 'unreadable')) {
    return stop('ERR_APPLE_REJECTED', question);
  }
  return question.keyProven || question.emergency ? GO : stop('ERR_APPLE_UNKNOWN', question);
}

/** What stands between a candidate of this verdict and a provider that may hold a hidden secret. */
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
    error: new RotatorError(
      'ERR_APPLE_REJECTED',
      `apple rejected the candidate (${detail}); the deployed secret was left in place`,
      {
        hint: 'Check in the Apple developer portal that the key is not revoked, is enabled for Sign in with Apple, and that Team ID, Services ID and Key ID belong together; `once --no-apple-check` overrides this by hand.',
      },
    ),
  }),
  ERR_APPLE_UNKNOWN: ({ detail, mode }: GateQuestion): GateAnswer => ({
    go: false,
    outcome: 'failed',
    error: new RotatorError(
      'ERR_APPLE_UNKNOWN',
      `apple gave no usable answer about the candidate (${detail}), ${
        mode === 'require' ? 'and apple.check requires its acceptance' : 'and its key is not proven yet'
      }`,
      {
        hint: `Make sure that apple.tokenUrl can be reached from here; the rotation is tried again by itself, and goes ahead without an answer ${
          mode === 'require' ? 'only once the deployed secret has expired' : 'in an emergency'
        }.`,
      },
    ),
  }),
  ERR_KEY_BINDING: ({ detail, waived }: GateQuestion): GateAnswer => ({
    go: false,
    outcome: 'failed',
    error: new RotatorError(
      'ERR_KEY_BINDING',
      `the key id is known with another public key, and apple did not accept the candidate (${waived ? 'not asked' : detail})`,
      {
        hint: 'Check that the private key in the key source is the one that Apple issued under this Key ID; a new key has a new Key ID.',
      },
    ),
  }),
  ERR_ADOPTION_REQUIRED: (): GateAnswer => ({
    go: false,
    outcome: 'blocked',
    error: new RotatorError(
      'ERR_ADOPTION_REQUIRED',
      'the provider shows no client secret, which may mean that it hides one, and apple is not asked about ours',
      { hint: 'If this service shall take over, set `adopt: true` on the target or run `once --adopt --target NAME`.' },
    ),
  }),
} satisfies Partial<Record<ErrorCode, (question: GateQuestion) => GateAnswer>>;
