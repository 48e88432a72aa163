// Why a call has no usable answer. Made from what the agent saw on the wire: the clients above it reduce everything to
// a message. It holds only codes and numbers: an error's text may name a proxy, or repeat what a server said.
import type { CallTrouble } from '../core/error-troubles.ts';
import { callTrouble } from '../core/texts/en/calls.ts';
import type { Exchange } from './agent.ts';

/** A call without a usable answer. Each caller turns it into an error of its own. */
export class CallFailure extends Error {
  readonly trouble: CallTrouble;
  /** The request may have reached the other side. */
  readonly sent: boolean;

  constructor(trouble: CallTrouble, sent: boolean, cause?: Error) {
    super(callTrouble(trouble), cause === undefined ? undefined : { cause });
    this.name = 'CallFailure';
    this.trouble = trouble;
    this.sent = sent;
  }

  /** `NETWORK` and `TIMEOUT` as in the metrics; `REDIRECTED`, `TOO_LARGE` and `ENCODED` had an answer. */
  get kind(): string {
    const { trouble } = this.trouble;
    return trouble === 'cut' || trouble === 'certificate' ? 'NETWORK' : trouble.toUpperCase().replace('-', '_');
  }
}

/** Why a call has no usable answer; undefined if nothing went wrong on the wire (then the answer itself was at fault). */
export function failureOf(exchange: Readonly<Exchange>, timedOutAfterMs: number | undefined): CallFailure | undefined {
  const trouble = troubleOf(exchange, timedOutAfterMs);
  return trouble && new CallFailure(trouble, exchange.sent, exchange.error);
}

function troubleOf(
  { status, error, refused, cut }: Readonly<Exchange>,
  afterMs: number | undefined,
): CallTrouble | undefined {
  // With or without a Location.
  if (status !== undefined && status >= 300 && status < 400) return { trouble: 'redirected', status };
  if (refused !== undefined) return { trouble: refused };
  if (afterMs !== undefined) return { trouble: 'timeout', afterMs };
  if (error !== undefined) return networkTrouble(networkCode(error));
  return cut ? { trouble: 'cut' } : undefined;
}

/** The trouble that a code of the network stands for. */
export function networkTrouble(code: string | null): Extract<CallTrouble, { trouble: 'certificate' | 'network' }> {
  return code !== null && UNTRUSTED.includes(code) ? { trouble: 'certificate', code } : { trouble: 'network', code };
}

/** OpenSSL's names for a chain that ends at a certificate that is not trusted, as of a proxy that reads along. */
const UNTRUSTED: readonly string[] = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

function networkCode(error: Error): string | null {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string') return null;
  return code === 'ERR_PROXY_TUNNEL' && typeof statusCode === 'number' ? `${code}, HTTP ${statusCode}` : code;
}
