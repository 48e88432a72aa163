// Why a call has no usable answer, in the words of metrics and messages. Made from what the agent saw on the wire: the
// clients above it reduce everything to a message.
import type { Exchange } from './agent.ts';

/** `NETWORK` and `TIMEOUT` as in the metrics; the others had an answer. */
export type FailureKind = 'TIMEOUT' | 'NETWORK' | 'REDIRECTED' | 'TOO_LARGE' | 'ENCODED';

/** A call without a usable answer. Each caller turns it into an error of its own; people never see it. */
export class CallFailure extends Error {
  readonly kind: FailureKind;
  /** The request may have reached the other side. */
  readonly sent: boolean;

  constructor(kind: FailureKind, message: string, sent: boolean, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CallFailure';
    this.kind = kind;
    this.sent = sent;
  }
}

/** Milliseconds as a person says them: `15 s`, `250 ms`. */
export function inWords(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

/**
 * Why a call has no usable answer; undefined if nothing went wrong on the wire (then the answer itself was at fault).
 * Messages hold only codes and our own words: an error's text may name a proxy, or repeat what a server said.
 */
export function failureOf(exchange: Readonly<Exchange>, timedOutAfterMs: number | undefined): CallFailure | undefined {
  const { status, sent, error, refused, cut } = exchange;
  const failure = (kind: FailureKind, message: string) => new CallFailure(kind, message, sent, error);
  if (isRedirect(status)) return failure('REDIRECTED', `was answered with a redirect (HTTP ${status})`);
  if (refused === 'too-large') return failure('TOO_LARGE', 'has an answer that is longer than permitted');
  if (refused === 'encoded') return failure('ENCODED', 'has a compressed answer, which was not asked for');
  if (timedOutAfterMs !== undefined) return failure('TIMEOUT', `had no answer within ${inWords(timedOutAfterMs)}`);
  if (error !== undefined)
    return failure('NETWORK', `could not connect, or the connection was lost (${networkCode(error)})`);
  if (cut) return failure('NETWORK', 'lost the connection in the middle of the answer');
  return undefined;
}

/** True for a status in the three hundreds, with or without a Location. */
function isRedirect(status: number | undefined): boolean {
  return status !== undefined && status >= 300 && status < 400;
}

function networkCode(error: Error): string {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string') return 'no code';
  return code === 'ERR_PROXY_TUNNEL' && typeof statusCode === 'number' ? `${code}, HTTP ${statusCode}` : code;
}
