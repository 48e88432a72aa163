// Who may look at a provider or write to one, lane by lane. A lane carries a few looks of this process at a time, and one
// write of all processes, the most urgent first; what one lane waits for never holds up another. Within the process the
// first write in line is known at once; only that one stands for the process in the line of the journal.
import { RotatorError } from '../core/errors.ts';
import type { Turns } from '../core/journal-ports.ts';
import { compareRanks, type WriteRank } from '../core/lanes.ts';
import type { Clock } from '../core/ports.ts';
import { untilAborted } from '../net/abort.ts';
import type { LaneTurns } from '../pass/pass.ts';

/** Where the turns of all processes are kept. */
export interface LaneTools {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly journal: Turns;
  /** Begins the token of each lane's lease. */
  readonly leaseHolder: string;
  readonly newId: () => string;
}

/**
 * How often a turn that another process has is asked for. A write takes a second or more: with more, lanes would stand
 * idle between the writes of two processes; with less, each wait would cost more transactions.
 */
const TURN_POLL_MS = 250;

/** The lanes of a process, each made when it is first asked for. */
export class Lanes {
  private readonly lanes = new Map<string, Lane>();

  /** `width`: how many looks it carries at a time; that of the first caller counts, and so do its tools. */
  lane(name: string, width: number, tools: LaneTools): Lane {
    const lane = this.lanes.get(name) ?? new Lane(name, width, tools);
    this.lanes.set(name, lane);
    return lane;
  }
}

interface Waiter {
  /** Null: a look. */
  readonly rank: WriteRank | null;
  readonly start: (turn: AbortSignal) => void;
  readonly fail: (error: unknown) => void;
}

export class Lane implements LaneTurns {
  private readonly name: string;
  private readonly width: number;
  private readonly tools: LaneTools;
  private readonly token: string;
  private looking = 0;
  /** A write has its turn, or the first one in line asks for it. */
  private isWriting = false;
  private readonly looks: Waiter[] = [];
  /** Who waits until a look could begin at once. */
  private readonly rooms: (() => void)[] = [];
  /** The next one first. */
  private readonly writes: Waiter[] = [];
  /** The write that stands for this process in the line of the journal, and what ends its wait there. */
  private asking: Waiter | undefined;
  private askAgain = new AbortController();

  constructor(name: string, width: number, tools: LaneTools) {
    this.name = name;
    this.width = width;
    this.tools = tools;
    this.token = `${tools.leaseHolder}${tools.newId()}`;
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
    return this.run(this.looks, null, signal, work, async () => {
      this.looking -= 1;
    });
  }

  write<T>(rank: WriteRank, signal: AbortSignal, work: (turn: AbortSignal) => Promise<T>): Promise<T> {
    return this.run(this.writes, rank, signal, work, () => this.passTurnOn());
  }

  private async run<T>(
    queue: Waiter[],
    rank: WriteRank | null,
    signal: AbortSignal,
    work: (turn: AbortSignal) => Promise<T>,
    release: () => Promise<void>,
  ): Promise<T> {
    const { promise: turn, resolve: start, reject: fail } = Promise.withResolvers<AbortSignal>();
    const waiter = { rank, start, fail };
    queue.splice(queue.findLastIndex((other) => goesBefore(other, waiter)) + 1, 0, waiter);
    this.next();
    let hasFailed = false;
    turn.catch(() => {
      hasFailed = true;
    });
    try {
      return await work(await untilAborted(turn, signal));
    } finally {
      const place = queue.indexOf(waiter);
      // Still in the queue: it gave up while it waited.
      if (place >= 0) queue.splice(place, 1);
      else if (!hasFailed) await release();
      this.next();
    }
  }

  /** Starts whatever may start now. */
  private next(): void {
    if (this.asking !== undefined && this.asking !== this.ready) this.askAgain.abort(new Error('the line has changed'));
    while (this.looking < this.width && this.looks.length > 0) {
      this.looking += 1;
      this.looks.shift()?.start(NEVER);
    }
    if (this.hasRoom) this.rooms.shift()?.();
    if (this.isWriting || this.ready === undefined) return;
    this.isWriting = true;
    void this.startWrite();
  }

  /** The first write in line; undefined where none may begin. */
  private get ready(): Waiter | undefined {
    const [first] = this.writes;
    // A target that goes last waits until the looks are over too: one of them may want to write.
    return first?.rank?.failedAt != null && this.looking > 0 ? undefined : first;
  }

  /** Asks the journal until the first write in line has its turn, whichever that is by then, or none waits any more. */
  private async startWrite(): Promise<void> {
    try {
      for (let first = this.ready; first !== undefined; first = this.ready) {
        const lost = new AbortController();
        this.asking = first;
        this.askAgain = new AbortController();
        const isOurs = await this.takeTurn(first, () => lost.abort(new RotatorError('ERR_LEASE_LOST', null)));
        if (isOurs && this.ready !== undefined) return this.writes.shift()?.start(lost.signal);
        if (isOurs) continue;
        await this.tools.clock.sleep(TURN_POLL_MS, this.askAgain.signal).catch(() => undefined);
      }
      await this.endTurn();
    } catch (error) {
      await this.endTurn();
      this.writes.shift()?.fail(error);
    } finally {
      this.asking = undefined;
    }
    this.isWriting = false;
    this.next();
  }

  /** To the next write in line, which keeps it: to end it and take it again would be two transactions. */
  private async passTurnOn(): Promise<void> {
    if (this.ready !== undefined) return void this.startWrite();
    await this.endTurn();
    this.isWriting = false;
  }

  private async takeTurn({ rank }: Waiter, onLost: () => void): Promise<boolean> {
    return rank !== null && this.tools.journal.takeTurn(this.name, this.token, rank, onLost);
  }

  private async endTurn(): Promise<void> {
    // Where the journal cannot be written, the turn ends by itself, as it does after a crash.
    await this.tools.journal.endTurn(this.name, this.token).catch(() => undefined);
  }
}

/** A look takes nothing that could be lost. */
const NEVER = new AbortController().signal;

function goesBefore(a: Waiter, b: Waiter): boolean {
  return a.rank === null || b.rank === null || compareRanks(a.rank, b.rank) <= 0;
}
