// Step 1: the snapshot. Key material is read afresh from its source, the provider from its cloud. A read that fails
// throws: what could not be read is unknown, never absent, and never a reason to rotate.
import { renewalOf, type Snapshot } from '../core/decide.ts';
import { type Deployed, deployedRecord, readDeployed } from '../core/deployed.ts';
import { type KeyMaterial, parseKeyMaterial } from '../core/key-material.ts';
import type { ProviderView, ShownSecret } from '../core/provider.ts';
import type { TargetState } from '../core/records.ts';
import type { Course } from './course.ts';
import type { Gathered } from './learnt.ts';
import { noteForeign, recentForeign, settleChanges, settleLateWrite, settleUnknownWrite } from './written.ts';

/**
 * The greatest age of a reading that the targets of an environment share; it serves to decide only. With less, each
 * target of a sweep would read for itself; with more, decisions would be about the past.
 */
const SHARED_READING_MS = 30_000;

const NOTHING: ShownSecret = { shape: 'missing', text: null };

/** Gathers. With `alone` the provider is read by a call of its own, because an earlier snapshot went out of date. */
export async function gather(course: Course, alone = false): Promise<Gathered> {
  const { target, request, tools } = course;
  const [key, reading] = await bothOrFirstError(
    readKey(course),
    tools.provider.read(target.envId, target.providerId, {
      // After a failure an older reading could show a state from before it, and clear the alert too early.
      maxAgeMs: alone || course.state.retry.failures > 0 ? 0 : SHARED_READING_MS,
      signal: course.signal,
    }),
  );
  const now = course.now;
  const { provider, skewMs } = reading;
  const shown = provider?.secret ?? NOTHING;
  const settled = await settleLateWrite(settleUnknownWrite(course.state, shown), shown, tools.journal);
  const deployed = await readDeployed(shown, provider?.clientId, settled.written, key, now);
  const seen =
    provider === undefined
      ? { ...settled, lastGatherAt: now }
      : await settleChanges(withSeen(settled, provider, deployed, request.adopt, now), provider.fields, tools.journal);
  const { policy } = target;
  const snapshot: Snapshot = {
    now,
    key,
    provider,
    deployed,
    state: { ...seen, renewalAt: renewalOf({ deployed, policy, state: seen }) },
    policy,
    windowOpen: policy.window?.isOpen(now) ?? true,
    requested: request.force,
    adopt: target.adopt || request.adopt,
  };
  return { snapshot, skewMs };
}

async function readKey(course: Course): Promise<KeyMaterial> {
  const { text, origin, jsonKey, warnings } = await course.tools.keySource.read(course.signal);
  for (const warning of warnings) course.warn(warning);
  return parseKeyMaterial(text, course.target.ids, origin, jsonKey);
}

/** Waits for both, so that neither goes on after the pass has ended; throws the error of the first before that of the second. */
async function bothOrFirstError<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

/** What a complete gather adds to the journal's knowledge of the target. */
function withSeen(
  state: TargetState,
  { enabled, fields }: ProviderView,
  deployed: Deployed,
  adopt: boolean,
  now: number,
): TargetState {
  return {
    ...state,
    lastGatherAt: now,
    deployed: deployedRecord(deployed),
    configKeys: adopt ? fields.names : [...new Set([...state.configKeys, ...fields.names])].sort(),
    foreign: seenForeign(state, deployed, now),
    providerDisabled: enabled === false,
  };
}

/** A secret that is not the one we wrote was put there by somebody else. */
function seenForeign(state: TargetState, { fingerprint, ours }: Deployed, now: number): TargetState['foreign'] {
  const ownDoing = state.written === null || ours || state.maybeWritten !== null;
  return ownDoing ? recentForeign(state, fingerprint, now) : noteForeign(state, fingerprint, now);
}
