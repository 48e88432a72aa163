// Whether a URL's server can be reached, without using the URL: HEAD of its root, over the same proxy and with the same
// trust as every call. The path, which may be a token or count as a sign of life, is not sent.
import type { CallTrouble } from '../core/error-troubles.ts';
import { CallFailure } from './failure.ts';
import { type HttpRequest, request } from './request.ts';

/**
 * Why the server cannot be reached; undefined: it can, whatever it answers. Throws ERR_CONFIG for a proxy setting that
 * cannot be used, and the signal's reason on abort.
 */
export async function reach(
  url: string | URL,
  call: Pick<HttpRequest, 'env' | 'timeoutMs' | 'signal' | 'ca'>,
): Promise<CallTrouble | undefined> {
  try {
    await request({ ...call, url: new URL(url).origin, method: 'HEAD' });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CallFailure)) throw thrown;
    return ANSWERED.includes(thrown.trouble.trouble) ? undefined : thrown.trouble;
  }
}

/** There was an answer, even if no call could use it. */
const ANSWERED: readonly string[] = ['redirected', 'too-large', 'encoded'] satisfies CallTrouble['trouble'][];
