// Who of this process may look at a provider or write to one, lane by lane. A lane carries a few looks at a time, and
// one write at a time, the most urgent first; what one lane waits for never holds up another.
import { compareRanks, type WriteRank } from '../core/lanes.ts';
import { untilAborted } from '../net/abort.ts';
import type { LaneTurns } from '../pass/pass.ts';

/** The lanes of a process, each made when it is first asked for. */
export class Lanes {
  private readonly lanes = new Map<string, Lane>();

  /** `width`: how many looks it carries at a time; that of the first caller counts. */
  lane(name: string, width: number): Lane {
    const lane = this.lanes.get(name) ?? new Lane(width);
    this.lanes.set(name, lane);
    return lane;
  }
}

interface Waiter {
  /** Null: a look. */
  readonly rank: WriteRank | null;
  readonly start: () => void;
}

export class Lane implements LaneTurns {
  private readonly width: number;
  private looking = 0;
  private isWriting = false;
  private readonly looks: Waiter[] = [];
  /** Who waits until a look could begin at once. */
  private readonly rooms: (() => void)[] = [];
  /** The next one first. */
  private readonly writes: Waiter[] = [];

  constructor(width: number) {
    this.width = width;
  }

  /**
   * Resolves when a look could begin at once, or with the signal: so that thousands of passes wait for the lane in a list
   * of their caller, and not each by itself. Nothing is reserved.
   */
  async room(signal: AbortSignal): Promise<void> {
    if (this.hasRoom) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.rooms.push(resolve);
    await untilAborted(promise, signal).catch(() => undefined);
  }

  private get hasRoom(): boolean {
    return this.looking < this.width && this.looks.length === 0;
  }

  look<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.run(this.looks, null, signal, work, () => {
      this.looking -= 1;
    });
  }

  write<T>(rank: WriteRank, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.run(this.writes, rank, signal, work, () => {
      this.isWriting = false;
    });
  }

  private async run<T>(
    queue: Waiter[],
    rank: WriteRank | null,
    signal: AbortSignal,
    work: () => Promise<T>,
    release: () => void,
  ): Promise<T> {
    const { promise: turn, resolve: start } = Promise.withResolvers<void>();
    const waiter = { rank, start };
    queue.splice(queue.findLastIndex((other) => goesBefore(other, waiter)) + 1, 0, waiter);
    this.next();
    try {
      await untilAborted(turn, signal);
      return await work();
    } finally {
      const place = queue.indexOf(waiter);
      // Still in the queue: it gave up while it waited.
      if (place >= 0) queue.splice(place, 1);
      else release();
      this.next();
    }
  }

  /** Starts whatever may start now. */
  private next(): void {
    while (this.looking < this.width && this.looks.length > 0) {
      this.looking += 1;
      this.looks.shift()?.start();
    }
    if (this.hasRoom) this.rooms.shift()?.();
    const [first] = this.writes;
    if (first === undefined || this.isWriting) return;
    // A target that goes last waits until the looks are over too: one of them may want to write.
    if (first.rank?.failedAt != null && this.looking > 0) return;
    this.isWriting = true;
    this.writes.shift()?.start();
  }
}

function goesBefore(a: Waiter, b: Waiter): boolean {
  return a.rank === null || b.rank === null || compareRanks(a.rank, b.rank) <= 0;
}
