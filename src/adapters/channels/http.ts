// How a channel posts over HTTP, and what its answers mean: one request, no redirect, a bounded answer, a time limit.
// Errors hold the status, the service's own code and our words. They never hold the URL (a token is part of it), a
// secret, or the service's words, which may repeat what was sent.
import type { CallTrouble, ChannelAdvice } from '../../core/error-troubles.ts';
import { type ErrorParams, RotatorError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { HOUR } from '../../core/time.ts';
import { CallFailure } from '../../net/failure.ts';
import { type Env, isLoopback } from '../../net/proxy.ts';
import { reach } from '../../net/reach.ts';
import { type HttpAnswer, request } from '../../net/request.ts';

/** What every channel needs of the process. */
export interface ChannelTools {
  /** Where HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Env;
  readonly clock: Clock;
  /** Named in every alert. */
  readonly instance: string;
  /** For one request, in ms. Default 15 s. */
  readonly timeoutMs?: number;
  /** Certificate authorities in place of the usual ones, PEM. */
  readonly ca?: string;
  /** This process ends soon and cannot send reminders: `once`, and a `run` that ends because it cannot start. */
  readonly isBrief?: boolean;
}

export interface Post {
  readonly url: string | URL;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;
/** The pause after a 429 without Retry-After: most limits count by the minute. */
const PAUSE_MS = 60_000;
/** Longest Retry-After that we honour: a wrong one could silence a channel for days. */
const LONGEST_PAUSE_MS = 6 * HOUR;

const ADVICE: Readonly<Record<number, ChannelAdvice>> = {
  400: 'form',
  401: 'token',
  403: 'token',
  404: 'url',
  405: 'url',
  410: 'gone',
  413: 'size',
};

/** Posts by the rules of this file; each channel creates one. */
export class Poster {
  readonly name: string;
  readonly type: string;
  private readonly url: string;
  private readonly tools: ChannelTools;

  /** Throws ERR_CONFIG for http:// to another machine without `insecure: true`. */
  constructor(
    type: string,
    { name, insecure }: { readonly name: string; readonly insecure: boolean },
    url: string,
    tools: ChannelTools,
  ) {
    this.name = name;
    this.type = type;
    this.url = url;
    this.tools = tools;
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !insecure && !isLoopback(hostname))
      throw new RotatorError('ERR_CONFIG', { problem: 'plain-http', channel: name });
  }

  /**
   * The answer, with any status except 429 and 5xx. Throws ERR_CHANNEL_UNAVAILABLE (network, timeout, 5xx),
   * ERR_CHANNEL_THROTTLED (429), ERR_CHANNEL_REFUSED (a redirect, a certificate that is not trusted), and the signal's reason on abort.
   */
  async post({ url, body, headers, signal }: Post): Promise<HttpAnswer> {
    const { env, timeoutMs = TIMEOUT_MS, ca } = this.tools;
    try {
      const answer = await request({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
        body,
        timeoutMs,
        signal,
        env,
        ...(ca === undefined ? {} : { ca }),
      });
      this.refuseUnusable(answer);
      return answer;
    } catch (thrown) {
      if (thrown instanceof CallFailure) throw this.callError(thrown);
      throw thrown;
    }
  }

  /** Connects to the server, and posts nothing. Throws as `post` does. */
  async reach(signal: AbortSignal): Promise<void> {
    const { env, timeoutMs = TIMEOUT_MS, ca } = this.tools;
    const trouble = await reach(this.url, { env, timeoutMs, signal, ...(ca === undefined ? {} : { ca }) });
    if (trouble !== undefined) throw this.callError(new CallFailure(trouble, false));
  }

  /** `said` and `remoteCode` are the status and the service's own code, never its words. */
  refused(said: string, advice: ChannelAdvice, remoteCode: string): RotatorError {
    const params = { problem: 'refused', ...this.self, said, advice } as const;
    return new RotatorError('ERR_CHANNEL_REFUSED', params, { remoteCode });
  }

  throttled(said: string, remoteCode: string, retryAfterMs = PAUSE_MS): RotatorError {
    return new RotatorError('ERR_CHANNEL_THROTTLED', { ...this.self, said }, { remoteCode, retryAfterMs });
  }

  unavailable(trouble: CallTrouble, remoteCode: string, retryAfterMs?: number): RotatorError {
    return new RotatorError('ERR_CHANNEL_UNAVAILABLE', { ...this.self, ...trouble }, { remoteCode, retryAfterMs });
  }

  /** Throws unless the status is one of success. */
  requireSuccess({ status }: HttpAnswer): void {
    if (status >= 200 && status < 300) return;
    throw this.refused(`HTTP ${status}`, ADVICE[status] ?? 'settings', `HTTP_${status}`);
  }

  /** For a successful status with a body that is not the service's: it lacks what is `missing`. */
  unknownAnswer({ status }: HttpAnswer, missing: string): RotatorError {
    const params = { problem: 'other-answer', ...this.self, status, missing } as const;
    return new RotatorError('ERR_CHANNEL_REFUSED', params, { remoteCode: `HTTP_${status}` });
  }

  private get self(): { readonly channel: string; readonly type: string } {
    return { channel: this.name, type: this.type };
  }

  private refuseUnusable(answer: HttpAnswer): void {
    const { status } = answer;
    const asked = retryAfterMs(answer, this.tools.clock.now());
    if (status === 429) throw this.throttled('HTTP 429', 'HTTP_429', asked);
    if (status === 408 || status >= 500) throw this.unavailable({ trouble: 'http', status }, `HTTP_${status}`, asked);
  }

  private callError({ trouble, kind }: CallFailure): RotatorError {
    if (trouble.trouble !== 'redirected' && trouble.trouble !== 'certificate') return this.unavailable(trouble, kind);
    const { trouble: problem, ...found } = trouble;
    const params = { problem, ...this.self, ...found } as ErrorParams['ERR_CHANNEL_REFUSED'];
    return new RotatorError('ERR_CHANNEL_REFUSED', params, { remoteCode: kind });
  }
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3), in ms from now; undefined: absent or unreadable. */
export function retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>, now: number): number | undefined {
  const value = headers['retry-after']?.trim() ?? '';
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}

