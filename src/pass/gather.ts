// Step 1: the snapshot. Key material is read afresh from its source, the provider from its cloud. A read that fails
// throws: what could not be read is unknown, never absent, and never a reason to rotate.
import { BACKDATED_MS } from '../core/client-secret.ts';
import { renewalOf, type Snapshot, trueNow } from '../core/decide.ts';
import { type Deployed, deployedRecord, readDeployed } from '../core/deployed.ts';
import { asRotatorError } from '../core/errors.ts';
import { identityId } from '../core/identity.ts';
import { type KeyMaterial, parseKeyMaterial } from '../core/key-material.ts';
import type { ProviderReading } from '../core/ports.ts';
import type { ProviderView, ShownSecret } from '../core/provider.ts';
import type { TargetState } from '../core/records.ts';
import { settingDifferences } from '../core/stated-settings.ts';
import { giveWay } from '../net/event-loop.ts';
import type { Course } from './course.ts';
import type { Gathered, Unread } from './learnt.ts';
import { afterTrouble, withTrouble } from './trouble.ts';
import { handledLately, settleChanges, settleWrites } from './written.ts';

/**
 * The greatest age of a reading that the targets of an environment share; it serves to decide only. With less, each
 * target of a sweep would read for itself; with more, decisions would be about the past.
 */
const SHARED_READING_MS = 30_000;

const NOTHING: ShownSecret = { shape: 'missing', text: null };

/** Gathers. With `alone` the provider is read by a call of its own, because an earlier snapshot went out of date. */
export async function gather(course: Course, alone = false): Promise<Gathered | Unread> {
  const { target, request, tools } = course;
  // Both, so that neither goes on after the pass has ended.
  const [keyRead, providerRead] = await Promise.allSettled([
    readKey(course),
    tools.provider.read(target.envId, target.providerId, {
      // After a failure an older reading could show a state from before it, and clear the alert too early.
      maxAgeMs: alone || course.state.retry.failures > 0 ? 0 : SHARED_READING_MS,
      // Another process may have written since a reading that is shared here.
      notBefore: Math.max(course.state.written?.at ?? 0, course.state.maybeWritten?.at ?? 0),
      signal: course.signal,
    }),
  ]);
  await giveWay();
  if (keyRead.status === 'rejected') {
    const skewMs = providerRead.status === 'fulfilled' ? providerRead.value.skewMs : undefined;
    return { error: keyRead.reason, learnt: await seenWithoutKey(course, providerRead), skewMs };
  }
  if (providerRead.status === 'rejected') throw providerRead.reason;
  const [key, reading] = [keyRead.value, providerRead.value];
  const { provider, skewMs = course.skewMs } = reading;
  const clock = { now: course.now, skewMs, since: tools.startedAt };
  const shown = provider?.secret ?? NOTHING;
  const { policy } = target;
  const settled = await settleWrites(course, shown);
  const {
    maybeWritten,
    apple: { acceptedSecret },
  } = settled;
  const handled = await handledLately(course, shown);
  const context = { clientId: provider?.clientId, key, maybeWritten, acceptedSecret, handled, now: trueNow(clock) };
  const deployed = await readDeployed(shown, { ...context, written: settled.written });
  const written = ownAfterCrash(course, settled, deployed, key);
  const found = written === settled.written ? deployed : await readDeployed(shown, { ...context, written });
  const gathered = { ...settled, written, lastGatherAt: clock.now };
  const seen = provider === undefined ? gathered : await withSeen(course, gathered, provider, found);
  const snapshot: Snapshot = {
    clock,
    key,
    provider,
    deployed: found,
    state: { ...seen, renewalAt: renewalOf({ deployed: found, policy, state: seen }) },
    policy,
    windowOpen: policy.window?.isOpen(clock.now) ?? true,
    requested: request.force,
    appleCheck: target.appleCheck,
    waived: request.waiveAppleCheck,
  };
  return { snapshot, skewMs };
}

async function readKey(course: Course): Promise<KeyMaterial> {
  const { text, origin, jsonKey, warnings } = await course.tools.keySource.read(course.signal);
  for (const warning of warnings) course.warn(warning);
  await giveWay();
  return parseKeyMaterial(text, course.target.ids, origin, jsonKey);
}

