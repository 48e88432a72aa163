// When each target is due: at a tick, at what its last pass asked for (a retry, the opening of a window or of its lane),
// when Apple rejects another secret of the same key, and when another target of its lane fails for what they share. It only remembers and answers; the daemon starts what is due.
// What it costs to ask does not depend on the number of targets, but at a tick. Instants are ms by the wall clock.
import TinyQueue from 'tinyqueue';
import { concernsLane } from '../core/alerts/causes.ts';
import { REMEDIES } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import type { TargetState } from '../core/records.ts';
import { LONGEST_RETRY_MS, notBeyond, retryDelayMs, within } from '../core/schedule.ts';
import { HOUR, MINUTE, SECOND } from '../core/time.ts';
import type { PassResult } from '../pass/pass.ts';

/** The least time between two passes of a target: a retry that is due at once must not become a busy loop. */
const SOONEST_MS = 1_000;
/**
 * How often a rejection has all targets of its key checked. When the key is revoked, each of them finds a rejection of
 * its own: sooner, they would wake each other again and again; later, a second trouble of the key would wait.
 */
const KEY_WOKEN_MS = 5 * MINUTE;
/**
 * For how long the second question about a rejected secret waits for the first one about the others of its key. Of a
 * revoked key all are then told of together; longer would keep the first of thousands waiting.
 */
const KEY_WAITS_MS = 20 * MINUTE;
/** Where the targets of a key have not all had a pass after so long, something holds one up, and the others may be woken. */
const LONGEST_WAVE_MS = 6 * HOUR;
/** How soon it is looked again whether they all were asked about. */
const KEY_POLL_MS = 30 * SECOND;
/**
 * How often a failure has the other targets of its lane checked, so that the alert can say how many there are. Sooner
 * would double the calls of a lane of which a part fails at every retry; a tick finds the others as well.
 */
const LANE_WOKEN_MS = HOUR;

interface Due {
  readonly key: string;
  /** Of its deployed secret, as its last pass found it. */
  readonly keyId: string | undefined;
  readonly trigger: Trigger;
  /** At once; where a pass is under way, after it. */
  readonly isDue: boolean;
  readonly retryAt: number | null;
  readonly wakeAt: number | null;
  /** When its last pass began; infinite: not known. */
  readonly begunAt: number;
  readonly isRunning: boolean;
}

const NEW: Omit<Due, 'key'> = {
  keyId: undefined,
  trigger: 'start',
  isDue: false,
  retryAt: null,
  wakeAt: null,
  begunAt: Number.POSITIVE_INFINITY,
  isRunning: false,
};

export class Agenda {
  private readonly targets = new Map<string, Due>();
  /** Those that are due at once and not running, in the order in which they became so. */
  private readonly ready = new Set<string>();
  /** Those that are due at an instant, the soonest first; one that was replaced meanwhile is dropped. */
  private alarms = alarmQueue();
  /** Each key id once: thousands of targets may have the same one. */
  private readonly keyIds = new Map<string, string>();
  /** Targets whose deployed secret Apple has rejected once. */
  private readonly rejectedOnce = new Set<string>();
  /** Key id → its targets that were woken for a rejection, and have had no pass since, by how they were then. */
  private readonly unheard = new Map<string, Map<string, 'due' | 'under way'>>();
  /** Lane → its targets whose last pass did not fail. */
  private readonly well = new Map<string, Set<string>>();
  /** Key id or lane → when its targets were woken. */
  private readonly wokenAt = new Map<string, number>();

  /** These are the targets; each is due now, and what passes asked for is forgotten. A pass under way goes on. */
  everything(keys: Iterable<string>, trigger: Trigger): void {
    const before = new Map(this.targets);
    this.targets.clear();
    this.unheard.clear();
    this.ready.clear();
    this.alarms = alarmQueue();
    for (const key of keys) {
      const { isRunning, begunAt, keyId } = before.get(key) ?? NEW;
      this.set({ ...NEW, key, trigger, isDue: true, isRunning, begunAt, keyId });
    }
  }

  /** A tick: every target is due, except those that wait for a retry. */
  tick(now: number): void {
    for (const due of this.targets.values())
      if (due.retryAt === null || due.retryAt <= now) this.set({ ...due, trigger: 'schedule', isDue: true });
  }

  /** It is due at once, unless a pass of it is under way. */
  wake(key: string): void {
    const due = this.targets.get(key);
    if (due !== undefined && !due.isRunning) this.set({ ...due, trigger: 'retry', isDue: true });
  }

  /** A pass begins: nothing is due until it has ended. Returns what made it due. */
  begin({ key }: Target, now: number): Trigger {
    const { trigger, keyId } = this.targets.get(key) ?? NEW;
    this.set({ ...NEW, key, keyId, trigger: 'schedule', begunAt: now, isRunning: true });
    return trigger;
  }

  /** A pass in this lane has ended, and wants the next one. */
  note({ key }: Target, lane: string, { state, waitsFor, wakeAt }: PassResult, now: number): void {
    const due = this.targets.get(key);
    // It has left the configuration.
    if (due === undefined) return;
    const soonest = (at: number | null) => (at === null ? null : Math.max(at, now + SOONEST_MS));
    // The instant of an earlier failure says nothing about a pass that had to wait.
    const { failures, nextAttemptAt } = state.retry;
    // What a wrong clock has put off by what it is wrong need not wait where the clock is right.
    const longest = state.error?.code === 'ERR_CLOUDBASE_CLOCK' ? retryDelayMs(failures) : LONGEST_RETRY_MS;
    const wanted = waitsFor === null && nextAttemptAt !== null ? notBeyond(nextAttemptAt, now, longest) : null;
    const retryAt = soonest(wanted);
    const isRetry = retryAt !== null || waitsFor !== null;
    const trigger = isRetry ? 'retry' : due.trigger;
    // What a person must mend is tried at ticks as well.
    const ticks = state.error !== null && REMEDIES[state.error.code] === 'person';
    const wake = earliest(soonest(wakeAt), ticks ? retryAt : null);
    const keyId = this.keyIdOf(state);
    const after = { ...due, keyId, trigger, retryAt: ticks ? null : retryAt, wakeAt: wake, isRunning: false };
    this.set(after);
    this.noteKey(after, due.keyId, state, now);
    this.noteLane(key, lane, state, now);
  }

