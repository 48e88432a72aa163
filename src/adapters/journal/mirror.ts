// How a degradable journal's mirror is filled from the storage, and how the storage gets what it missed. Writing back
// can be repeated after it failed half-way: every step of it is the same when it is done twice.
import { isDeepStrictEqual } from 'node:util';
import {
  type AlertBook,
  type AlertMemo,
  type AlertUpdate,
  type ConditionRecord,
  EMPTY_MEMO,
} from '../../core/alerts/records.ts';
import type { Journal } from '../../core/ports.ts';
import type { FleetState, Rotation, TargetState } from '../../core/records.ts';
import { createMemoryJournal, type Lease, type MemoryJournal } from './memory.ts';
import { RotationFinishedError } from './stored.ts';

/** How many rotations the mirror holds; more than that are lost only if the storage stays away for as long. */
export const MIRRORED_ROTATIONS = 1000;
const MIRRORED_HISTORY = 200;

/** What happened while the storage was away. */
export interface Backlog {
  /** In the order of recording. */
  readonly rotations: Map<string, Rotation>;
  readonly targets: Map<string, TargetState>;
  /** Replayed on what the storage then holds: another process may have changed it meanwhile. */
  readonly fleetChanges: readonly ((state: FleetState) => FleetState)[];
  /** The storage was never read: what it knows of the targets, the mirror does not. */
  readonly isBlind: boolean;
}

/** A mirror of what a degraded run needs: all targets, the open rotations, the latest history, the fleet, the alert book, and leases. */
export async function mirrorOf(storage: Journal, leases: readonly Lease[]): Promise<MemoryJournal> {
  const mirror = createMemoryJournal({ maxFinished: MIRRORED_ROTATIONS });
  const recent = (await storage.rotations({ limit: MIRRORED_HISTORY })).reverse();
  const known = new Set(recent.map(({ id }) => id));
  for (const target of await storage.targets()) {
    await mirror.commit({ target });
    for (const rotation of await storage.openRotations(target.key)) {
      if (!known.has(rotation.id)) await mirror.commit({ rotation });
    }
  }
  for (const rotation of recent) await mirror.commit({ rotation });
  const fleet = await storage.fleet();
  await mirror.updateFleet(() => fleet);
  mirror.setAlertBook(await storage.alertBook());
  for (const lease of leases) mirror.setLease(lease);
  return mirror;
}

/**
 * Brings the storage up to date: the backlog, and what the mirror knows and the storage does not (its file may have
 * been replaced). Returns the leases of the mirror that hold in the storage as well.
 */
export async function writeBack(
  backlog: Backlog,
  mirror: MemoryJournal,
  storage: Journal,
  nowMs: number,
): Promise<Lease[]> {
  for (const target of await mirror.targets()) {
    const stored = await storage.target(target.key);
    const isNews = stored === undefined || (backlog.targets.has(target.key) && !isLater(stored, target, nowMs));
    const isBeside = stored !== undefined && backlog.isBlind;
    if (isNews) await storage.commit({ target: isBeside ? withPastOf(target, stored) : target });
    const open = await mirror.openRotations(target.key);
    const older = open.filter(({ id }) => !backlog.rotations.has(id));
    for (const rotation of older) await commitUnlessFinished(storage, rotation);
  }
  for (const rotation of backlog.rotations.values()) await commitUnlessFinished(storage, rotation);
  if (backlog.fleetChanges.length > 0) {
    await storage.updateFleet((fleet) => backlog.fleetChanges.reduce((state, change) => change(state), fleet));
  }
  const held: Lease[] = [];
  for (const lease of mirror.leases().filter(({ until }) => until > nowMs)) {
    if (await storage.acquireLease(lease.key, lease.token, nowMs, lease.until - nowMs)) held.push(lease);
  }
  return held;
}

/** True if the stored state is of a later pass than ours, and of one that can have happened. */
function isLater(stored: TargetState, ours: TargetState, nowMs: number): boolean {
  const at = stored.lastPassAt ?? 0;
  return at <= nowMs && at > (ours.lastPassAt ?? 0);
}

/**
 * A target as it was seen while nothing was known of the stored one, with what can only be remembered: above all the
 * record that stands in for a client secret which the provider hides.
 */
