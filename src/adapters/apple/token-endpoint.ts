// Apple's opinion of a client secret, from its token endpoint. Asked with a code that cannot exist, it answers
// `invalid_grant` if it accepts the secret and `invalid_client` if it does not
// (developer.apple.com/documentation/signinwithapplerestapi/errorresponse). Any other answer is not an opinion.
import { RotatorError } from '../../core/errors.ts';
import type { SharedPace } from '../../core/journal-ports.ts';
import type { AppleAnswer, AppleCheck, Clock } from '../../core/ports.ts';
import { CallFailure } from '../../net/failure.ts';
import type { Env } from '../../net/proxy.ts';
import { createRateLimit } from '../../net/rate-limit.ts';
import { type HttpAnswer, request } from '../../net/request.ts';

/** Apple documents no limit. More might be throttled, for real logins too; less would hold up the rotations of a fleet. */
const QUESTIONS_PER_SECOND = 1;
/** Apple answers within a second. Less would give up on a slow network; more would hold a lease for an answer of little use. */
const TIMEOUT_MS = 10_000;
/** It cannot exist: Apple's codes are longer and have dots. */
const IMPOSSIBLE_CODE = 'no-such-code';

const VERDICTS: Readonly<Record<string, AppleAnswer['verdict']>> = {
  invalid_grant: 'accepted',
  invalid_client: 'rejected',
  invalid_request: 'unknown',
  invalid_scope: 'unknown',
  unauthorized_client: 'unknown',
  unsupported_grant_type: 'unknown',
};

/** One instance per process: the limit of one question a second holds over the instance, and over all that share its pace. */
export function createTokenEndpointCheck(deps: {
  readonly tokenUrl: string;
  readonly clock: Clock;
  readonly pace?: SharedPace | undefined;
  /** Where HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Env;
  /** For one question, in ms. Default 10 s. */
  readonly timeoutMs?: number;
  /** Called with every verdict, for the metrics. */
  readonly onAnswer?: (verdict: AppleAnswer['verdict']) => void;
}): AppleCheck {
  const { tokenUrl, clock, pace, env, timeoutMs = TIMEOUT_MS, onAnswer } = deps;
  const limit = createRateLimit(QUESTIONS_PER_SECOND, clock, pace && { name: 'apple', shared: pace });
  return {
    tokenUrl,
    async ask({ clientId, clientSecret, signal }) {
      const onSent = await limit.turn(signal);
      const body = new URLSearchParams({
        client_id: clientId,
        client_secret: clientSecret,
        code: IMPOSSIBLE_CODE,
        grant_type: 'authorization_code',
      }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await request({
        url: tokenUrl,
        method: 'POST',
        headers,
        body,
        timeoutMs,
        signal,
        env,
        onSent,
      }).then(verdictOf, (error: unknown) => noVerdict(error, signal));
      onAnswer?.(answer.verdict);
      return answer;
    },
  };
}

function verdictOf({ status, body }: HttpAnswer): AppleAnswer {
  const error = errorName(body);
  const verdict = error === undefined ? undefined : VERDICTS[error];
  if (status !== 400 || error === undefined || verdict === undefined)
    return { verdict: 'unknown', detail: { trouble: 'http', status } };
  return { verdict, detail: { trouble: 'code', code: error } };
}

function errorName(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && Object.hasOwn(VERDICTS, error) ? error : undefined;
  } catch {
    return undefined;
  }
}

function noVerdict(error: unknown, signal: AbortSignal): AppleAnswer {
  signal.throwIfAborted();
  if (error instanceof CallFailure) return { verdict: 'unknown', detail: error.trouble };
  // An unusable proxy setting, which every other call reports as ERR_CONFIG.
  const code = error instanceof RotatorError ? error.code : null;
  return { verdict: 'unknown', detail: { trouble: 'network', code } };
}