/** What a reading of the provider says where the key material could not be read: nothing is decided by it. */
async function seenWithoutKey(
  course: Course,
  read: PromiseSettledResult<ProviderReading>,
): Promise<Partial<TargetState>> {
  const { state } = course;
  if (read.status === 'rejected') return { provider: afterTrouble(course, asRotatorError(read.reason)) };
  const { provider, skewMs = course.skewMs } = read.value;
  if (provider === undefined) return { provider: withTrouble(course, 'gone') };
  const { written, maybeWritten, apple } = state;
  const context = { clientId: provider.clientId, written, maybeWritten, acceptedSecret: apple.acceptedSecret };
  const found = await readDeployed(provider.secret, {
    ...context,
    key: undefined,
    now: trueNow({ ...course.clock, skewMs }),
  });
  return { deployed: deployedRecord(found), provider: providerFacts(course, provider) };
}

/** What a complete gather adds to the journal's knowledge of the target. */
async function withSeen(
  course: Course,
  state: TargetState,
  provider: ProviderView,
  deployed: Deployed,
): Promise<TargetState> {
  const { request, tools, now } = course;
  const { fields } = provider;
  const { unproven, apple } = state;
  const isUnproven = unproven !== null && unproven === deployed.fingerprint && unproven !== apple.acceptedSecret;
  const seen: TargetState = {
    ...state,
    deployed: deployedRecord(deployed),
    // A rotation by hand accepts the provider as it is.
    configKeys: request.force ? fields.names : [...new Set([...state.configKeys, ...fields.names])].sort(),
    replaced: replacedBy(state, deployed, now),
    secretFormHarmed: state.secretFormHarmed && !request.force,
    unproven: isUnproven ? unproven : null,
    provider: providerFacts(course, provider),
  };
  return settleChanges(seen, fields, tools.journal);
}

/** What a reading says about logins, beside the secret. */
function providerFacts({ target, now }: Course, provider: ProviderView): TargetState['provider'] {
  const { enabled, statedHosts } = provider;
  const strangeHost = statedHosts.find((host) => !target.isAllowedHost(host)) ?? null;
  const differs = settingDifferences(target.stated, provider);
  return { enabled: enabled ?? null, strangeHost, differs, trouble: null, since: null, at: now };
}

/** The secret of somebody else that is in place of ours. Each is noted once. */
function replacedBy(
  { written, replaced, maybeWritten }: TargetState,
  deployed: Deployed,
  at: number,
): TargetState['replaced'] {
  if (written === null || maybeWritten !== null || deployed.ours) return replaced;
  const isLater = replaced !== null && replaced.at > written.at;
  if (deployed.from === 'none')
    return isLater && replaced.kind === 'not-shown' ? replaced : { at, fingerprint: null, kind: 'not-shown' };
  if (isLater && replaced.fingerprint === deployed.fingerprint) return replaced;
  const isOwn = deployed.identity !== null && deployed.identity === identityId(written);
  return { at, fingerprint: deployed.fingerprint, kind: isOwn ? 'own-identity' : 'other' };
}

/**
 * The record of our last write. A daemon that ended without closing its journal may have written while the journal could
 * not: a good secret of our identity that is newer than the journal's last word counts as its work.
 */
function ownAfterCrash(
  { tools: { crashedBefore }, state: { lastPassAt } }: Course,
  { written, maybeWritten }: TargetState,
  { from, ours, identity, defect, fingerprint, issuedAt, expiresAt, shown }: Deployed,
  key: KeyMaterial,
): TargetState['written'] {
  const isDoubtful = crashedBefore !== undefined && (lastPassAt ?? 0) < crashedBefore && maybeWritten === null;
  if (!isDoubtful || from !== 'read' || ours || defect !== null || identity !== identityId(key)) return written;
  if (fingerprint === null || issuedAt === null || expiresAt === null || issuedAt <= (written?.issuedAt ?? 0))
    return written;
  const { teamId, clientId, keyId, thumbprint } = key;
  const ids = { teamId, clientId, keyId, thumbprint };
  const at = issuedAt + BACKDATED_MS;
  return { fingerprint, ...ids, issuedAt, expiresAt, shape: shown.shape, shownDigest: null, at, reason: 'RenewalDue' };
}
