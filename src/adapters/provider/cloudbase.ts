// The provider as CloudBase's `tcb` API holds it (GetProviders, ModifyProvider, version 2018-06-08). GetProviders gives
// all providers of an environment at once, so targets of one environment share a reading to decide, never to push.
// A write sends EnvId, Id and Config, and no other field; fields.ts says how a record is read and sent back.
import * as z from 'zod';
import { isTooComplex } from '../../core/bounds.ts';
import { type ErrorParams, RotatorError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Clock, Provider, ProviderReading } from '../../core/ports.ts';
import { type SharedCall, shareCall } from '../../net/shared-call.ts';
import type { TencentAnswer, TencentClient } from '../tencent/client.ts';
import { configToSend, providerView } from './fields.ts';

/**
 * What CloudBase was not called about for so long is dropped, with the secrets in it, within as long again. Nobody asks for
 * a reading older than 30 s; a smaller value would drop readings that can still be shared, a larger one would only keep
 * secrets, and those of a whole sweep, in memory.
 */
const FORGET_AFTER_MS = 30_000;

const providers = z.object({
  Total: z.number().nullish(),
  Data: z.array(z.object({ Id: z.string() })).nullish(),
});

interface EnvironmentReading {
  readonly providers: ReadonlyMap<string, JsonObject>;
  readonly total: number;
  readonly answer: TencentAnswer;
}

type ReadOptions = Parameters<Provider['read']>[2];

/** When a call began: on the monotonic clock, and by the wall clock. */
interface Started {
  readonly startedAt: number;
  readonly wallAt: number;
}

/** What is known of one environment. */
interface Shared {
  /** When CloudBase was last called about it, on the monotonic clock. */
  calledAt: number;
  call: (Started & { readonly shared: SharedCall<EnvironmentReading> }) | undefined;
  last: (Started & { readonly reading: EnvironmentReading }) | undefined;
  /** Grows with every write: a reading that began before it is not shared after it. */
  generation: number;
}

/**
 * The provider port over a `tcb` client. Beside the client's errors: ERR_CLOUDBASE_BAD_ANSWER for an answer of another
 * form, or one that does not hold every provider that it counts.
 */
export function createCloudbaseProvider(deps: {
  readonly client: TencentClient;
  readonly lane: string;
  readonly clock: Clock;
}): Provider {
  const { client, lane, clock } = deps;
  const environments = new Map<string, Shared>();

  const started = (): Started => ({ startedAt: clock.monotonic(), wallAt: clock.now() });
  /** Runs while there is something to forget. */
  let stop: (() => void) | undefined;
  const forget = () => {
    const latest = clock.monotonic() - FORGET_AFTER_MS;
    for (const [id, { calledAt }] of environments) {
      if (calledAt >= latest) break;
      environments.delete(id);
    }
    if (environments.size > 0) return;
    stop?.();
    stop = undefined;
  };
  /** Keeps them in the order in which they were last called about. */
  const called = (envId: string): Shared => {
    const calledAt = clock.monotonic();
    const shared = environments.get(envId) ?? { calledAt, call: undefined, last: undefined, generation: 0 };
    shared.calledAt = calledAt;
    environments.delete(envId);
    environments.set(envId, shared);
    stop ??= clock.every(FORGET_AFTER_MS, forget);
    return shared;
  };
  const invalidate = (shared: Shared) => {
    shared.generation += 1;
    shared.call = undefined;
    shared.last = undefined;
  };
  const fetch = async (envId: string, signal: AbortSignal): Promise<EnvironmentReading> => {
    const shared = called(envId);
    const { generation } = shared;
    const start = started();
    const reading = parse(await client.call('GetProviders', { EnvId: envId }, { signal, write: false, envId }));
    const newer = shared.last === undefined || shared.last.startedAt <= start.startedAt;
    if (shared.generation === generation && newer) shared.last = { ...start, reading };
    return reading;
  };
  const share = (envId: string, { maxAgeMs, notBefore = 0, signal }: ReadOptions): Promise<EnvironmentReading> => {
    const shared = environments.get(envId) ?? called(envId);
    const since = clock.monotonic() - maxAgeMs;
    const serves = ({ startedAt, wallAt }: Started) => startedAt >= since && wallAt >= notBefore;
    if (shared.last !== undefined && serves(shared.last)) return Promise.resolve(shared.last.reading);
    if (shared.call === undefined || !shared.call.shared.open || !serves(shared.call))
      shared.call = { ...started(), shared: shareCall((ofAll) => fetch(envId, ofAll)) };
    return shared.call.shared.join(signal);
  };
  return {
    lane,
    async read(envId, providerId, options) {
      const { maxAgeMs, signal } = options;
      signal.throwIfAborted();
      return pick(await (maxAgeMs > 0 ? share(envId, options) : fetch(envId, signal)), providerId);
    },
    async write(envId, providerId, write, signal) {
      const params = { EnvId: envId, Id: providerId, Config: configToSend(write) };
      try {
        const { requestId } = await client.call('ModifyProvider', params, { signal, write: true, envId });
        return { requestId };
      } finally {
        // Afterwards, and also where it failed: what was read before or meanwhile may show either state.
        invalidate(called(envId));
      }
    },
  };
}

function parse(answer: TencentAnswer): EnvironmentReading {
  const found = providers.safeParse(answer.response);
  if (!found.success) throw badAnswer({ problem: 'no-list' }, answer);
  const { Total, Data } = found.data;
  if (Data === undefined || (Data === null && Total !== 0)) throw badAnswer({ problem: 'no-list' }, answer);
  // The list as it arrived, not as it was parsed: the schema looks, and must not touch.
  const list = (answer.response['Data'] ?? []) as readonly JsonObject[];
  const byId = new Map((Data ?? []).map(({ Id }, index) => [Id, list[index] ?? {}]));
  return { providers: byId, total: Total ?? list.length, answer };
}

function pick({ providers: byId, total, answer }: EnvironmentReading, providerId: string): ProviderReading {
  const provider = byId.get(providerId);
  if (provider === undefined && total > byId.size)
    throw badAnswer({ problem: 'part-of-list', shown: byId.size, total, providerId }, answer);
  if (provider !== undefined && isTooComplex(provider)) throw badAnswer({ problem: 'too-complex', providerId }, answer);
  const { requestId, receivedAt, skewMs } = answer;
  return { provider: provider && providerView(provider), requestId, readAt: receivedAt, skewMs };
}

function badAnswer(params: ErrorParams['ERR_CLOUDBASE_BAD_ANSWER'], { requestId }: TencentAnswer): RotatorError {
  return new RotatorError('ERR_CLOUDBASE_BAD_ANSWER', params, { requestId: requestId ?? undefined });
}
