// The course of one pass: what it was asked, what it works with, and what it has learnt so far. Only this file changes
// the target's state and the pass's row in the journal; the steps hand back what they learnt (learnt.ts).
import type { Snapshot } from '../core/decide.ts';
import { RotatorError } from '../core/errors.ts';
import type { Step } from '../core/events.ts';
import type { JournalChange, LeaseName, SeenTarget } from '../core/journal-ports.ts';
import type { WriteAttempt } from '../core/lanes.ts';
import { isUrgent, type JudgeClock, judgeLogins, type Logins } from '../core/logins.ts';
import type { Target } from '../core/ports.ts';
import type { ShownSecret } from '../core/provider.ts';
import type { Outcome, Reason } from '../core/reasons.ts';
import { emptyTargetState, type Proof, type Rotation, type TargetState } from '../core/records.ts';
import { sameSecret } from '../core/shown-secret.ts';
import { giveWay } from '../net/event-loop.ts';
import type { Gathered, RowEnd, Unread } from './learnt.ts';
import { newRow, outcomeEvent, rowFields, viewOf } from './report.ts';
import type { PassRequest, PassResult, PassTools } from './tools.ts';

/** How a pass ends: what it leaves in the row and in the state of the target. */
export interface Finish {
  readonly outcome: Outcome;
  readonly error: RotatorError | null;
  /** Undefined: the state in the journal stays as it is. */
  readonly learnt: Partial<TargetState> | undefined;
  readonly wakeAt: number | null;
}

export class Course {
  readonly target: Target;
  readonly request: PassRequest;
  readonly tools: PassTools;
  readonly #startedAt: number;
  /** The token of the lease; undefined: it is not ours. */
  #lease: string | undefined;
  readonly #lost = new AbortController();
  #turn: AbortSignal | undefined;
  /** What `signal` joins, until one of its parts is another one. */
  #joined: AbortSignal | undefined;
  #state: TargetState;
  #seen: SeenTarget = { revision: 0, open: 0 };
  #open: readonly Rotation[] = [];
  #snapshot: Snapshot | undefined;
  #row: Rotation | undefined;
  #hasIntent = false;
  #write: WriteAttempt = 'none';
  #skewMs: number | undefined;
  #masksVary = false;
  #questionAt: number | null = null;

  constructor(target: Target, request: PassRequest, tools: PassTools) {
    this.target = target;
    this.request = request;
    this.tools = tools;
    this.#startedAt = tools.clock.monotonic();
    this.#state = emptyTargetState(target, target.name);
  }

  /** Reads what the journal knows; true while another process works on the target. */
  async read(): Promise<boolean> {
    const { key, name } = this.target;
    const { state, seen, open, isHeld } = await this.tools.journal.record(key);
    this.#state = { ...(state ?? emptyTargetState(this.target, name)), name };
    this.#seen = seen;
    this.#open = open;
    return isHeld;
  }

  // ---- what it knows

  get now(): number {
    return this.tools.clock.now();
  }

  /** The state as the journal has it, with what this pass has learnt. */
  get state(): TargetState {
    return this.#state;
  }

  /** The rows that were open when the journal was last read, but for that of this pass. */
  get open(): readonly Rotation[] {
    return this.#open.filter(({ id }) => id !== this.#row?.id);
  }

  /** The row of this pass, while it is open or after it has ended with the pass. */
  get row(): Rotation | undefined {
    return this.#row;
  }

  /** How far this pass got with its push. */
  get write(): WriteAttempt {
    return this.#write;
  }

