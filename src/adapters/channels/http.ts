// How a channel posts over HTTP, and what its answers mean: one request, no redirect, a bounded answer, a time limit.
// Errors hold the status, the service's own code and our words. They never hold the URL (a token is part of it), a
// secret, or the service's words, which may repeat what was sent.
import { type ErrorCode, RotatorError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { HOUR } from '../../core/time.ts';
import { CallFailure } from '../../net/failure.ts';
import { type Env, isLoopback } from '../../net/proxy.ts';
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
  /** This process ends soon and cannot send reminders: `once`, and a daemon that cannot start. */
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

const HINTS: Readonly<Record<number, string>> = {
  400: 'The other side does not take this form: check that the type of the channel fits its URL.',
  401: 'Check the URL, the token and the secret of the channel: the other side does not accept them.',
  403: 'Check the URL, the token and the secret of the channel: the other side does not accept them.',
  404: 'Copy the URL of the channel again: there is nothing at this one.',
  405: 'Copy the URL of the channel again: nothing may be posted to this one.',
  410: 'Make a new webhook and put its URL into the channel: this one is gone.',
  413: 'Raise the size that the other side accepts to 1 MB.',
};

/** Posts by the rules of this file; each channel creates one. */
export class Poster {
  readonly name: string;
  readonly type: string;
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
    this.tools = tools;
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !insecure && !isLoopback(hostname))
      throw new RotatorError('ERR_CONFIG', `channel ${name} has an http:// URL, wanted https://`, {
        hint: 'Use https://, or set insecure: true on the channel.',
      });
  }

  /**
   * The answer, whatever its status but 429 and 5xx. Throws ERR_CHANNEL_UNAVAILABLE (network, timeout, 5xx),
   * ERR_CHANNEL_THROTTLED (429), ERR_CHANNEL_REFUSED (a redirect), and the signal's reason on abort.
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

  /** An error of this channel. `remoteCode` is the service's own code, never its words. */
  error(
    code: Extract<ErrorCode, `ERR_CHANNEL_${string}`>,
    what: string,
    options: { readonly hint: string; readonly remoteCode?: string; readonly retryAfterMs?: number },
  ): RotatorError {
    return new RotatorError(code, `channel ${this.name} (${this.type}) ${what}`, options);
  }

  /** Throws unless the status is one of success. */
  requireSuccess({ status }: HttpAnswer): void {
    if (status >= 200 && status < 300) return;
    throw this.error('ERR_CHANNEL_REFUSED', `refused the message: HTTP ${status}`, {
      hint: HINTS[status] ?? 'Check the URL and the settings of the channel.',
      remoteCode: `HTTP_${status}`,
    });
  }

  /** For a successful status with a body that is not the service's. */
  unknownAnswer(answer: HttpAnswer, wanted: string): RotatorError {
    return this.error('ERR_CHANNEL_REFUSED', `answered HTTP ${answer.status} without ${wanted}`, {
      hint: `Copy the URL of the channel again: what answers there is not ${this.type}.`,
      remoteCode: `HTTP_${answer.status}`,
    });
  }

  private refuseUnusable(answer: HttpAnswer): void {
    const { status } = answer;
    if (status !== 429 && status !== 408 && status < 500) return;
    const remoteCode = `HTTP_${status}`;
    const asked = retryAfterMs(answer, this.tools.clock.now());
    if (status === 429)
      throw this.error('ERR_CHANNEL_THROTTLED', 'takes no more messages for now: HTTP 429', {
        hint: 'Wait: the message is sent again by itself. Send fewer alerts through this channel if it happens often.',
        remoteCode,
        retryAfterMs: asked ?? PAUSE_MS,
      });
    throw this.error('ERR_CHANNEL_UNAVAILABLE', `could not take the message: HTTP ${status}`, {
      hint: 'Wait: the message is sent again by itself. Look at the status page of the service if it lasts.',
      remoteCode,
      ...(asked === undefined ? {} : { retryAfterMs: asked }),
    });
  }

  private callError(failure: CallFailure): RotatorError {
    const { kind, message } = failure;
    if (kind === 'REDIRECTED')
      return this.error('ERR_CHANNEL_REFUSED', message, {
        hint: 'Put the final URL into the channel: redirects are not followed.',
        remoteCode: kind,
      });
    const network = kind === 'NETWORK' || kind === 'TIMEOUT';
    return this.error('ERR_CHANNEL_UNAVAILABLE', message, {
      hint: network
        ? 'Check that this machine reaches the host of the channel (DNS, firewall, HTTPS_PROXY, its certificate).'
        : 'Check the URL of the channel: no service of this type gives such an answer.',
      remoteCode: kind,
    });
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

/** What a service's own code means; a code without a row is a refusal. */
export interface CodeRow {
  readonly is: 'refused' | 'throttled' | 'unavailable';
  readonly hint: string;
  readonly retryAfterMs?: number;
}

/**
 * Judges an answer whose body has a code that says whether all went well (the status is 200 even on error). Returns
 * what it says, in our words; throws the error of the code's row, and ERR_CHANNEL_REFUSED for a body without a code.
 */
export function judgeByCode(
  poster: Poster,
  answer: HttpAnswer,
  key: 'errcode' | 'code',
  rows: Readonly<Record<number, CodeRow>>,
): string {
  const code = codeIn(answer.body, key);
  if (code === undefined) {
    poster.requireSuccess(answer);
    throw poster.unknownAnswer(answer, `${key === 'errcode' ? 'an' : 'a'} ${key}`);
  }
  if (code === 0 && answer.status < 300) return `HTTP ${answer.status}, ${key} 0`;
  const said = `${key} ${code}`;
  const row = rows[code];
  const remoteCode = `${key}_${code}`;
  const details = { remoteCode, hint: row?.hint ?? `Look up ${said} in the service's list of error codes.` };
  switch (row?.is) {
    case 'throttled':
      throw poster.error('ERR_CHANNEL_THROTTLED', `takes no more messages for now: ${said}`, {
        ...details,
        retryAfterMs: row.retryAfterMs ?? PAUSE_MS,
      });
    case 'unavailable':
      throw poster.error('ERR_CHANNEL_UNAVAILABLE', `could not take the message: ${said}`, details);
    default:
      throw poster.error('ERR_CHANNEL_REFUSED', `refused the message: HTTP ${answer.status}, ${said}`, details);
  }
}
