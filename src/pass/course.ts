// The course of one pass: what it was asked, what it may use, and what it has learnt so far. The journalled row and
// the target's state are changed here alone, so that every way a pass can end is recorded and told in one place.
import { isEmergency, type Snapshot } from '../core/decide.ts';
import { isRecordEmergency } from '../core/deployed.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EventSink, Step } from '../core/events.ts';
import type { AppleCheck, Clock, Journal, KeySource, Provider, Target } from '../core/ports.ts';
import type { Outcome, Reason, Trigger } from '../core/reasons.ts';
import type { AppleAsked, Rotation, TargetState } from '../core/records.ts';
import { LEASE_MS, nextAttemptAt } from '../core/schedule.ts';
import type { AppleOpinion, Ending, Gathered } from './learnt.ts';
import { deployedFields, outcomeEvent, rowFields, viewOf } from './report.ts';

/** A rotation that a pass has decided on and asks leave for. */
export interface Want {
  readonly targetKey: string;
  readonly reason: Reason;
  readonly emergency: boolean;
}

/** Whether a wanted rotation may begin now; `error` says what it waits for. */
export type Admission = { readonly go: true } | { readonly go: false; readonly error: RotatorError };

/** What a pass works with. Adapters are those of the target. */
export interface PassTools {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly emit: EventSink;
  readonly keySource: KeySource;
  readonly provider: Provider;
  readonly apple: AppleCheck;
  readonly admit: (want: Want) => Promise<Admission>;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** Begins the token of every lease: what may end them when this process is known to be dead. */
  readonly leaseHolder: string;
  /** When the target is checked again, if its retry comes at `retryAt` (null: on the next tick). */
  readonly nextCheckAt: (target: Target, retryAt: number | null) => number | undefined;
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

/** Why a wanted rotation has to wait: for the window or its turn (`due`), or for a person (`pending`). */
export type Wait =
  | { readonly state: 'due'; readonly reason: Reason; readonly why: string; readonly error: RotatorError | null }
  | { readonly state: 'pending'; readonly reason: Reason; readonly error: RotatorError };

export interface PassResult {
  readonly state: TargetState;
  /** The row's outcome, where this pass had one. */
  readonly outcome: Outcome | null;
  /** Why the pass did not rotate although a rotation is wanted and nothing is wrong. */
  readonly waitsFor: RotatorError | null;
  /** Our wall clock less CloudBase's in ms, by the last reading of this pass; undefined where none told. */
  readonly skewMs: number | undefined;
}

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
  /** True once a write may have reached the provider. */
  pushed = false;
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

  /** Ends the pass without a rotation that is wanted: it waits for the window, its turn, or a person. */
  async endWaiting(wait: Wait): Promise<PassResult> {
    const { state, reason, error } = wait;
    const retry = { ...this.state.retry, nextAttemptAt: null };
    const outcome = this.row === undefined ? null : 'blocked';
    const dueSince = state === 'due' ? this.dueSince : null;
    const result = await this.end(outcome, error, { state, reason, error: viewOf(error), retry, dueSince });
    const fields = { reason, ...deployedFields(this.state.deployed), ...this.closing() };
    if (wait.state === 'due') this.tools.emit({ event: 'pass.deferred', ...fields, why: wait.why, error });
    else this.tools.emit({ event: 'pass.pending', ...fields, error: wait.error });
    return { ...result, waitsFor: state === 'due' ? error : null };
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
    const retryAt = nextAttemptAt(this.now, failures, error.remedy, this.emergency);
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

  /** Drops the pass at a stop: no failure is counted, and an open row ends as interrupted. */
  async endDropped(): Promise<PassResult> {
    const error = new RotatorError('ERR_INTERRUPTED', 'the program was stopped before anything was written', {
      hint: 'Nothing to do: the target is checked again at the next start.',
    });
    if (this.row !== undefined) await this.finishRow('failed', error);
    return {
      state: this.state,
      outcome: this.row === undefined ? null : 'failed',
      waitsFor: error,
      skewMs: this.skewMs,
    };
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
  ): Promise<PassResult> {
    this.learn({ ...change, lastPassAt: this.now });
    if (outcome === null) await this.tools.journal.commit({ target: this.state });
    else await this.finishRow(outcome, error, this.state);
    return { state: this.state, outcome, waitsFor: null, skewMs: this.skewMs };
  }

  /** How long the pass took, and when the next one comes. */
  private closing() {
    const nextCheckAt = this.tools.nextCheckAt(this.target, this.state.retry.nextAttemptAt) ?? null;
    const durationMs = Math.round(this.tools.clock.monotonic() - this.startedAt);
    return { ...this.place, durationMs, nextCheckAt };
  }
}
