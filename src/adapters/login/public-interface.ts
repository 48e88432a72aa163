// CloudBase's public login interface (docs.cloudbase.net, HTTP API, Auth), asked to exchange a code that cannot exist.
// To do so CloudBase may present its stored client secret to Apple, and Apple's answer may show in its own. One thing is
// recognised: Apple's `invalid_client`. Whether it passes Apple's word on at all is not documented, so every other
// answer says nothing.
import { RotatorError } from '../../core/errors.ts';
import type { SharedPace } from '../../core/journal-ports.ts';
import type { Clock, LoginAnswer, LoginCheck } from '../../core/ports.ts';
import { CallFailure } from '../../net/failure.ts';
import type { Env } from '../../net/proxy.ts';
import { createRateLimit } from '../../net/rate-limit.ts';
import { type HttpAnswer, request } from '../../net/request.ts';

/** The interface serves people who sign in: more might be taken for an attack, less would hold up a fleet. */
const QUESTIONS_PER_SECOND = 1;
/** People wait less for a login. More would hold up a pass for an answer of little use. */
const TIMEOUT_MS = 10_000;
/** It cannot exist: Apple's codes are longer and have dots. */
const IMPOSSIBLE_CODE = 'no-such-code';

/** Where the environment's id stands in an endpoint. */
const ENV_ID = '{envId}';

/** The endpoint of one environment. */
export function loginUrlOf(endpoint: string, envId: string): string {
  return endpoint.replaceAll(ENV_ID, () => envId);
}

/**
 * Makes the check of an endpoint, such as `https://{envId}.api.tcloudbasegateway.com`. One factory per process: the
 * limit of one question a second holds over all that it made, and over all processes that share its pace.
 */
export function createLoginChecks(deps: {
  readonly clock: Clock;
  readonly pace?: SharedPace | undefined;
  /** Where HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Env;
  /** A fresh UUID. The interface tells devices apart by it, so each question is a device of its own. */
  readonly newId: () => string;
  /** For one question, in ms. Default 10 s. */
  readonly timeoutMs?: number;
}): (endpoint: string) => LoginCheck {
  const { clock, pace, env, newId, timeoutMs = TIMEOUT_MS } = deps;
  const limit = createRateLimit(QUESTIONS_PER_SECOND, clock, pace && { name: 'login', shared: pace });
  return (endpoint) => ({
    async ask({ envId, providerId, signal }) {
      const onSent = await limit.turn(signal);
      return request({
        url: `${loginUrlOf(endpoint, envId).replace(/\/$/, '')}/auth/v1/provider/token`,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-device-id': newId() },
        body: JSON.stringify({ provider_id: providerId, provider_code: IMPOSSIBLE_CODE }),
        timeoutMs,
        signal,
        env,
        onSent,
      }).then(answerOf, (error: unknown) => noAnswer(error, signal));
    },
  });
}

function answerOf({ status, body }: HttpAnswer): LoginAnswer {
  return !isOwnRefusal(status) && namesInvalidClient(body)
    ? { verdict: 'rejected', detail: { trouble: 'code', code: 'invalid_client' } }
    : { verdict: 'unknown', detail: { trouble: 'http', status } };
}

/** CloudBase itself refuses, and its `invalid_client` may mean a missing publishable key. */
function isOwnRefusal(status: number): boolean {
  return [401, 403, 404, 408, 429].includes(status) || status >= 500;
}

/** Apple's word, by itself or inside what CloudBase says of the error. */
function namesInvalidClient(body: string): boolean {
  try {
    const { error, error_code, error_description } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return [error, error_code, error_description].some(
      (text) => typeof text === 'string' && /(?<![\w-])invalid_client(?![\w-])/.test(text),
    );
  } catch {
    return false;
  }
}

function noAnswer(error: unknown, signal: AbortSignal): LoginAnswer {
  signal.throwIfAborted();
  if (error instanceof CallFailure) return { verdict: 'unknown', detail: error.trouble };
  // A proxy setting that cannot be used, or a host that no URL can name.
  return {
    verdict: 'unknown',
    detail: { trouble: 'network', code: error instanceof RotatorError ? error.code : null },
  };
}