/** The whole number under `key` of a JSON object; undefined if the body is no object or has no such number. */
export function codeIn(body: string, key: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const code = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, key) : undefined;
    return Number.isSafeInteger(code) ? (code as number) : undefined;
  } catch {
    return undefined;
  }
}

/** What a service's own code means: what to do about a refusal, a limit with its pause in ms, or trouble of its own. */
export type CodeMeaning = ChannelAdvice | 'busy' | { readonly pauseMs: number };

/**
 * Judges an answer whose body has a code that says whether all went well (the status is 200 even on error). Returns
 * what it says, in our words; throws by the code's meaning (none: a refusal), and ERR_CHANNEL_REFUSED for a body
 * without a code.
 */
export function judgeByCode(
  poster: Poster,
  answer: HttpAnswer,
  key: 'errcode' | 'code',
  meanings: Readonly<Record<number, CodeMeaning>>,
): string {
  const code = codeIn(answer.body, key);
  if (code === undefined) {
    poster.requireSuccess(answer);
    throw poster.unknownAnswer(answer, key);
  }
  const said = `HTTP ${answer.status}, ${key} ${code}`;
  if (code === 0 && answer.status < 300) return said;
  const [meaning, remoteCode] = [meanings[code] ?? 'code-list', `${key}_${code}`];
  if (meaning === 'busy') throw poster.unavailable({ trouble: 'code', code: said }, remoteCode);
  if (typeof meaning === 'object') throw poster.throttled(said, remoteCode, meaning.pauseMs);
  throw poster.refused(said, meaning, remoteCode);
}
