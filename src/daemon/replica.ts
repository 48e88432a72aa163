// One of several replicas over the same journal. The one that holds the leader's lease decides when passes run, asks the
// queue for them and hears in the journal how they ended; it waits for nobody, because the queue gives out again what a
// dead replica had. Every replica makes what it is given. Without the journal each is alone: see ALONE_AFTER_MS.

import type {
  Degradable,
  GivenJob,
  Leases,
  PassQueue,
  ReplicaRegister,
  Revision,
  SeenReplica,
  TargetStates,
} from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import type { Trigger } from '../core/reasons.ts';
import type { ReplicaReport } from '../core/records.ts';
import { MINUTE, SECOND } from '../core/time.ts';
import { SLICE, yieldToLoop } from '../net/event-loop.ts';
import type { Daemon, Seat } from './daemon.ts';
import type { WiredTarget } from './sweep.ts';

/** The key of the lease of the replica that leads. */
const LEADER = 'leader';
/** How often the leader reads in the journal how passes ended. Less often, and a retry that is due would come late. */
const TURN_MS = SECOND;
/** How long it rests after something could not be done, so that the log does not fill with it. */
const AFTER_TROUBLE_MS = 10 * SECOND;
/** How often the others try to lead. With the 45 s of the lease it bounds how long nobody does. */
const ELECTION_MS = 5 * SECOND;
/** How often a replica reports. One that has said nothing for four times as long is told of. */
const REPORT_MS = 10 * SECOND;
/** A clock that is off by more keeps a pass from writing what is not urgent. */
const WRONG_CLOCK_MS = MINUTE;
/** How often the leader looks for rotations that a dead replica has left open. With the 45 s of their leases: within 60 s. */
const TAKE_UP_MS = 5 * SECOND;
/** A replica that has said nothing for so long does not count any more. */
const SILENT_MS = 45 * SECOND;
/** A pass of which nothing was heard for so long is asked for again, in case the queue has lost it. */
const ASK_AGAIN_MS = 10 * MINUTE;
/**
 * How long a replica that cannot reach the journal waits before it makes urgent passes by itself, and how much longer each
 * further one waits. Sooner, and it would do what those are doing that can reach it: leases and jobs of a replica that is
 * cut off end within 60 s. The second replica finds what the first one has written.
 */
const ALONE_AFTER_MS = MINUTE;
const ALONE_STEP_MS = 20 * SECOND;
/**
 * How long a pass that is given out again waits for the lease of the replica that had it: until that has ended. A pass
 * that was given out once finds a lease only where somebody works on the target.
 */
const LEASE_WAIT_MS = 50 * SECOND;

export interface ReplicaTools {
  readonly clock: Clock;
  readonly journal: Leases & TargetStates & Degradable;
  readonly queue: PassQueue;
  readonly register: ReplicaRegister;
  /** What this replica says of itself, beside what is known here. */
  readonly report: () => Omit<ReplicaReport, 'name' | 'leads' | 'configuration' | 'aheadMs'>;
  /** Of the lease, if this replica leads; no two are alike. */
  readonly token: string;
  readonly name: string;
  /** Called when it begins or ceases to lead, and when passes have ended, so that alerts look. Must not throw. */
  readonly onNews: () => void;
  /** The queue, or the journal, could not be used. */
  readonly onTrouble: (thrown: unknown) => void;
}

/** What a replica may do of what all of them may do together, as far as it knows of the others. */
export interface Share {
  /** How many of them go before this one. */
  readonly rank: number;
  /** How many there are. */
  readonly of: number;
  /** Our clock less the journal's. */
  readonly aheadMs: number;
}

interface Asked {
  readonly wired: WiredTarget;
  readonly trigger: Trigger;
  /** On the monotonic clock; undefined: not yet. */
  readonly at: number | undefined;
}

