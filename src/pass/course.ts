// The course of one pass: what it was asked, what it may use, and what it has learnt so far. The journalled row and
// the target's state are changed here alone, so that every way a pass can end is recorded and told in one place.
import { isEmergency, type Snapshot } from '../core/decide.ts';
import { isRecordEmergency } from '../core/deployed.ts';
import { asRotatorError, RotatorError, type StoredError } from '../core/errors.ts';
import type { EventSink, Step } from '../core/events.ts';
import {
  FAILED_TARGET_LATER_MS,
  judgeWrite,
  LANE_CLOSED_MS,
  type WriteAttempt,
  type WriteRank,
} from '../core/lanes.ts';
import type { AppleCheck, Clock, Journal, KeySource, Provider, Target } from '../core/ports.ts';
import type { Outcome, Reason, Trigger } from '../core/reasons.ts';
import type { AppleAsked, Rotation, TargetState } from '../core/records.ts';
import { LEASE_MS, nextAttemptAt } from '../core/schedule.ts';
import { MINUTE } from '../core/time.ts';
import type { AppleOpinion, Ending, Gathered } from './learnt.ts';
import { deployedFields, outcomeEvent, rowFields, viewOf } from './report.ts';

/** The turns of one lane, over all passes of the process. */
export interface LaneTurns {
  /** Runs `work` when the lane has room for another look at a provider. Rejects like `write`. */
  look<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` when no other write of the lane is under way and none of a higher rank waits. Rejects with what `work`
   * throws, or with the signal's reason if it aborts before the turn has come.
   */
  write<T>(rank: WriteRank, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** What a pass works with. Adapters are those of the target. */
export interface PassTools {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly emit: EventSink;
  readonly keySource: KeySource;
  readonly provider: Provider;
  readonly apple: AppleCheck;
  readonly lane: LaneTurns;
  /** True while the journal keeps its state in memory only. */
  readonly isDegraded: () => boolean;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** Begins the token of every lease: what may end them when this process is known to be dead. */
  readonly leaseHolder: string;
  /** The next tick of the schedule; undefined: there is none. */
  readonly nextTick: () => number | undefined;
}

export interface PassRequest {
  readonly trigger: Trigger;
  readonly requestedBy: string | null;
  /** Rotate even if nothing objects. */
  readonly force: boolean;
  /** Take over a provider that this journal has never written, and accept its fields as they are now. */
  readonly adopt: boolean;
  readonly waiveAppleCheck: boolean;
  /** How long to wait for the target's lease. */
  readonly leaseWaitMs: number;
  /** Drops a pass that has not recorded its intent. */
  readonly drop: AbortSignal;
  /** Cuts off even a pass that has. */
  readonly cutOff: AbortSignal;
  /** Hears the id of the pass's row once it is journalled. Must not throw. */
  readonly onRow?: (id: string) => void;
}

/** Why a wanted rotation has to wait: for the window or something else (`due`), or for a person (`pending`). */
export type Wait = { readonly reason: Reason } & (
  | {
      readonly state: 'due';
      readonly why: string;
      /** Null: it waits for its window. */
      readonly error: RotatorError | null;
      readonly wakeAt: number | null;
      /** What the target's own last write ended with; it stays failed then, for having to wait is no better news. */
      readonly stillFailed?: StoredError | null;
    }
  | { readonly state: 'pending'; readonly error: RotatorError }
);

export interface PassResult {
  readonly state: TargetState;
  /** The row's outcome, where this pass had one. */
  readonly outcome: Outcome | null;
  /** Why the pass did not rotate although a rotation is wanted and nothing is wrong. */
  readonly waitsFor: RotatorError | null;
  /** When a target that waits is to be checked again, beside ticks and retries. */
  readonly wakeAt: number | null;
  /** Our wall clock less CloudBase's in ms, by the last reading of this pass; undefined where none told. */
  readonly skewMs: number | undefined;
}

/** A check by another process takes seconds, a rotation rarely a minute. Sooner would be in vain, later a delay. */
const LEASE_HELD_RETRY_MS = MINUTE;

export class Course {
  readonly target: Target;
  readonly request: PassRequest;
  readonly tools: PassTools;
  /** The lease's token. */
  readonly token: string;
  readonly startedAt: number;
  #state: TargetState;
  #snapshot: Snapshot | undefined;
  row: Rotation | undefined;
  /** True from the recorded intent on: the pass is not dropped any more. */
  intent = false;
  #opinion: AppleOpinion | undefined;
  write: WriteAttempt = 'none';
  #skewMs: number | undefined;

  constructor(target: Target, request: PassRequest, tools: PassTools, token: string, state: TargetState) {
    this.target = target;
    this.request = request;
    this.tools = tools;
    this.token = token;
    this.startedAt = tools.clock.monotonic();
    this.#state = state;
  }

  /** What the journal knows of the target, and what this pass has learnt so far. */
  get state(): TargetState {
    return this.#state;
  }

  /** Our wall clock less CloudBase's in ms, by the last reading that told. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /** What Apple said about the candidate of this pass. */
  get ofCandidate(): AppleAsked | undefined {
    return this.#opinion?.ofCandidate;
  }

  get now(): number {
    return this.tools.clock.now();
  }

  /** The signal for whatever the pass waits on next. */
  get signal(): AbortSignal {
    return this.intent ? this.request.cutOff : this.request.drop;
  }

  /** By what Apple said, else by the snapshot of this pass, else by what the journal knows. */
  get emergency(): boolean {
    if (this.#opinion?.question.emergency === true) return true;
    if (this.#snapshot !== undefined) return isEmergency({ ...this.#snapshot, now: this.now });
    return isRecordEmergency(this.#state.deployed, this.target.policy.lifetimeMs, this.now);
  }

  noteSkew(skewMs: number | undefined): void {
    this.#skewMs = skewMs ?? this.#skewMs;
  }

  noteGathered({ snapshot, skewMs }: Gathered): void {
    this.noteSkew(skewMs);
    this.#snapshot = snapshot;
    this.#state = snapshot.state;
  }

  async noteOpinion(opinion: AppleOpinion): Promise<void> {
    this.#opinion = opinion;
    this.learn(opinion.learnt);
    const { candidate, deployed } = opinion.question;
    await this.updateRow({ appleCheck: { candidate, deployed } });
  }

  learn(change: Partial<TargetState> = {}): void {
    this.#state = { ...this.#state, ...change };
  }

  /** Ends a row that an earlier life of the program left open. */
  async settleRow(row: Rotation, { outcome, error, learnt }: Ending): Promise<void> {
    this.learn(learnt);
    const finished: Rotation = { ...row, outcome, error: viewOf(error), finishedAt: this.now };
    await this.tools.journal.commit({ target: this.#state, rotation: finished });
    this.tools.emit(outcomeEvent(finished, error, null));
  }

  /** The fields of every event of this pass. */
  private get place() {
    return { target: this.target.name, envId: this.target.envId, rotationId: this.row?.id ?? null };
  }

  /** One thing done on the way, for a person who watches (level debug). */
  step(step: Step): void {
    this.tools.emit({ event: 'rotation.step', ...this.place, ...step });
  }

  warn(error: RotatorError): void {
    this.tools.emit({ event: 'warning', ...this.place, error });
  }

  /** Takes the lease, or takes it again; false if another process holds it. */
  acquireLease(): Promise<boolean> {
    return this.tools.journal.acquireLease(this.target.key, this.token, this.now, LEASE_MS);
  }

  /** Extends the lease; false if it is no longer ours. */
  renewLease(): Promise<boolean> {
    return this.tools.journal.renewLease(this.target.key, this.token, this.now, LEASE_MS);
  }

  /** Opens the row of this pass; an open one (of a rotation that was asked for) gets the reason that was found. */
  async openRow(reason: Reason): Promise<void> {
    const facts = {
      reason,
      emergency: this.emergency,
      keyId: this.#snapshot?.key.keyId ?? null,
      previousFingerprint: this.#snapshot?.deployed.fingerprint ?? null,
      previousExpiresAt: this.#snapshot?.deployed.expiresAt ?? null,
    };
    if (this.row !== undefined) return this.updateRow(facts);
    const { target, request } = this;
    this.row = {
      id: this.tools.newId(),
      targetKey: target.key,
      target: target.name,
      envId: target.envId,
      ...facts,
      trigger: request.trigger,
      requestedBy: request.requestedBy,
      fingerprint: null,
      issuedAt: null,
      expiresAt: null,
      startedAt: this.now,
      finishedAt: null,
      outcome: null,
      appleCheck: { candidate: 'not-asked', deployed: 'not-asked' },
      appleCheckWaived: request.waiveAppleCheck,
      requestIds: [],
      error: null,
      intent: null,
    };
    await this.tools.journal.commit({ rotation: this.row });
    request.onRow?.(this.row.id);
    const attempt = this.state.retry.failures + 1;
    this.tools.emit({ event: 'rotation.started', ...rowFields(this.row), attempt });
  }

  /** The row of this pass; a TypeError before it was opened. */
  get openedRow(): Rotation {
    if (this.row === undefined) throw new TypeError('no row is open in this pass');
    return this.row;
  }

  async updateRow(change: Partial<Rotation>): Promise<void> {
    this.row = { ...this.openedRow, ...change };
    await this.tools.journal.commit({ rotation: this.row });
  }

  noteRequest(requestId: string | null): void {
    if (this.row === undefined || requestId === null) return;
    this.row = { ...this.row, requestIds: [...this.row.requestIds, requestId] };
  }

  /** Ends a rotation that has written. */
  endRotation({ outcome, error, learnt }: Ending): Promise<PassResult> {
    if (outcome === 'succeeded') return this.endWell('rotated', learnt);
    if (outcome === 'unverified') return this.endWell('unverified', learnt);
    return this.endBadly(error, outcome, learnt);
  }

  /** Ends the pass well, and with it the run of failures. */
  async endWell(state: 'healthy' | 'rotated' | 'unverified', change: Partial<TargetState> = {}): Promise<PassResult> {
    const outcome: Outcome | null = this.row === undefined ? null : state === 'rotated' ? 'succeeded' : 'unverified';
    const retry = { failures: 0, nextAttemptAt: null };
    const reason = this.row?.reason ?? null;
    const ending = { state, reason, error: null, retry, lastSuccessAt: this.now, dueSince: null };
    const result = await this.end(outcome, null, { ...change, ...ending });
    if (outcome === null) {
      this.tools.emit({ event: 'pass.healthy', ...deployedFields(this.state.deployed), ...this.closing() });
    }
    return result;
  }

  /** Ends the pass without a rotation that is wanted. */
  async endWaiting(wait: Wait): Promise<PassResult> {
    const { reason, error } = wait;
    const isDue = wait.state === 'due';
    const [wakeAt, failed] = isDue ? [wait.wakeAt, wait.stillFailed ?? null] : [null, null];
    const state: TargetState['state'] = failed === null ? wait.state : 'failed';
    const retry = { ...this.state.retry, nextAttemptAt: null };
    const change = { state, reason, error: failed ?? viewOf(error), retry, dueSince: isDue ? this.dueSince : null };
    const result = await this.end(this.row === undefined ? null : 'blocked', error, change, wakeAt);
    const fields = { reason, ...deployedFields(this.state.deployed), ...this.closing(wakeAt) };
    if (isDue) this.tools.emit({ event: 'pass.deferred', ...fields, why: wait.why, error });
    else this.tools.emit({ event: 'pass.pending', ...fields, error: wait.error });
    return { ...result, waitsFor: isDue ? error : null };
  }

  /** Since when a rotation has been put off without a break; an instant in the future is void. */
  private get dueSince(): number {
    const { dueSince } = this.state;
    return dueSince === null || dueSince > this.now ? this.now : dueSince;
  }

  /** Ends the pass as failed (blocked, rolled back), counts the failure and plans the next attempt. */
  async endBadly(
    thrown: unknown,
    outcome: Exclude<Outcome, 'succeeded' | 'unverified'> = 'failed',
    change: Partial<TargetState> = {},
  ): Promise<PassResult> {
    const error = asRotatorError(thrown);
    this.noteSkew(error.skewMs);
    const failures = this.state.retry.failures + 1;
    const retryAt = this.retryAt(failures, error, outcome);
    const reason = this.row?.reason ?? this.state.reason;
    const retry = { failures, nextAttemptAt: retryAt };
    const ending = { state: 'failed' as const, reason, error: viewOf(error), retry };
    const result = await this.end(this.row === undefined ? null : outcome, error, { ...change, ...ending });
    if (this.row === undefined) {
      this.tools.emit({ event: 'pass.failed', error, ...deployedFields(this.state.deployed), ...this.closing() });
    }
    if (retryAt !== null) {
      const retry = { attempt: failures + 1, nextCheckAt: retryAt, code: error.code };
      this.tools.emit({ event: 'retry.scheduled', ...this.place, ...retry });
    }
    return result;
  }

  /** By the retry table; a write that closes its lane to this target is not tried again before that is open to others. */
  private retryAt(failures: number, { code, remedy }: RotatorError, outcome: Outcome): number | null {
    const byTable = nextAttemptAt(this.now, failures, remedy, this.emergency);
    const closes = !this.emergency && judgeWrite(this.write, outcome, code) === 'bad';
    return byTable !== null && closes ? Math.max(byTable, this.now + LANE_CLOSED_MS + FAILED_TARGET_LATER_MS) : byTable;
  }

  /** Drops the pass at a stop. */
  endDropped(): Promise<PassResult> {
    return this.endAside(new RotatorError('ERR_INTERRUPTED', { problem: 'before-write' }), null);
  }

  /** Leaves the target to the process that holds its lease. */
  endLeaseHeld(): Promise<PassResult> {
    return this.endAside(new RotatorError('ERR_LEASE_HELD', null), this.now + LEASE_HELD_RETRY_MS);
  }

  /** Ends the pass without a change of the target's state: no failure is counted, and an open row ends with the error. */
  private async endAside(error: RotatorError, wakeAt: number | null): Promise<PassResult> {
    const outcome = this.row === undefined ? null : 'failed';
    if (outcome !== null) await this.finishRow(outcome, error);
    return { state: { ...this.state, error: viewOf(error) }, outcome, waitsFor: error, wakeAt, skewMs: this.skewMs };
  }

  private async finishRow(outcome: Outcome, error: RotatorError | null, state?: TargetState): Promise<void> {
    if (this.row === undefined) return;
    this.row = { ...this.row, outcome, finishedAt: this.now, error: viewOf(error) };
    await this.tools.journal.commit({ rotation: this.row, ...(state === undefined ? {} : { target: state }) });
    this.step({ step: 'outcome-recorded' });
    this.tools.emit(outcomeEvent(this.row, error, this.closing()));
  }

  /** Ends the open row, after which the pass goes on without one. */
  async closeRow(outcome: Outcome, error: RotatorError): Promise<void> {
    await this.finishRow(outcome, error);
    this.row = undefined;
  }

  private async end(
    outcome: Outcome | null,
    error: RotatorError | null,
    change: Partial<TargetState>,
    wakeAt: number | null = null,
  ): Promise<PassResult> {
    this.learn({ ...change, lastPassAt: this.now });
    if (outcome === null) await this.tools.journal.commit({ target: this.state });
    else await this.finishRow(outcome, error, this.state);
    return { state: this.state, outcome, waitsFor: null, wakeAt, skewMs: this.skewMs };
  }

  /** How long the pass took, and when the next one comes. */
  private closing(wakeAt: number | null = null) {
    const others = [wakeAt, this.tools.nextTick()].filter((at) => at !== null && at !== undefined);
    const nextCheckAt = this.state.retry.nextAttemptAt ?? (others.length === 0 ? null : Math.min(...others));
    const durationMs = Math.round(this.tools.clock.monotonic() - this.startedAt);
    return { ...this.place, durationMs, nextCheckAt };
  }
}
