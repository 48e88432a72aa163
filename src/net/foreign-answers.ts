// Bounds the answers to requests that a library makes with a client of its own, as AWS's credential chain does to the
// endpoint of a container: such a client reads until the memory is full.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { MAX_ANSWER_BYTES } from './agent.ts';

/** Node publishes every request here once it is sent. */
const SENT = 'http.client.request.start';

/** Does `work`. Meanwhile no answer to a request of this process grows above 1 MB: it is cut off with an error. */
export async function withBoundedAnswers<T>(work: () => Promise<T>): Promise<T> {
  const onSent = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    request.prependOnceListener('response', bound);
  };
  subscribe(SENT, onSent);
  try {
    return await work();
  } finally {
    unsubscribe(SENT, onSent);
  }
}

/** Counts what arrives. A listener for the data would let it flow before the library is ready to read it. */
function bound(response: IncomingMessage): void {
  const push = response.push.bind(response);
  let bytes = 0;
  response.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= MAX_ANSWER_BYTES) return push(chunk, encoding);
    response.destroy(new Error('the answer is too long'));
    return false;
  };
}
