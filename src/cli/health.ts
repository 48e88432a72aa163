// `health`: asks the running daemon whether it is well, for container health checks. One line says what is wrong. It
// asks at the address of the configuration, and uses no proxy.
import { isIP } from 'node:net';
import type { Listening } from '../config/listening.ts';
import { START_REFUSED, TYPE_PREFIX } from '../http/problem.ts';
import { CallFailure } from '../net/failure.ts';
import { type HttpAnswer, request } from '../net/request.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export { readListening } from '../config/listening.ts';

/** Half of what the image's health check allows, so that this line is seen before the container runtime gives up. */
const TIMEOUT_MS = 5_000;
/** A server that listens on every interface is asked over loopback. */
const ANYWHERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

export interface HealthTools {
  readonly context: Pick<CliContext, 'stdout' | 'stderr'>;
  readonly listening: Listening;
}

/** 0 if /healthz answers 200 within 5 s and the daemon could start, else 1. */
export async function health({ context, listening }: HealthTools): Promise<ExitStatus> {
  const trouble = await troubleOf(listening);
  if (trouble === undefined) {
    context.stdout.write('healthy\n');
    return EXIT.ok;
  }
  const doubt = listening.doubt === undefined ? '' : ` (asked there because of: ${listening.doubt})`;
  context.stderr.write(`unhealthy: ${trouble}${doubt}\n`);
  return EXIT.failed;
}

async function troubleOf({ host, port }: Listening): Promise<string | undefined> {
  if (port === 0) return 'http.port is 0, any free port, so it is not known where to ask; set a port';
  const address = ANYWHERE.get(host) ?? host;
  const url = `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}/healthz`;
  if (!URL.canParse(url)) return 'http.host is not a host';
  try {
    const answer = await request({
      url,
      method: 'GET',
      timeoutMs: TIMEOUT_MS,
      signal: new AbortController().signal,
      maxBytes: 16_384,
      env: {},
    });
    const words = wordsOf(answer);
    return answer.status === 200 && words === undefined ? undefined : `${url} answered ${answer.status}${words ?? ''}`;
  } catch (thrown) {
    if (thrown instanceof CallFailure) return `${url} cannot be asked: ${thrown.message}. Is the daemon running there?`;
    throw thrown;
  }
}

/** What the daemon says is wrong. Nothing of an answer that may be another program's is repeated. */
function wordsOf({ body }: HttpAnswer): string | undefined {
  try {
    const { status, type, detail } = JSON.parse(body) as Record<string, unknown>;
    if (status === START_REFUSED) return ': the daemon cannot start; its log says why';
    return typeof type === 'string' && type.startsWith(TYPE_PREFIX) ? `: ${detail}` : undefined;
  } catch {
    return undefined;
  }
}
