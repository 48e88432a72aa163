// The way of one request through the sandbox: logged, held by hooks, perhaps met by a fault, answered. Each service is
// data: how it names a request, how it answers, and the form of its errors.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ActiveFault } from './faults.ts';
import type { RequestRecord } from './requests.ts';
import type { World } from './world.ts';

/** A request as the services see it. Header names are lower case. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request that has found its service. `body` still holds secrets. */
export interface Call extends Omit<RequestRecord, 'at'> {
  readonly answer: (world: World) => Answer;
  /** An error in the form of the service. */
  readonly error: (code: string, message: string, status: number | undefined) => Answer;
}

/** An answer, or what happens to the socket instead. */
export type Outcome = Answer | 'close' | 'hang';

const HUGE_BYTES = 2 * 1024 * 1024;

/** Takes a call through hooks and faults to its outcome. */
export async function exchange(world: World, call: Call): Promise<Outcome> {
  const { answer, error: _, ...request } = call;
  await world.requests.arrive({ at: world.clock.now(), ...request });
  const fault = world.faults.take(call.service, call.action);
  return fault === undefined ? answer(world) : FAULTS[fault.kind](fault, call, world);
}

type Commit = (fault: ActiveFault, call: Call, world: World) => Outcome | Promise<Outcome>;

const FAULTS: Readonly<Record<ActiveFault['kind'], Commit>> = {
  delay: async (fault, call, world) => {
    await sleep(fault.delayMs ?? 1000, undefined, { ref: false });
    return call.answer(world);
  },
  'reset-before': () => 'close',
  'reset-after': (_, call, world) => {
    call.answer(world);
    return 'close';
  },
  hang: () => 'hang',
  status: (fault) => ({ status: fault.status ?? 503, headers: { ...fault.headers }, body: fault.body ?? '' }),
  error: (fault, call) => call.error(fault.code ?? 'InternalError', fault.message ?? 'a requested fault', fault.status),
  body: (fault) => ({
    status: fault.status ?? 200,
    headers: { 'content-type': 'text/html', ...fault.headers },
    body: fault.body ?? '<html>not what was expected</html>',
  }),
  redirect: (fault) => ({
    status: fault.status ?? 307,
    headers: { ...fault.headers, location: fault.location ?? '' },
    body: '',
  }),
  huge: () => json(200, { Response: { RequestId: randomUUID(), Padding: 'x'.repeat(HUGE_BYTES) } }),
};

/** The body as a JSON object; undefined: it is none. */
export function jsonObject(body: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A JSON answer. */
export function json(status: number, value: unknown, type = 'application/json'): Answer {
  return { status, headers: { 'content-type': type }, body: JSON.stringify(value) };
}
