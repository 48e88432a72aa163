// When each target is due: at a tick, at what its last pass asked for (a retry, the opening of a window or of its lane),
// and when Apple rejects another secret of the same key. It only remembers and answers; the daemon starts what is due.
// Instants are those of the wall clock, in ms.
import { REMEDIES } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import type { TargetState } from '../core/records.ts';
import { LONGEST_RETRY_MS, notBeyond, within } from '../core/schedule.ts';
import { MINUTE } from '../core/time.ts';
import type { PassResult } from '../pass/pass.ts';

/** The least time between two passes of a target: a retry that is due at once must not become a busy loop. */
const SOONEST_MS = 1_000;
/**
 * How often a rejection has all targets of its key checked. When the key is revoked, each of them finds a rejection of
 * its own: sooner, they would wake each other again and again; later, a second trouble of the key would wait.
 */
const KEY_WOKEN_MS = 5 * MINUTE;

interface Due {
  readonly trigger: Trigger;
  readonly isDue: boolean;
  readonly retryAt: number | null;
  readonly wakeAt: number | null;
  /** When its last pass began; infinite: not known. */
  readonly begunAt: number;
}

const NEW: Due = { trigger: 'start', isDue: false, retryAt: null, wakeAt: null, begunAt: Number.POSITIVE_INFINITY };

export class Agenda {
  private readonly due = new Map<string, Due>();
  /** Target → the key id of its deployed secret, as its last pass found it. */
  private readonly keyIds = new Map<string, string>();
  /** Key id → when its targets were woken. */
  private readonly wokenAt = new Map<string, number>();

  /** Every target is due now, and what passes asked for is forgotten. */
  everything(targets: readonly Target[], trigger: Trigger): void {
    this.due.clear();
    for (const { key } of targets) this.due.set(key, { ...NEW, trigger, isDue: true });
  }

  /** A tick: every target is due, except those that wait for a retry. */
  tick(targets: readonly Target[], now: number): void {
    for (const { key } of targets) {
      const due = this.of(key);
      const waits = due.retryAt !== null && notBeyond(due.retryAt, now, LONGEST_RETRY_MS) > now;
      if (!waits) this.due.set(key, { ...due, trigger: 'schedule', isDue: true });
    }
  }

  /** A pass begins: nothing is due until it has ended. Returns what made it due. */
  begin({ key }: Target, now: number): Trigger {
    const { trigger } = this.of(key);
    this.due.set(key, { ...NEW, trigger: 'schedule', begunAt: now });
    return trigger;
  }

  /** A pass has ended, and wants the next one. */
  note({ key }: Target, { state, waitsFor, wakeAt }: PassResult, now: number): void {
    const due = this.of(key);
    const soonest = (at: number | null) => (at === null ? null : Math.max(at, now + SOONEST_MS));
    // The instant of an earlier failure says nothing about a pass that had to wait.
    const retryAt = soonest(waitsFor === null ? state.retry.nextAttemptAt : null);
    const isRetry = retryAt !== null || waitsFor !== null;
    const trigger = isRetry ? 'retry' : due.trigger;
    // What a person must mend is tried at ticks as well.
    const ticks = state.error !== null && REMEDIES[state.error.code] === 'person';
    const wake = earliest(soonest(wakeAt), ticks ? retryAt : null);
    this.due.set(key, { ...due, trigger, retryAt: ticks ? null : retryAt, wakeAt: wake });
    this.noteKey(key, state, due.begunAt, now);
  }

  /** Where this pass heard the first rejection of a run, every other target of the key is due. */
  private noteKey(key: string, { deployed, apple }: TargetState, begunAt: number, now: number): void {
    const keyId = deployed?.keyId;
    if (!keyId) return void this.keyIds.delete(key);
    this.keyIds.set(key, keyId);
    const { answer } = apple.deployed;
    const isFirst = answer?.verdict === 'rejected' && answer.since === answer.at && answer.at >= begunAt;
    if (!isFirst || within(this.wokenAt.get(keyId) ?? null, now, KEY_WOKEN_MS)) return;
    this.wokenAt.set(keyId, now);
    for (const [other, id] of this.keyIds) {
      if (other !== key && id === keyId) this.due.set(other, { ...this.of(other), isDue: true });
    }
  }

  isDue({ key }: Target, now: number): boolean {
    const { isDue, retryAt, wakeAt } = this.of(key);
    if (isDue || (wakeAt !== null && wakeAt <= now)) return true;
    return retryAt !== null && notBeyond(retryAt, now, LONGEST_RETRY_MS) <= now;
  }

  /** When the first of these targets is due; infinite if none has an instant. */
  next(targets: readonly Target[]): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { key } of targets) {
      const { isDue, retryAt, wakeAt } = this.of(key);
      next = Math.min(next, isDue ? 0 : next, retryAt ?? next, wakeAt ?? next);
    }
    return next;
  }

  private of(key: string): Due {
    return this.due.get(key) ?? NEW;
  }
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
