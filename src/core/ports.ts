// The seams between a pass and the world. Each comment is the contract that every adapter keeps and that the
// shared tests in test/contract/ hold it to. Absence is `undefined`; a failure is a thrown RotatorError.
import type { AlertMessage, MessageItem } from './alerts/message.ts';
import type { AlertBook, AlertUpdate } from './alerts/records.ts';
import type { StoredError } from './error-params.ts';
import type { CallTrouble } from './error-troubles.ts';
import type { RotatorError } from './errors.ts';
import type { WriteRank } from './lanes.ts';
import type { ProviderFields, ProviderView } from './provider.ts';
import type { Verdict } from './reasons.ts';
import type { FleetState, Rotation, TargetIdentity, TargetState } from './records.ts';

/** The only source of time. Tests hand in one that advances by hand. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May step in either direction. */
  now(): number;
  /** Milliseconds on a clock that never steps; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` every `ms` of the monotonic clock, until the function that it returns is called. It goes on beside what
   * the caller waits for, and keeps no process alive. `work` must not throw.
   */
  every(ms: number, work: () => void): () => void;
}

/** What a key source holds at this moment: a PEM or a JSON document. */
export interface KeyText {
  readonly text: string;
  /** Where it was read, in words an operator knows: `file /run/secrets/key.p8`. */
  readonly origin: string;
  /** The entry of JSON that holds the key, where the configuration names it. */
  readonly jsonKey?: string;
  /** Things to tell once, such as a key file that everybody may read. */
  readonly warnings: readonly RotatorError[];
}

export interface KeySource {
  /**
   * Reads afresh at every call; nothing is cached.
   * Throws ERR_KEY_NOT_FOUND (nothing there), ERR_KEY_FORBIDDEN (not permitted), ERR_CREDENTIALS_* (ours are
   * refused), ERR_KEY_SOURCE_UNAVAILABLE (may pass). Never retries. Aborts with the signal.
   */
  read(signal: AbortSignal): Promise<KeyText>;
}

export interface ProviderReading {
  /** `undefined`: the environment has no provider with this id. */
  readonly provider: ProviderView | undefined;
  readonly requestId: string | null;
  /** Wall clock when the answer arrived. */
  readonly readAt: number;
  /** Our wall clock less the server's Date header, in ms; `undefined` where the answer had none. */
  readonly skewMs: number | undefined;
}

export interface ProviderWrite {
  readonly clientSecret: string;
  /**
   * The other fields, from a reading of this same provider, with or without restored ones. Undefined: the client secret
   * is sent alone, which loses nothing only where the cloud merges what it is sent.
   */
  readonly fields: ProviderFields | undefined;
}

export interface Provider {
  /** Targets with the same lane share one rate limit: one (credential, region, endpoint). */
  readonly lane: string;
  /**
   * Reads one provider. With `maxAgeMs` above 0 a reading of the same environment at most that old may be shared, if it
   * did not begin before `notBefore` (ms by the wall clock: the last write that another process may have made); with 0
   * the call goes out alone. A failed read throws; it is never answered from an older one.
   */
  read(
    envId: string,
    providerId: string,
    options: { maxAgeMs: number; notBefore?: number | undefined; signal: AbortSignal },
  ): Promise<ProviderReading>;
  /**
   * Writes a client secret, and the other fields as they were read, and nothing else. Never retries.
   * Throws with `ambiguous: true` if it may have been applied. Invalidates every shared reading of the environment.
   */
  write(
    envId: string,
    providerId: string,
    write: ProviderWrite,
    signal: AbortSignal,
  ): Promise<{ requestId: string | null }>;
}

export interface AppleAnswer {
  readonly verdict: Exclude<Verdict, 'not-asked'>;
  /** Why: Apple's own code (`invalid_grant`), or what kept it from an answer. */
  readonly detail: CallTrouble;
}

export interface AppleCheck {
  /** Identifies whose answers these are (calibration is kept per token URL). */
  readonly tokenUrl: string;
  /**
   * Posts the secret with a code that cannot exist. Throws only when it is aborted; an unclear answer is
   * `unknown`. At most one question a second goes out, over all targets and processes of the journal.
   */
  ask(question: { clientId: string; clientSecret: string; signal: AbortSignal }): Promise<AppleAnswer>;
}

export interface LoginAnswer {
  /** `rejected`: Apple's own `invalid_client` came through. `unknown`: anything else. */
  readonly verdict: 'rejected' | 'unknown';
  readonly detail: CallTrouble;
}

export interface LoginCheck {
  /**
   * Asks the public login interface of an environment to exchange a code that cannot exist. Throws only when it is
   * aborted. At most one question a second goes out, over all targets and processes of the journal. Never retries.
   */
  ask(question: { envId: string; providerId: string; signal: AbortSignal }): Promise<LoginAnswer>;
}

/** One atomic change of what a pass records. */
export interface JournalChange {
  readonly target?: TargetState;
  /** Inserts the rotation, or completes the open one of the same id; a finished one never changes again. */
  readonly rotation?: Rotation;
  /** The lease under which it is written, which lasts anew or `ends` with it. Where it is lost: ERR_LEASE_LOST. */
  readonly lease?: LeaseName & { readonly ends: boolean };
  /**
   * Instead of a lease: the number of the target's last writing that the caller has seen. Where it was written again
   * since, or another process holds its lease: ERR_LEASE_HELD.
   */
  readonly seen?: number;
}