function withPastOf(seen: TargetState, stored: TargetState): TargetState {
  const isHidden = seen.written === null && (seen.deployed?.fingerprint ?? null) === null;
  return {
    ...seen,
    lastGatherAt: seen.lastGatherAt ?? stored.lastGatherAt,
    lastSuccessAt: seen.lastSuccessAt ?? stored.lastSuccessAt,
    lastRotationAt: seen.lastRotationAt ?? stored.lastRotationAt,
    deployed: isHidden ? stored.deployed : seen.deployed,
    renewalAt: seen.renewalAt ?? stored.renewalAt,
    written: seen.written ?? stored.written,
    maybeWritten: seen.written === null ? (seen.maybeWritten ?? stored.maybeWritten) : seen.maybeWritten,
    configKeys: [...new Set([...stored.configKeys, ...seen.configKeys])].sort(),
    keyThumbprints: { ...stored.keyThumbprints, ...seen.keyThumbprints },
    acceptedKeys: { ...stored.acceptedKeys, ...seen.acceptedKeys },
    foreign: joined(stored.foreign, seen.foreign),
    providerChanges: joined(stored.providerChanges, seen.providerChanges),
    dueSince: seen.dueSince === null ? null : Math.min(seen.dueSince, stored.dueSince ?? seen.dueSince),
    appleAsked: seen.appleAsked ?? stored.appleAsked,
  };
}

function joined<T>(old: readonly T[], fresh: readonly T[]): T[] {
  return [...old, ...fresh.filter((row) => !old.some((each) => isDeepStrictEqual(each, row)))];
}

/** Commits a rotation; one that another process has finished meanwhile stays as that process left it. */
export async function commitUnlessFinished(journal: Journal, rotation: Rotation): Promise<void> {
  try {
    await journal.commit({ rotation });
  } catch (error) {
    if (!(error instanceof RotationFinishedError)) throw error;
  }
}

/**
 * Brings the storage's alert book from `before` (as it was known when the storage was given up) to `now`. What was
 * changed, added or removed meanwhile is so in the storage as well. A row that stands in `before` and is gone from the
 * storage is put back: its file may have been replaced, and a message told twice is better than one that is lost.
 * Rows that were never known here are another process's, and stay.
 */
export async function writeBackAlerts(before: AlertBook, now: AlertBook, storage: Journal): Promise<void> {
  await storage.updateAlerts((stored): AlertUpdate => {
    const conditions = changes(before.conditions, now.conditions, stored.conditions, ({ finding }) => finding.id);
    const deliveries = changes(before.deliveries, now.deliveries, stored.deliveries, ({ id }) => id);
    const channels = changes(before.channels, now.channels, stored.channels, ({ name }) => name);
    const storedConditions = new Map(stored.conditions.map((row) => [row.finding.id, row]));
    const known = new Set(before.conditions.map(({ finding }) => finding.id));
    const isMissing = isDeepStrictEqual(stored.memo, EMPTY_MEMO);
    const isNews = !isDeepStrictEqual(now.memo, isMissing ? EMPTY_MEMO : before.memo);
    return {
      putConditions: conditions.put.map((row) =>
        known.has(row.finding.id) ? row : withPast(row, storedConditions.get(row.finding.id)),
      ),
      removeConditions: conditions.remove,
      addDeliveries: deliveries.put,
      removeDeliveries: deliveries.remove,
      putChannels: channels.put,
      removeChannels: channels.remove,
      ...(isNews ? { memo: withPastMemo(before.memo, now.memo, stored.memo) } : {}),
    };
  });
}

/** Books share the rows that did not change, so a row that is another object is another row. */
function changes<T>(
  before: readonly T[],
  now: readonly T[],
  stored: readonly T[],
  keyOf: (row: T) => string,
): { put: T[]; remove: string[] } {
  const known = new Set(before);
  const there = new Set(stored.map(keyOf));
  const kept = new Set(now.map(keyOf));
  return {
    put: now.filter((row) => !known.has(row) || !there.has(keyOf(row))),
    remove: before.map(keyOf).filter((key) => !kept.has(key)),
  };
}

/** A condition found while nothing was known of the stored one: its all-clear goes also to whom that one was told. */
function withPast(found: ConditionRecord, stored: ConditionRecord | undefined): ConditionRecord {
  if (stored === undefined) return found;
  return { ...found, foundAt: Math.min(stored.foundAt, found.foundAt), told: { ...stored.told, ...found.told } };
}

/**
 * What was begun while nothing was known of the stored memo does not begin anew what that one knows: a target would count
 * as watched since the storage's return alone, and what is overdue as being in time.
 */
function withPastMemo(before: AlertMemo, now: AlertMemo, stored: AlertMemo): AlertMemo {
  const since = Object.entries(now.watchedSince).map(
    ([key, at]) => [key, Math.min(at, stored.watchedSince[key] ?? at)] as const,
  );
  const digestAt = before.digestAt === null ? (stored.digestAt ?? now.digestAt) : now.digestAt;
  return { digestAt, watchedSince: Object.fromEntries(since) };
}