export class Replica implements Seat {
  private readonly tools: ReplicaTools;
  private daemon: Daemon | undefined;
  private readonly stopping = new AbortController();
  private wake = new AbortController();
  private holds = false;
  private triedAt = Number.NEGATIVE_INFINITY;
  private reportedAt = Number.NEGATIVE_INFINITY;
  private tookUpAt = Number.NEGATIVE_INFINITY;
  /** As they were when this one reported last. */
  private others: readonly SeenReplica[] = [];
  /** Our clock less the journal's. */
  private aheadMs: number | null = null;
  /** By key: passes that were asked for and have not ended. */
  private readonly asked = new Map<string, Asked>();
  /** By key: when the last pass ended, by the clock of its replica. */
  private readonly ended = new Map<string, number | null>();
  private revision: Revision | undefined;
  /** The configuration that passes are made by, and whether the queue serves it. */
  private configuration: { readonly digest: string; served: boolean } | undefined;
  /** Since when the journal cannot be reached, on the monotonic clock. */
  private awaySince: number | undefined;
  private isAlone = false;
  /** Until when other replicas may have written what no journal tells; ms by the wall clock. */
  private unseenUntil: number | undefined;

  constructor(tools: ReplicaTools) {
    this.tools = tools;
  }

  get role(): Seat['role'] {
    if (this.isAway) return this.isAlone ? 'alone' : 'follows';
    return this.holds ? 'leads' : 'follows';
  }

  /** The journal cannot be reached. */
  get isAway(): boolean {
    return this.tools.journal.degraded !== undefined;
  }

  /** All replicas, as they were when this one reported last; undefined where that says nothing any more. */
  get known(): { readonly configuration: string; readonly seen: readonly SeenReplica[] | undefined } {
    const isKnown = !this.isAway && this.others.length > 0;
    return { configuration: this.configuration?.digest ?? '', seen: isKnown ? this.others : undefined };
  }

  /** Those that have not said goodbye, as they were when this one reported last. */
  get shown(): readonly { readonly name: string; readonly leads: boolean; readonly silent: boolean }[] {
    const present = this.others.filter(({ left }) => !left);
    return present.map(({ name, leads, silentMs }) => {
      const silent = silentMs >= SILENT_MS;
      return { name, leads: leads && !silent, silent };
    });
  }

  get share(): Share {
    return { rank: this.rank, of: Math.max(1, this.living.length), aheadMs: this.aheadMs ?? 0 };
  }

  /** How many passes were asked for and have not ended. */
  get underWay(): number {
    return this.asked.size;
  }

  /** See PassTools.crashedBefore: what was written while the journal was away is known to nobody. */
  get crashedBefore(): number | undefined {
    return this.isAway ? this.tools.clock.now() : this.unseenUntil;
  }

  /** Certain that no other replica leads, or could: a process that was frozen finds out here. */
  async isLeading(): Promise<boolean> {
    if (this.role !== 'leads') return this.role === 'alone' || this.isAway;
    return this.tools.journal.renewLease(LEADER, this.tools.token);
  }

  /** Why this replica is of no use to the others, or they to it; undefined: nothing is wrong. */
  async trouble(): Promise<string | undefined> {
    if (this.configuration?.served !== true) return 'no passes can be taken from the queue';
    return this.holds || (await this.tools.journal.record(LEADER)).isHeld ? undefined : 'no replica leads';
  }

  /** Passes are made by this configuration from now on. */
  configure(digest: string): void {
    this.configuration = { digest, served: false };
    this.reportedAt = Number.NEGATIVE_INFINITY;
    this.asked.clear();
    this.rouse();
  }

  handOut(targets: readonly WiredTarget[], triggerOf: (key: string) => Trigger): void {
    for (const wired of targets) {
      const { key } = wired.target;
      this.asked.set(key, { wired, trigger: triggerOf(key), at: undefined });
    }
    this.rouse();
  }