  /** The targets that are due and not running. */
  due(now: number): readonly string[] {
    for (let due = this.firstAlarm(); due !== undefined && alarmOf(due) <= now; due = this.firstAlarm()) {
      this.alarms.pop();
      if (this.waitsForKey(due, now)) this.set({ ...due, wakeAt: now + KEY_POLL_MS, retryAt: null });
      else this.ready.add(due.key);
    }
    return [...this.ready];
  }

  /** When the next target is due that is not running; infinite if none has an instant. */
  next(): number {
    if (this.ready.size > 0) return 0;
    const first = this.firstAlarm();
    return first === undefined ? Number.POSITIVE_INFINITY : alarmOf(first);
  }

  /** Where this pass heard the first rejection of a run, every other target of the key is due. */
  private noteKey(due: Due, keyIdBefore: string | undefined, { apple }: TargetState, now: number): void {
    const { key, keyId, begunAt } = due;
    this.heardOf(due, keyIdBefore, apple.deployed.askedAt ?? 0);
    if (keyId === undefined) return;
    const { answer } = apple.deployed;
    const isOnce = answer?.verdict === 'rejected' && answer.since === answer.at;
    if (isOnce) this.rejectedOnce.add(key);
    else this.rejectedOnce.delete(key);
    const isFirst = isOnce && answer.at >= begunAt;
    const wokenAt = this.wokenAt.get(keyId) ?? null;
    if (!isFirst || within(wokenAt, now, this.isWave(keyId) ? LONGEST_WAVE_MS : KEY_WOKEN_MS)) return;
    this.wokenAt.set(keyId, now);
    const woken = new Map<string, 'due' | 'under way'>();
    for (const other of this.targets.values()) {
      if (other.key === key || other.keyId !== keyId) continue;
      if (!other.isRunning) this.set({ ...other, isDue: true });
      woken.set(other.key, other.isRunning ? 'under way' : 'due');
    }
    this.unheard.set(keyId, woken);
  }

  /** Its pass has ended: if it was under way when the targets of its key were woken, and had asked, it is due once more. */
  private heardOf(due: Due, keyId = '', askedAt: number): void {
    const { key } = due;
    const unheard = this.unheard.get(keyId);
    const isOlder = unheard?.get(key) === 'under way' && askedAt < (this.wokenAt.get(keyId) ?? 0);
    unheard?.delete(key);
    if (isOlder) this.set({ ...due, isDue: true });
  }

  /** Targets of a key were woken for a rejection, and some had no pass yet. */
  private isWave(keyId: string): boolean {
    return (this.unheard.get(keyId)?.size ?? 0) > 0;
  }

  /** Its secret was rejected once, shortly, and others of its key were not asked about since. */
  private waitsForKey({ key, keyId = '', begunAt }: Due, now: number): boolean {
    return this.isWave(keyId) && this.rejectedOnce.has(key) && within(begunAt, now, KEY_WAITS_MS);
  }

  /** Where a pass failed for what its lane shares, the others are due; a pass that is under way finds it by itself. */
  private noteLane(key: string, lane: string, { state, error }: TargetState, now: number): void {
    const well = this.well.get(lane) ?? new Set<string>();
    this.well.set(lane, well);
    if (state !== 'failed') return void well.add(key);
    well.delete(key);
    if (!concernsLane(error) || within(this.wokenAt.get(lane) ?? null, now, LANE_WOKEN_MS)) return;
    this.wokenAt.set(lane, now);
    for (const other of well) {
      const due = this.targets.get(other);
      if (due !== undefined && !due.isRunning) this.set({ ...due, isDue: true });
    }
  }

  /** The key id of the deployed secret. */
  private keyIdOf({ deployed }: TargetState): string | undefined {
    const keyId = deployed?.keyId;
    if (!keyId) return undefined;
    const known = this.keyIds.get(keyId) ?? keyId;
    this.keyIds.set(known, known);
    return known;
  }

  private set(due: Due): void {
    const { key } = due;
    this.targets.set(key, due);
    this.ready.delete(key);
    if (due.isRunning) return;
    if (due.isDue) this.ready.add(key);
    else if (alarmOf(due) !== Number.POSITIVE_INFINITY) this.alarms.push(due);
  }

  /** The first alarm that still holds; those that were overtaken are dropped. */
  private firstAlarm(): Due | undefined {
    for (let first = this.alarms.peek(); first !== undefined; first = this.alarms.peek()) {
      if (this.targets.get(first.key) === first && !this.ready.has(first.key)) return first;
      this.alarms.pop();
    }
    return undefined;
  }
}

function alarmQueue(): TinyQueue<Due> {
  return new TinyQueue<Due>([], (a, b) => alarmOf(a) - alarmOf(b));
}

/** When it is due; infinite: at no instant. */
function alarmOf({ retryAt, wakeAt }: Due): number {
  return earliest(retryAt, wakeAt) ?? Number.POSITIVE_INFINITY;
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
