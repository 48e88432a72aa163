// The leases that this process holds: renewed together every 10 s, in one transaction, until each is released. Whoever
// holds one hears when it is lost.
import type { Clock, LeaseName } from '../../core/ports.ts';
import { LEASE_MS, LONGEST_WRITE_MS, RENEW_LEASE_MS } from '../../core/schedule.ts';

/** By which clock leases are taken and renewed. */
export type JournalClock = Pick<Clock, 'now' | 'monotonic' | 'every'>;

interface Held extends LeaseName {
  readonly onLost: () => void;
  /** On the monotonic clock. */
  renewedAt: number;
}

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

  /** `renew` renews leases and gives those that are lost. */
  add(lease: LeaseName, onLost: () => void, renew: (leases: readonly LeaseName[]) => readonly LeaseName[]): void {
    this.#held.set(nameOf(lease), { ...lease, onLost, renewedAt: this.#clock.monotonic() });
    this.#stop ??= this.#clock.every(RENEW_LEASE_MS, () => this.#renewAll(renew));
  }

  remove(lease: LeaseName): void {
    this.#held.delete(nameOf(lease));
    if (this.#held.size === 0) this.close();
  }

  /** All others were renewed. */
  noteRenewal(lost: readonly LeaseName[]): void {
    const gone = lost.flatMap((lease) => this.#held.get(nameOf(lease)) ?? []);
    for (const held of this.#held.values()) held.renewedAt = this.#clock.monotonic();
    for (const held of gone) this.#lose(held);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #renewAll(renew: (leases: readonly LeaseName[]) => readonly LeaseName[]): void {
    try {
      this.noteRenewal(renew(this.list));
    } catch {
      // The journal cannot be written. A write that began now must end before another process may take the lease.
      const latest = this.#clock.monotonic() - (LEASE_MS - LONGEST_WRITE_MS);
      for (const held of [...this.#held.values()]) if (held.renewedAt <= latest) this.#lose(held);
    }
  }

  #lose(held: Held): void {
    this.remove(held);
    held.onLost();
  }
}

function nameOf({ key, token }: LeaseName): string {
  return `${token} ${key}`;
}