  /** Runs until `stop`; then the next replica may lead. */
  async run(daemon: Daemon): Promise<void> {
    this.daemon = daemon;
    while (!this.stopping.signal.aborted) {
      this.wake = new AbortController();
      const isWell = await this.turn().then(
        () => true,
        (thrown) => {
          this.tools.onTrouble(thrown);
          return false;
        },
      );
      if (this.stopping.signal.aborted) break;
      const wait = isWell ? TURN_MS : AFTER_TROUBLE_MS;
      await this.tools.clock.sleep(wait, this.wake.signal).catch(() => undefined);
    }
    await this.tools.queue.close();
  }

  /** No more passes are taken. `run` resolves when those that are under way have ended, for which the daemon cares. */
  stop(): void {
    this.stopping.abort(new Error('stopping'));
    this.rouse();
  }

  /** Says goodbye, and lets another replica lead. */
  async leave(): Promise<void> {
    const { register, name, onTrouble } = this.tools;
    await this.resign();
    await register.leave(name).catch(onTrouble);
  }

  private async resign(): Promise<void> {
    if (!this.holds) return;
    this.lose();
    await this.tools.journal.releaseLease(LEADER, this.tools.token).catch(this.tools.onTrouble);
  }

  private rouse(): void {
    this.wake.abort(new Error('roused'));
  }

  private async turn(): Promise<void> {
    if (this.isAway) return this.turnAway();
    if (this.awaySince !== undefined) this.comeBack();
    await this.takePart();
    if (!this.holds) await this.stand();
    if (!this.holds) return;
    await this.hear();
    await this.takeUp();
    await this.ask();
  }

  private async turnAway(): Promise<void> {
    const { clock, onNews } = this.tools;
    const now = clock.monotonic();
    if (this.awaySince === undefined) {
      this.awaySince = now;
      await this.resign();
      // The queue may be within reach: what is refused there could be given to nobody else.
      await this.tools.queue.rest();
      onNews();
    }
    if (this.isAlone || now - this.awaySince < ALONE_AFTER_MS + this.rank * ALONE_STEP_MS) return;
    this.isAlone = true;
    this.daemon?.takeOver();
    onNews();
  }

  /** How many replicas go before this one while the journal is away. */
  private get rank(): number {
    return this.living.filter(({ name }) => name < this.tools.name).length;
  }

  /** Tells the others of itself before it takes passes: the one that leads removes what nobody seems to serve. */
  private async takePart(): Promise<void> {
    const { configuration } = this;
    const { clock, queue } = this.tools;
    if (configuration === undefined || clock.monotonic() - this.reportedAt < REPORT_MS) return;
    this.reportedAt = clock.monotonic();
    await this.report(configuration.digest);
    // Where it refused passes, it could be given the same ones again and again, and the others none.
    await queue.serve(configuration.digest, this.leavesToOthers ? undefined : (job) => this.make(job));
    configuration.served = true;
    // One that is silent may come back within the day for which it is known.
    const known = this.others.filter(({ left }) => !left).map((each) => each.configuration);
    if (this.holds && !this.isAway) await queue.keepOnly([configuration.digest, ...known]);
  }

  private async report(configuration: string): Promise<void> {
    const { clock, register, report, name } = this.tools;
    const own = { ...report(), name, leads: this.holds, configuration };
    await register.report({ ...own, aheadMs: this.aheadMs });
    this.others = await register.replicas();
    const [before, known] = [this.aheadMs, this.others.find((each) => each.name === name)];
    this.aheadMs = known === undefined ? null : clock.now() - known.seenAt - known.silentMs;
    // Before it makes its first pass the others must know.
    if (before === null && this.isOff) this.reportedAt = Number.NEGATIVE_INFINITY;
  }

  private comeBack(): void {
    this.awaySince = undefined;
    this.reportedAt = Number.NEGATIVE_INFINITY;
    this.isAlone = false;
    this.unseenUntil = this.tools.clock.now();
  }

