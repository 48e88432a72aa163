// The seams between passes and the journal, and between the replicas that share one. Each comment is the contract that
// every journal keeps, in a file or in PostgreSQL; the shared tests in test/contract/ hold them to it.
import type { AlertBook, AlertUpdate } from './alerts/records.ts';
import type { StoredError } from './error-params.ts';
import type { WriteRank } from './lanes.ts';
import type { Trigger } from './reasons.ts';
import type { FleetState, ReplicaReport, Rotation, TargetState } from './records.ts';

/** One atomic change of what a pass records. */
export interface JournalChange {
  readonly target?: TargetState;
  /** Inserts the rotation, or completes the open one of the same id; a finished one never changes again. */
  readonly rotation?: Rotation;
  /**
   * The lease under which it is written: it `begins` with it, lasts anew, or `ends` with it. Where it is lost:
   * ERR_LEASE_LOST; where somebody else holds it as it should begin: ERR_LEASE_HELD.
   */
  readonly lease?: LeaseName & ({ readonly begins: OnLost } | { readonly ends: boolean });
  /**
   * What the caller has seen of the target, without a lease or as one begins. Where it was written again since, or
   * another process holds its lease: ERR_LEASE_HELD.
   */
  readonly seen?: SeenTarget;
}

/** Called once if a lease turns out to be lost, or could not be renewed for so long that another may have it. */
export type OnLost = () => void;

/** Names a lease and who holds it. */
export interface LeaseName {
  readonly key: string;
  readonly token: string;
}

/** By what is told whether a target is as it was. */
export interface SeenTarget {
  /** The number of its last writing; 0: there was none. */
  readonly revision: number;
  /** How many rotations of it are open. */
  readonly open: number;
}

/** What the journal knows of a target, as of one instant. */
export interface TargetRecord {
  readonly state: TargetState | undefined;
  readonly seen: SeenTarget;
  /** Its open rotations, oldest first. */
  readonly open: readonly Rotation[];
  /** Somebody holds its lease. */
  readonly isHeld: boolean;
}

export interface RotationFilter {
  /** The target's name when it was rotated, or its key. */
  readonly target?: string;
  /** The id of a rotation: only those that were begun before it. */
  readonly before?: string;
  /** Newest first; at most this many. */
  readonly limit: number;
  /** Of those, the ones that wrote this secret. */
  readonly fingerprint?: string;
}

// The journal is the durable record. Every method of its parts may throw ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER.
// What a resolved call wrote survives a crash and is seen by every later read of any process. It survives the end of the
// machine as well, but for what only living processes need (leases, turns, and a row that begins with its lease, until the
// next commit) and for what a pass has seen and done nothing about, which the next one sees again.

/**
 * How far the writing of target states had got. Opaque: it is only handed back to the journal that gave it. To a journal
 * that did not give it (the file, after one in memory) it says nothing.
 */
export interface Revision {
  readonly source: object;
  readonly number: number;
}

/** What was written since an earlier look. */
export interface ChangedTargets {
  /** What to hand in at the next look. */
  readonly revision: Revision;
  /** In the order in which they were written; one that was written twice is here once. */
  readonly states: readonly TargetState[];
}

/** What the last pass of each target found. */
export interface TargetStates {
  target(key: string): Promise<TargetState | undefined>;
  record(key: string): Promise<TargetRecord>;
  /** By name. They are read in pages: each is as of some instant during the call. */
  targets(): Promise<TargetState[]>;
  /** Key → when the deployed secret expires, where that is known. */
  expiries(): Promise<ReadonlyMap<string, number>>;
  /**
   * What any process has written since, at most `limit` of them, those that were written first; everything with
   * `undefined`, or with a revision that says nothing here.
   */
  changedSince(revision: Revision | undefined, limit: number): Promise<ChangedTargets>;
}

export interface Rotations {
  /** Open rotations (outcome null) of a target, oldest first. */
  openRotations(key: string): Promise<Rotation[]>;
  rotations(filter: RotationFilter): Promise<Rotation[]>;
}

/** Records what a pass did. */
export interface PassRecorder {
  /** All or nothing. Throws ERR_LEASE_LOST and ERR_LEASE_HELD. */
  commit(change: JournalChange): Promise<void>;
}

/** What concerns every target of the journal. */
export interface Fleet {
  fleet(): Promise<FleetState>;
  /** Atomic read-modify-write, also over processes; `change` may run more than once. Returns what was stored. */
  updateFleet(change: (state: FleetState) => FleetState): Promise<FleetState>;
}

/**
 * Who works on a target, writes in a lane or sends over a channel, over all processes. A lease lasts 45 s by the
 * journal's clock, and the journal renews it every 10 s until it is released.
 */
export interface Leases {
  /**
   * Takes a lease if it is free, expired, void (it ends further ahead than any right clock could have written), of a
   * process that is known to be gone, or held with the same token. False: somebody else holds it.
   */
  acquireLease(key: string, token: string, onLost?: OnLost): Promise<boolean>;
  /**
   * True: it is ours, and was renewed within the last 10 s; if need be now, even after it has expired, unless somebody
   * has taken it since. False: it is not ours any more.
   */
  renewLease(key: string, token: string): Promise<boolean>;
  /** Ends the lease if it is ours; otherwise does nothing. */
  releaseLease(key: string, token: string): Promise<void>;
}

/** The order of the writes of a lane, over all processes. */
export interface Turns {
  /**
   * Takes the lane's lease, or keeps it for a further write, unless another process has it or waits with a write that
   * goes before this one. False: the turn is not the caller's, also if it was; it now waits in the line with this rank,
   * and asks again within 10 s at most.
   */
  takeTurn(lane: string, token: string, rank: WriteRank, onLost?: OnLost): Promise<boolean>;
  /** Ends the turn, or leaves the line. */
  endTurn(lane: string, token: string): Promise<void>;
}

