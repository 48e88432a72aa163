// What a pass is given, and what it answers: the tools that it works with, what the caller wants, and the result.
import type { RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { PassJournal } from '../core/journal-ports.ts';
import type { WriteRank } from '../core/lanes.ts';
import type { AppleCheck, Clock, KeySource, LoginCheck, Provider } from '../core/ports.ts';
import type { Outcome, Trigger } from '../core/reasons.ts';
import type { Rotation, TargetState } from '../core/records.ts';

/** The turns of one lane, over all passes of the process. */
export interface LaneTurns {
  /** Runs `work` when the lane has room for another look at a provider. Rejects like `write`. */
  look<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` when no other write of the lane is under way and none of a higher rank waits, over all processes of the
   * journal. Rejects with what `work` throws, or with the signal's reason if it aborts before the turn has come. The
   * signal that `work` gets aborts when the turn is lost to another process.
   */
  write<T>(rank: WriteRank, signal: AbortSignal, work: (turn: AbortSignal) => Promise<T>): Promise<T>;
}

/** The adapters are those of the target. */
export interface PassTools {
  readonly clock: Clock;
  readonly journal: PassJournal;
  readonly emit: EventSink;
  readonly keySource: KeySource;
  readonly provider: Provider;
  readonly apple: AppleCheck;
  /** Undefined: it is not asked. */
  readonly loginCheck: LoginCheck | undefined;
  readonly lane: LaneTurns;
  /** True while the journal keeps its state in memory only. */
  readonly isDegraded: () => boolean;
  /** True while other replicas may be at work unseen: what is not urgent, as far as is known, is not even looked at. */
  readonly standsBack?: () => boolean;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** When this process began, ms since the epoch. */
  readonly startedAt: number;
  /** The start of this daemon, where the one before it ended without closing the journal; undefined otherwise. */
  readonly crashedBefore: number | undefined;
  /** Begins the token of every lease of this process, so that its leases can be ended once it is known to be dead. */
  readonly leaseHolder: string;
  /** The next tick of the schedule; undefined if there is none. */
  readonly nextTick: () => number | undefined;
}

export interface PassRequest {
  readonly trigger: Trigger;
  readonly requestedBy: string | null;
  /** Rotate even if nothing objects, and accept the provider's other fields as they are now. */
  readonly force: boolean;
  readonly waiveAppleCheck: boolean;
  /** How long to wait for another process that works on the target. */
  readonly leaseWaitMs: number;
  /** Drops a pass that has not recorded its intent. */
  readonly drop: AbortSignal;
  /** Cuts off even a pass that has. */
  readonly cutOff: AbortSignal;
  /** Called with the row of the pass once it is journalled. Must not throw. */
  readonly onRow?: (row: Pick<Rotation, 'targetKey' | 'id'>) => void;
}

export interface PassResult {
  readonly state: TargetState;
  /** The outcome of the pass's row; null if it had none. */
  readonly outcome: Outcome | null;
  /** Why the pass did not rotate although a rotation is wanted and nothing is wrong. */
  readonly waitsFor: RotatorError | null;
  /** When a target that waits is to be checked again, beside ticks and retries. */
  readonly wakeAt: number | null;
  /** Our wall clock less CloudBase's in ms, by the last reading of this pass; undefined if none told. */
  readonly skewMs: number | undefined;
}