  private async make({ key, trigger, again, lost }: GivenJob): Promise<boolean> {
    if (this.isAway || this.daemon === undefined || this.leavesToOthers) return false;
    return this.daemon.make(key, trigger, { leaseWaitMs: again ? LEASE_WAIT_MS : 0, lost });
  }

  /** By its clock it could write next to nothing. */
  private get leavesToOthers(): boolean {
    return this.isOff && this.living.some((other) => other.name !== this.tools.name && !isOff(other));
  }

  private get isOff(): boolean {
    return isOff({ skewMs: this.tools.report().skewMs, aheadMs: this.aheadMs });
  }

  private get living(): readonly SeenReplica[] {
    return this.others.filter(({ silentMs, left }) => !left && silentMs < SILENT_MS);
  }

  private async stand(): Promise<void> {
    const { clock, journal, token } = this.tools;
    if (clock.monotonic() - this.triedAt < ELECTION_MS) return;
    this.triedAt = clock.monotonic();
    if (!(await journal.acquireLease(LEADER, token, () => this.lose()))) return;
    this.holds = true;
    this.reportedAt = Number.NEGATIVE_INFINITY;
    await this.hear();
    this.daemon?.takeOver();
    this.tools.onNews();
  }

  private lose(): void {
    this.holds = false;
    this.asked.clear();
    this.ended.clear();
    this.revision = undefined;
  }

  /** Tells the daemon of the passes that have ended since. */
  private async hear(): Promise<void> {
    const isFirst = this.revision === undefined;
    let heard = 0;
    for (;;) {
      const { states, revision } = await this.tools.journal.changedSince(this.revision, SLICE);
      this.revision = revision;
      for (const state of states) {
        const { key, lastPassAt } = state;
        if (this.ended.get(key) === lastPassAt) continue;
        this.ended.set(key, lastPassAt);
        heard += 1;
        // One that was not asked for yet cannot have ended.
        if (this.asked.get(key)?.at !== undefined) this.asked.delete(key);
        if (!isFirst) this.daemon?.heard(state);
      }
      if (states.length < SLICE) break;
      await yieldToLoop();
    }
    if (heard > 0 && this.asked.size === 0) this.tools.onNews();
  }

  /** What a dead replica has left open has to be settled, and that is not always in the queue: see requestRotation. */
  private async takeUp(): Promise<void> {
    const { clock, register } = this.tools;
    if (clock.monotonic() - this.tookUpAt < TAKE_UP_MS) return;
    this.tookUpAt = clock.monotonic();
    for (const key of await register.abandoned()) if (!this.asked.has(key)) this.daemon?.abandoned(key);
  }

  private async ask(): Promise<void> {
    const { clock, journal, queue } = this.tools;
    const now = clock.monotonic();
    const wanted = [...this.asked.values()].filter(({ at }) => at === undefined || now - at >= ASK_AGAIN_MS);
    if (wanted.length === 0) return;
    const expiries = wanted.length > 1 ? await journal.expiries() : new Map<string, number>();
    await queue.ask(
      wanted.map(({ wired: { target, tools }, trigger }) => ({
        key: target.key,
        trigger,
        lane: tools.provider.lane,
        priority: priorityOf(expiries.get(target.key), clock.now()),
      })),
    );
    for (const asked of wanted) this.asked.set(asked.wired.target.key, { ...asked, at: now });
  }
}

function isOff({ skewMs, aheadMs }: Pick<ReplicaReport, 'skewMs' | 'aheadMs'>): boolean {
  return Math.abs(skewMs ?? aheadMs ?? 0) > WRONG_CLOCK_MS;
}

/** Soonest expiry first; where that is not known, before all others. Minutes, because it must fit into 32 bits. */
function priorityOf(expiresAt: number | undefined, now: number): number {
  const left = expiresAt === undefined ? -MOST : Math.round((expiresAt - now) / MINUTE);
  return -Math.max(-MOST, Math.min(MOST, left));
}

const MOST = 1_000_000;
