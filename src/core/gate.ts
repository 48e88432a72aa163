// What may replace what: the one gate between a candidate and the deployed secret. A list of rules, asked in order; the
// first that applies decides. Pure.
import type { CallTrouble } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import type { Reason } from './reasons.ts';

/** What Apple said about the candidate, as far as it proves anything. */
export type CandidateVerdict =
  | 'accepted'
  /** A rejection that counts, the first of its kind. */
  | 'rejected-once'
  | 'rejected'
  /** A rejection that does not count. */
  | 'rejected-uncounted'
  | 'unknown'
  /** `apple.check: off`, or waived. */
  | 'not-asked';

export const CANDIDATE_VERDICTS: readonly CandidateVerdict[] = [
  'accepted',
  'rejected-once',
  'rejected',
  'rejected-uncounted',
  'unknown',
  'not-asked',
];

/** What is deployed, as far as the gate needs to know. */
export type Predecessor =
  /** Expired or with a certain defect, and read, not assumed. */
  | 'useless'
  /** Exactly the candidate's identity, its signature verified (our own record of a hidden secret counts as verified). */
  | 'same-identity'
  /** Everything else may be working. */
  | 'other';

export const PREDECESSORS: readonly Predecessor[] = ['useless', 'same-identity', 'other'];

export interface GateQuestion {
  readonly mode: 'compare' | 'require' | 'off';
  /** `once --no-apple-check`. */
  readonly waived: boolean;
  /** A person asked for this rotation. */
  readonly requested: boolean;
  readonly reason: Reason;
  readonly candidate: CandidateVerdict;
  readonly predecessor: Predecessor;
  /** The candidate's identity is proven for this target, well enough for this predecessor (answers.ts, isProven). */
  readonly proven: boolean;
  /** Why the candidate's verdict is what it is; null where Apple was not asked now. */
  readonly detail: CallTrouble | null;
}

export type GateAnswer =
  | {
      readonly go: true;
      /** Nothing shows that the candidate is better than the useless secret that it replaces. */
      readonly unproven: boolean;
    }
  /** `pend`: a person must say so. `wait`: tried again. `stop`: Apple objects. */
  | { readonly go: false; readonly how: 'pend' | 'wait' | 'stop'; readonly error: RotatorError };

/** Where the deployed secret may be hidden or good for all that we know: only Apple's acceptance shows that another one is better. */
const NEEDS_ACCEPTANCE: ReadonlySet<Reason> = new Set(['SecretMissing', 'SecretUnreadable', 'RejectedByApple']);

/** Decides whether the candidate may be pushed. */
export function gate(question: GateQuestion): GateAnswer {
  const { mode, waived, requested, reason, candidate, predecessor, proven, detail } = question;
  if (candidate === 'accepted' && !waived) return GO;
  const useless = predecessor === 'useless';
  const overUseless: GateAnswer = { go: true, unproven: !proven };
  if (waived) return useless ? overUseless : GO;
  switch (candidate) {
    case 'rejected-once':
      return no('wait', new RotatorError('ERR_APPLE_REJECTED_ONCE', { of: 'candidate', detail }));
    case 'rejected':
      return no('stop', new RotatorError('ERR_APPLE_REJECTED', { of: 'candidate', detail }));
    case 'rejected-uncounted':
      return useless
        ? overUseless
        : no('wait', new RotatorError('ERR_APPLE_REJECTED_ONCE', { of: 'uncounted', detail }));
    default:
  }
  // Where Apple is never asked, whoever asks for the rotation answers for the key: nobody else can prove it later.
  if (useless) return mode === 'off' && requested ? GO : overUseless;
  const isEnough = !NEEDS_ACCEPTANCE.has(reason) && (predecessor === 'same-identity' || proven);
  if (mode === 'off') {
    return isEnough || requested ? GO : no('pend', new RotatorError('ERR_CONSENT_REQUIRED', { reason }));
  }
  if (mode !== 'require' && isEnough) return GO;
  if (detail?.trouble === 'certificate')
    return no('wait', new RotatorError('ERR_CERTIFICATE', { call: 'apple.tokenUrl', code: detail.code }));
  const problem = mode === 'require' ? 'require' : 'not-proven';
  return no('wait', new RotatorError('ERR_APPLE_UNKNOWN', { problem, detail }));
}

const GO: GateAnswer = { go: true, unproven: false };

function no(how: 'pend' | 'wait' | 'stop', error: RotatorError): GateAnswer {
  return { go: false, how, error };
}
