// When each target is due: at a tick, and at what its last pass asked for (a retry, the opening of a window or of its
// lane). It only remembers and answers; the daemon starts what is due. Instants are those of the wall clock, in ms.
import type { Target } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import { LONGEST_RETRY_MS, notBeyond } from '../core/schedule.ts';
import type { PassResult } from '../pass/pass.ts';

/** The least time between two passes of a target: a retry that is due at once must not become a busy loop. */
const SOONEST_MS = 1_000;

interface Due {
  readonly trigger: Trigger;
  readonly isDue: boolean;
  readonly retryAt: number | null;
  readonly wakeAt: number | null;
}

const NEW: Due = { trigger: 'start', isDue: false, retryAt: null, wakeAt: null };

export class Agenda {
  private readonly due = new Map<string, Due>();

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
  begin({ key }: Target): Trigger {
    const { trigger } = this.of(key);
    this.due.set(key, { ...NEW, trigger: 'schedule' });
    return trigger;
  }

  /** A pass has ended, and wants the next one. */
  note({ key }: Target, { state, waitsFor, wakeAt }: PassResult, now: number): void {
    const due = this.of(key);
    const soonest = (at: number | null) => (at === null ? null : Math.max(at, now + SOONEST_MS));
    // The instant of an earlier failure says nothing about a pass that had to wait.
    const retryAt = soonest(waitsFor === null ? state.retry.nextAttemptAt : null);
    const isRetry = retryAt !== null || waitsFor !== null;
    this.due.set(key, { ...due, trigger: isRetry ? 'retry' : due.trigger, retryAt, wakeAt: soonest(wakeAt) });
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
