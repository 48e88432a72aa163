// The leases that this process holds: renewed together every 10 s, in one transaction, until each is released. Whoever
// holds one hears when it is lost.

import type { LeaseName, OnLost } from '../../core/journal-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { LEASE_MS, LONGEST_WRITE_MS, RENEW_LEASE_MS } from '../../core/schedule.ts';

/** By which clock leases are taken and renewed. */
export type JournalClock = Pick<Clock, 'now' | 'monotonic' | 'every'>;

interface Held extends LeaseName {
  readonly onLost: OnLost;
  /** On the monotonic clock. */
  renewedAt: number;
}

/** Renews leases and gives those that are lost. */
type Renew = (leases: readonly LeaseName[]) => Promise<readonly LeaseName[]>;

export class HeldLeases {
  readonly #clock: JournalClock;
  readonly #held = new Map<string, Held>();
  #stop: (() => void) | undefined;

  constructor(clock: JournalClock) {
    this.#clock = clock;
  }

  get list(): readonly LeaseName[] {
    return [...this.#held.values()];
  }

  add(lease: LeaseName, onLost: OnLost, renew: Renew): void {
    this.#held.set(nameOf(lease), { ...lease, onLost, renewedAt: this.#clock.monotonic() });
    this.#stop ??= this.#clock.every(RENEW_LEASE_MS, () => this.#renewAll(renew));
  }

  remove(lease: LeaseName): void {
    this.#held.delete(nameOf(lease));
    if (this.#held.size === 0) this.close();
  }

  /** Somebody else has it. */
  lose(lease: LeaseName): void {
    const held = this.#held.get(nameOf(lease));
    this.remove(lease);
    held?.onLost();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  async #renewAll(renew: Renew): Promise<void> {
    const now = this.#clock.monotonic();
    const due = [...this.#held.values()];
    try {
      const lost = new Set((await renew(due)).map(nameOf));
      for (const held of due) {
        if (!lost.has(nameOf(held))) held.renewedAt = Math.max(held.renewedAt, now);
        // One that was released meanwhile, and perhaps taken anew, is not lost.
        else if (this.#held.get(nameOf(held)) === held) this.lose(held);
      }
    } catch {
      // The journal cannot be written. A write that began now must end before another process may take the lease.
      const latest = this.#clock.monotonic() - (LEASE_MS - LONGEST_WRITE_MS);
      for (const held of [...this.#held.values()]) if (held.renewedAt <= latest) this.lose(held);
    }
  }
}

function nameOf({ key, token }: LeaseName): string {
  return `${token} ${key}`;
}