/** Who else works with a journal. */
export interface Company {
  readonly others: boolean;
  /** How long ago the last one left, in ms; undefined: nobody did within the last hour. */
  readonly leftMsAgo: number | undefined;
}

/** The pace of calls to the outside, over all processes. */
export interface SharedPace {
  /** Costs next to nothing, so that it can be asked before each call. */
  company(): Promise<Company>;
  /** Takes the next free place of a pace, `gapMs` after the one before; resolves to how many ms away it is. */
  takePlace(pace: string, gapMs: number): Promise<number>;
}

/** What passes have recorded. */
export interface Recorded {
  target(key: string): TargetState | undefined;
  /** The target that was last recorded under a name; undefined: none was. */
  named(name: string): TargetState | undefined;
  /** As in TargetStates. */
  changedSince(revision: Revision | undefined, limit: number): ChangedTargets;
  fleet(): FleetState;
}

/** A pass that some replica is to make. */
export interface PassJob {
  /** Of the target. */
  readonly key: string;
  readonly trigger: Trigger;
  readonly lane: string;
  /** The greatest goes first. */
  readonly priority: number;
}

/** A pass that was given to this replica. */
export interface GivenJob extends Pick<PassJob, 'key' | 'trigger'> {
  /** It was given to a replica before, which has not made it. */
  readonly again: boolean;
  /** Is aborted when this replica was taken for dead, and the pass was given to another one. */
  readonly lost: AbortSignal;
}

/** Hands passes out over the replicas that have the same configuration. */
export interface PassQueue {
  /**
   * Has this replica make passes of this configuration, and no others; without `make` it takes none, and can ask for some.
   * A pass of which `make` gives false, or whose replica dies, is given out again. Called again for the same configuration, it only brings back what `keepOnly` of
   * another replica took away. Throws while the database cannot be reached.
   */
  serve(configuration: string, make?: (job: GivenJob) => Promise<boolean>): Promise<void>;
  /** Takes no passes until `serve` is called again. Works without the database. */
  rest(): Promise<void>;
  /**
   * Asks for passes of the configuration that is served. Of a target at most one waits and one is made at a time. Throws
   * while the database cannot be reached.
   */
  ask(jobs: readonly PassJob[]): Promise<void>;
  /** Removes what waits, and is kept, for all other configurations. Throws while the database cannot be reached. */
  keepOnly(configurations: readonly string[]): Promise<void>;
  /** Takes no more passes; resolves when those that were taken are given back or made. Never rejects. */
  close(): Promise<void>;
}

/** A replica as the journal knows it; how long ago is by the journal's clock. */
export interface SeenReplica extends ReplicaReport {
  /** When it reported last, in ms by the journal's clock, and how long ago that is. */
  readonly seenAt: number;
  readonly silentMs: number;
  /** Since its first report. */
  readonly knownMs: number;
  /** It has said goodbye. */
  readonly left: boolean;
}

/** Which replicas share a journal. Where it cannot be reached, nothing is written, and what was read last is given. */
export interface ReplicaRegister {
  report(report: ReplicaReport): Promise<void>;
  /** Says goodbye. */
  leave(name: string): Promise<void>;
  /** Those that reported within the last day, by name. */
  replicas(): Promise<readonly SeenReplica[]>;
  /** The keys of targets with an open rotation on which nobody works any more. */
  abandoned(): Promise<readonly string[]>;
}

/** What a request with an Idempotency-Key was answered. */
export interface AnsweredRequest {
  readonly targetKey: string;
  /** Of the rotation that was begun for it. */
  readonly id: string;
}

/** The answers of the last 24 h, so that a request that is sent again begins nothing else. */
export interface AnsweredRequests {
  /** By the digest of its Idempotency-Key. */
  answered(digest: string): Promise<AnsweredRequest | undefined>;
  keepAnswer(digest: string, answer: AnsweredRequest): Promise<void>;
}

/** What is kept for alerts. */
export interface AlertStore {
  /**
   * Everything that is kept for alerts, as of one instant; frozen. Stories and channels come in the order of their first
   * writing. A row that cannot be read is left out, and removed by the next `updateAlerts`, so that it cannot silence the
   * others: a story that lasts is then found and told anew, and a channel begins without a past.
   */
  alertBook(): Promise<AlertBook>;
  /**
   * Atomic read-modify-write of the book, also over processes; `change` may run more than once, and if it throws
   * nothing is changed. Removals go first; removing what is not there does nothing.
   * Returns the update as it was stored: frozen, and redacted. What `recorded` gives is as of the same instant: with
   * what was read before, a process would take back what another one has found meanwhile.
   */
  updateAlerts(change: (book: AlertBook, recorded: Recorded) => AlertUpdate): Promise<AlertUpdate>;
}

/** What passes work with. */
export interface PassJournal extends TargetStates, Rotations, PassRecorder, Fleet, Leases, Turns {}

export interface Journal extends PassJournal, SharedPace, AlertStore {
  close(): Promise<void>;
}

/** Why a journal is kept in memory, and since when (ms by the wall clock). */
export interface Degraded {
  readonly error: StoredError;
  readonly since: number;
}

/** Goes on in memory while its file cannot be written. */
export interface Degradable {
  /** Undefined while the file is written. */
  readonly degraded: Degraded | undefined;
}

/** While it is degraded, no method throws ERR_JOURNAL_*. */
export interface DaemonJournal extends Journal, Degradable {
  /** Undefined: one daemon works with the journal, as with a file. */
  readonly replicas?: (ReplicaRegister & AnsweredRequests) | undefined;
}