/** Names a lease and who holds it. */
export interface LeaseName {
  readonly key: string;
  readonly token: string;
}

/** What the journal knows of a target, as of one instant. */
export interface TargetRecord {
  readonly state: TargetState | undefined;
  /** The number of its last writing; 0: there was none. */
  readonly seen: number;
  /** Its open rotations, oldest first. */
  readonly open: readonly Rotation[];
  /** Somebody holds its lease. */
  readonly isHeld: boolean;
}

export interface RotationFilter {
  /** The target's name when it was rotated, or its key. */
  readonly target?: string;
  /** Newest first; at most this many. */
  readonly limit: number;
}

// The journal is the durable record. Every method of its parts may throw ERR_JOURNAL_UNWRITABLE and ERR_JOURNAL_NEWER.
// What a resolved call wrote survives a crash and is seen by every later read of any process.

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
   * process that is known to be gone, or held with the same token. False: somebody else holds it. `onLost` is called
   * once if it turns out that another has it, or that it could not be renewed for so long that another may have it.
   */
  acquireLease(key: string, token: string, onLost?: () => void): Promise<boolean>;
  /** Renews it now, even after it has expired, unless somebody has taken it since; false if it is not ours any more. */
  renewLease(key: string, token: string): Promise<boolean>;
  /** Ends the lease if it is ours; otherwise does nothing. */
  releaseLease(key: string, token: string): Promise<void>;
}

/** The order of the writes of a lane, over all processes. */
export interface Turns {
  /**
   * Takes the lane's lease, unless another process has it or waits with a write that goes before this one. False: the
   * caller now waits in the line with this rank, and asks again within 10 s at most.
   */
  takeTurn(lane: string, token: string, rank: WriteRank, onLost?: () => void): Promise<boolean>;
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

/** What is kept for alerts. */
export interface AlertStore {
  /**
   * Everything that is kept for alerts, as of one instant; frozen. Deliveries come in the order in which they were
   * added, stories and channels in that of their first writing. A row that cannot be read is left out, and removed by
   * the next `updateAlerts`, so that it cannot silence the others: a story that lasts is then found and told anew, a
   * channel begins without a past, and a delivery is lost.
   */
  alertBook(): Promise<AlertBook>;
  /**
   * Atomic read-modify-write of the book, also over processes; `change` may run more than once, and if it throws
   * nothing is changed. Removals go first; removing what is not there, and adding a delivery that is, does nothing.
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
export interface DaemonJournal extends Journal, Degradable {}

export interface ChannelAnswer {
  /** What the other side said, in words of ours: `HTTP 200, errcode 0`. */
  readonly detail: string;
  /** It took the message, and yet somebody should look. */
  readonly warning?: RotatorError;
}

/** Where alerts go. */
export interface Channel {
  readonly name: string;
  /** The `type` of the configuration. */
  readonly type: string;
  /** The least time between two messages, in ms, that keeps to what the service behind it allows. */
  readonly gapMs: number;
  /**
   * Sends one message, cut to the channel's size. Never retries. Throws ERR_CHANNEL_REFUSED (a person must mend it:
   * wrong URL, signature, format), ERR_CHANNEL_THROTTLED (with `retryAfterMs`) and ERR_CHANNEL_UNAVAILABLE; no error
   * names the URL or a secret. Sending the same message (`id`) again does no harm beyond a second copy.
   */
  send(message: AlertMessage, signal: AbortSignal): Promise<ChannelAnswer>;
}

/** A channel that forgets what it is not told again (Alertmanager). */
export interface RefreshedChannel extends Channel {
  /** How often each open story is sent again, in ms. */
  readonly refreshEveryMs: number;
  /** Tells again what is open; throws as `send` does. */
  refresh(open: readonly MessageItem[], message: Omit<AlertMessage, 'items'>, signal: AbortSignal): Promise<void>;
}

/** A configured target with everything that a pass needs to know about it. */
export interface Target extends TargetIdentity {
  readonly key: string;
  readonly name: string;
  /** Ids from the configuration; absent ones must come with the key. */
  readonly ids: { readonly teamId?: string; readonly clientId?: string; readonly keyId?: string };
  readonly policy: TargetPolicy;
  readonly appleCheck: 'compare' | 'require' | 'off';
  /** What a write sends: the whole Config as it was read, or the client secret alone. */
  readonly write: 'whole' | 'secret';
  readonly loginCheck: 'off' | 'observe';
  /** Whether the configuration wants the provider switched on; undefined: it does not say. */
  readonly enabledWanted: boolean | undefined;
  /** True for the hosts of Apple and of `allowHosts`: a provider may send its logins there. */
  readonly isAllowedHost: (host: string) => boolean;
}

export interface TargetPolicy {
  readonly lifetimeMs: number;
  readonly renewBeforeMs: number;
  readonly window: Window | undefined;
}

/** A maintenance window, asked by instant. */
export interface Window {
  /** True if the window is open at `atMs`. */
  isOpen(atMs: number): boolean;
  /** The next instant at or after `atMs` at which it is open; undefined if none within `horizonMs`. */
  nextOpening(atMs: number, horizonMs: number): number | undefined;
}