  /** Our wall clock less CloudBase's in ms, by the last reading that told. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /**
   * The signal for whatever the pass waits on next: a pass with an intent is not dropped any more, and one that has lost
   * its lease does nothing more.
   */
  get signal(): AbortSignal {
    const { drop, cutOff } = this.request;
    const given = this.#hasIntent ? cutOff : drop;
    if (this.#lease === undefined && !this.isLost) return given;
    this.#joined ??= AbortSignal.any([given, this.#lost.signal, ...(this.#turn === undefined ? [] : [this.#turn])]);
    return this.#joined;
  }

  get clock(): JudgeClock {
    return { now: this.now, skewMs: this.#skewMs, since: this.tools.startedAt };
  }

  get logins(): Logins {
    return judgeLogins(this.#state, this.clock);
  }

  get urgent(): boolean {
    return isUrgent(this.logins, this.#state.deployed, this.target.policy.lifetimeMs, this.clock);
  }

  // ---- what it learns

  learn(change: Partial<TargetState> = {}): void {
    this.#state = { ...this.#state, ...change };
  }

  noteSkew(skewMs: number | undefined): void {
    this.#skewMs = skewMs ?? this.#skewMs;
  }

  noteGathered(gathered: Gathered | Unread): void {
    this.noteSkew(gathered.skewMs);
    if ('error' in gathered) this.learn(gathered.learnt);
    else {
      this.#snapshot = gathered.snapshot;
      this.#state = gathered.snapshot.state;
    }
  }

  /** Notes in the row what Apple said in this pass; it is journalled with what follows from it. */
  noteVerdicts({ candidate, deployed }: Rotation['appleCheck']): void {
    this.#row = { ...this.openedRow, appleCheck: { candidate, deployed } };
  }

  /** Notes in the row what shows that the candidate is in place and good. */
  noteProof(proof: Proof): void {
    if (this.#row !== undefined) this.#row = { ...this.#row, proof };
  }

  /** Notes when the question about what is deployed is to be asked, for which there was no turn. */
  leaveQuestion(at: number): void {
    this.#questionAt = at;
  }

  /** See leaveQuestion; null: none was left. */
  get questionAt(): number | null {
    return this.#questionAt;
  }

  /** Notes the request id of a write, for a support ticket. */
  noteRequest(requestId: string | null): void {
    if (this.#row === undefined || requestId === null) return;
    this.#row = { ...this.#row, requestIds: [...this.#row.requestIds, requestId] };
  }

  /** Notes how the push went. After `none` the pass may start over, and may be dropped again. */
  noteWrite(write: WriteAttempt): void {
    this.#write = write;
    if (write === 'none') this.#setIntent(false);
  }

  #setIntent(hasIntent: boolean): void {
    this.#hasIntent = hasIntent;
    this.#joined = undefined;
  }

  /** Whether two readings of this pass show the same secret. A mask that has varied is compared as a mask only. */
  isSameSecret(a: ShownSecret, b: ShownSecret): boolean {
    const isMask = a.shape === 'masked' && b.shape === 'masked';
    const isSame = sameSecret(a, b) || (isMask && this.#masksVary);
    this.#masksVary ||= isMask && !isSame;
    return isSame;
  }

  // ---- the lease

  /** Another process has taken the target over: nothing that this pass could write is taken any more. */
  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  /**
   * Takes the lease, which the journal renews until the pass ends, and reads again what the journal knows, unless it is
   * ours already. `held`: another process has it; `moved`: the target is not as this pass has seen it any more.
   */
  async takeLease(): Promise<'ours' | 'moved' | 'held'> {
    if (this.#lease !== undefined) return 'ours';
    const { key, token } = this.#newLease();
    if (!(await this.tools.journal.acquireLease(key, token, () => this.#lose()))) return 'held';
    this.#lease = token;
    const [{ revision, open }, state] = [this.#seen, this.#state];
    await this.read();
    if (revision !== this.#seen.revision || open !== this.#seen.open) return 'moved';
    this.#state = state;
    return 'ours';
  }

  /** Takes the lease to write what was seen. Throws ERR_LEASE_HELD where another process has been at it meanwhile. */
  async mustHaveLease(): Promise<void> {
    if ((await this.takeLease()) !== 'ours') throw new RotatorError('ERR_LEASE_HELD', null);
  }

  /** Before each write to the provider: renews the lease. Throws ERR_LEASE_LOST. */
  async confirmLease(): Promise<void> {
    const token = this.#lease;
    if (token === undefined || !(await this.tools.journal.renewLease(this.target.key, token))) this.#lose();
    if (this.isLost || this.#turn?.aborted) throw new RotatorError('ERR_LEASE_LOST', null);
  }

  async releaseLease(): Promise<void> {
    const token = this.#lease;
    this.#lease = undefined;
    if (token !== undefined) await this.tools.journal.releaseLease(this.target.key, token);
  }

  /** Notes the turn of the lane, whose signal aborts when it is lost. */
  noteTurn(turn: AbortSignal): void {
    this.#turn = turn;
    this.#joined = undefined;
  }

  #newLease(): LeaseName {
    return { key: this.target.key, token: `${this.tools.leaseHolder}${this.tools.newId()}` };
  }

  #lose(): void {
    this.#lost.abort(new RotatorError('ERR_LEASE_LOST', null));
  }

  /** Commits under the lease, or with what was seen; the lease `begins` with it, unless it is ours already, or `ends`. */
  async #commit(change: JournalChange, lease?: 'begins' | 'ends'): Promise<void> {
    const ours = this.#lease;
    const { key } = this.target;
    await giveWay();
    try {
      if (ours !== undefined) {
        await this.tools.journal.commit({ ...change, lease: { key, token: ours, ends: lease === 'ends' } });
        if (lease === 'ends') this.#lease = undefined;
      } else if (lease === 'begins') {
        const taken = this.#newLease();
        const begins = () => this.#lose();
        await this.tools.journal.commit({ ...change, seen: this.#seen, lease: { ...taken, begins } });
        this.#lease = taken.token;
      } else await this.tools.journal.commit({ ...change, seen: this.#seen });
    } catch (thrown) {
      if (thrown instanceof RotatorError && thrown.code === 'ERR_LEASE_LOST') this.#lose();
      throw thrown;
    }
  }

  // ---- the row

  /** The row of this pass; a TypeError before it was opened. */
  get openedRow(): Rotation {
    if (this.#row === undefined) throw new TypeError('no row is open in this pass');
    return this.#row;
  }

  /**
   * Opens the row of this pass, and takes the lease with it; an open one (of a rotation that was asked for) gets the
   * reason that was found, which is journalled with what follows from it. Throws as `mustHaveLease`.
   */
  async openRow(reason: Reason): Promise<void> {
    const { key, deployed } = this.#snapshot ?? {};
    const facts = {
      reason,
      keyId: key?.keyId ?? null,
      previousFingerprint: deployed?.fingerprint ?? null,
      previousExpiresAt: deployed?.expiresAt ?? null,
    };
    if (this.#row !== undefined) {
      this.#row = { ...this.#row, ...facts };
      return;
    }
    const { target, request, tools } = this;
    const row = { ...newRow(target, request), ...facts, id: tools.newId(), startedAt: this.now };
    await this.#commit({ rotation: row }, 'begins');
    this.#row = row;
    request.onRow?.(row);
    tools.emit({ event: 'rotation.started', ...rowFields(row), attempt: this.#state.retry.failures + 1 });
  }

  /** Journals what is about to be written, so that a crash from here on can be resolved by reading. */
  async recordIntent(intended: Partial<Rotation>): Promise<void> {
    this.#row = { ...this.openedRow, ...intended };
    await this.#commit({ rotation: this.#row });
    this.#setIntent(true);
    this.step({ step: 'intent-recorded' });
  }

  /** Ends the open row, after which the pass goes on without one. */
  async closeRow(outcome: Outcome, error: RotatorError): Promise<void> {
    await this.#finishRow({ outcome, error, learnt: undefined, wakeAt: null });
    this.#row = undefined;
  }

  /** Adds a row for a failed one whose write showed later: a finished row never changes. */
  async settleLate(failed: Rotation): Promise<void> {
    const { trigger, requestedBy } = this.request;
    const at = this.now;
    const row: Rotation = {
      ...{ ...failed, id: this.tools.newId(), trigger, requestedBy, startedAt: at, finishedAt: at, intent: null },
      ...{ outcome: 'succeeded', error: null, settles: failed.id, requestIds: [] },
      proof: { readBack: 'seen', apple: failed.appleCheck.candidate, loginCheck: 'not-asked' },
    };
    await this.#commit({ rotation: row, target: this.#state });
    this.tools.emit(outcomeEvent(row, null, null));
  }

  /** Ends a row that an earlier life of the program left open. */
  async settleRow(row: Rotation, { outcome, error, learnt, readBack }: RowEnd): Promise<void> {
    this.learn(learnt);
    const apple = row.appleCheck.candidate;
    const proof: Proof | null = readBack === undefined ? null : { readBack, apple, loginCheck: 'not-asked' };
    const finished: Rotation = { ...row, outcome, error: viewOf(error), finishedAt: this.now, proof };
    await this.#commit({ target: this.#state, rotation: finished });
    this.tools.emit(outcomeEvent(finished, error, null));
  }

  // ---- the end

  /** Leaves the target as the journal has it. */
  async leave(error: RotatorError, wakeAt: number | null): Promise<PassResult> {
    await this.read();
    const state = { ...this.#state, error: viewOf(error) };
    return { state, outcome: null, waitsFor: error, wakeAt, skewMs: this.#skewMs };
  }

  /** Journals how the pass ends; the row, if there is one, ends with it. */
  async finish(finish: Finish): Promise<PassResult> {
    const { outcome, error, learnt, wakeAt } = finish;
    if (learnt !== undefined) this.learn({ ...learnt, wakeAt, lastPassAt: this.now });
    if (this.#row !== undefined) await this.#finishRow(finish, 'ends');
    else if (learnt !== undefined) await this.#commit({ target: this.#state }, 'ends');
    const state = learnt === undefined ? { ...this.#state, error: viewOf(error) } : this.#state;
    const ended = this.#row === undefined ? null : outcome;
    return { state, outcome: ended, waitsFor: null, wakeAt, skewMs: this.#skewMs };
  }

  async #finishRow({ outcome, error, learnt, wakeAt }: Finish, lease?: 'ends'): Promise<void> {
    const row = { ...this.openedRow, outcome, finishedAt: this.now, error: viewOf(error) };
    this.#row = row;
    await this.#commit({ rotation: row, ...(learnt === undefined ? {} : { target: this.#state }) }, lease);
    this.step({ step: 'outcome-recorded' });
    this.tools.emit(outcomeEvent(row, error, this.closing(wakeAt)));
  }

  // ---- what it reports

  /** The fields of every event of this pass. */
  get place() {
    return { target: this.target.name, envId: this.target.envId, rotationId: this.#row?.id ?? null };
  }

  /** The fields of every event that ends the pass: how long it took, and when the next one comes. */
  closing(wakeAt: number | null = null) {
    const others = [wakeAt, this.tools.nextTick()].filter((at) => at !== null && at !== undefined);
    const nextCheckAt = this.#state.retry.nextAttemptAt ?? (others.length === 0 ? null : Math.min(...others));
    const durationMs = Math.round(this.tools.clock.monotonic() - this.#startedAt);
    return { ...this.place, durationMs, nextCheckAt };
  }

  /** One thing done on the way, for a person who watches (level debug). */
  step(step: Step): void {
    this.tools.emit({ event: 'rotation.step', ...this.place, ...step });
  }

  warn(error: RotatorError): void {
    this.tools.emit({ event: 'warning', ...this.place, error });
  }
}
