// The alerter: after every event, and at least once a minute, it checks everything that can be wrong, sends what
// channels were not told yet, and pings the heartbeat. It runs beside the daemon and never waits for it, so that
// it can report a scheduler that hangs. Every fault in here is logged, and the next turn comes all the same.
import { asRotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { AlertStore } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import type { Deliverer } from './deliverer.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Watch } from './watch.ts';

export interface AlerterTools {
  readonly clock: Clock;
  readonly journal: AlertStore;
  readonly emit: EventSink;
  readonly watch: Pick<Watch, 'look' | 'wellbeing'>;
  readonly deliverer: Deliverer;
  readonly heartbeat: Heartbeat;
  /** False while another process of the journal does this work. Undefined: none ever does. */
  readonly isMine?: (() => Promise<boolean>) | undefined;
}

/** How soon is found what only time brings about. Less would check every target for nothing. */
const LOOK_EVERY_MS = 60_000;
/** The least time between two checks, so that many small sweeps in a row cost one check. More would delay alerts. */
const LOOK_GAP_MS = 1_000;

export class Alerter {
  private readonly tools: AlerterTools;
  private readonly stopping = new AbortController();
  private wake = new AbortController();
  private changed = true;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(tools: AlerterTools) {
    this.tools = tools;
  }

  /** Runs until `stop`, then delivers what has been raised by then, for at most `flushMs`. */
  async run(flushMs: number): Promise<void> {
    const { clock } = this.tools;
    while (!this.stopping.signal.aborted) {
      const sleep = await this.turn();
      if (this.stopping.signal.aborted) break;
      await clock.sleep(Math.max(0, sleep), this.wake.signal).catch(() => undefined);
      this.wake = new AbortController();
    }
    await this.flush(flushMs);
  }

  /** Something happened: check at once. */
  rouse(): void {
    this.changed = true;
    this.wake.abort(new Error('roused'));
  }

  stop(): void {
    this.stopping.abort(new Error('stopping'));
    this.wake.abort(new Error('stopping'));
  }

  /** Checks, delivers everything that waits without collecting more, and pings; returns within `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    const { clock, deliverer, heartbeat } = this.tools;
    const deadline = clock.monotonic() + limitMs;
    if (!(await this.isMine())) return;
    await this.look();
    for (;;) {
      this.wake = new AbortController();
      const { wait, busy } = await this.deliver(true);
      const left = deadline - clock.monotonic();
      if (left <= 0 || (!busy && wait > left)) break;
      await clock.sleep(Math.min(left, wait), this.wake.signal).catch(() => undefined);
      // A channel that has just refused a message is reported over the other channels.
      if (this.changed) await this.look();
    }
    await this.beat();
    const ended = new AbortController();
    const left = Math.max(0, deadline - clock.monotonic());
    const limit = clock.sleep(left, ended.signal).catch(() => undefined);
    await Promise.race([Promise.all([deliverer.settled(), heartbeat.settled()]), limit]);
    ended.abort(new Error('done'));
    deliverer.abort();
    heartbeat.abort();
    await Promise.all([deliverer.settled(), heartbeat.settled()]);
  }

  /** Returns how many ms (monotonic) remain until something is due. */
  private async turn(): Promise<number> {
    const { clock } = this.tools;
    if (!(await this.isMine())) return LOOK_EVERY_MS;
    const sinceLook = clock.monotonic() - this.lookedAt;
    if (sinceLook >= LOOK_EVERY_MS || (this.changed && sinceLook >= LOOK_GAP_MS)) await this.look();
    const { wait } = await this.deliver(false);
    const beat = await this.beat();
    const nextLook = (this.changed ? LOOK_GAP_MS : LOOK_EVERY_MS) - (clock.monotonic() - this.lookedAt);
    return Math.min(wait, beat, nextLook);
  }

  private isMine(): Promise<boolean> {
    return this.guarded(async () => (await this.tools.isMine?.()) ?? true, false);
  }

  private async look(): Promise<void> {
    this.changed = false;
    this.lookedAt = this.tools.clock.monotonic();
    await this.guarded(() => this.tools.watch.look(), undefined);
  }

  private deliver(hurry: boolean): Promise<{ wait: number; busy: boolean }> {
    const { journal, deliverer } = this.tools;
    // When a delivery has ended there may be more to deliver, and a channel's state has changed.
    const start = async () => deliverer.start(await journal.alertBook(), () => this.rouse(), hurry);
    return this.guarded(start, { wait: Number.POSITIVE_INFINITY, busy: false });
  }

  private beat(): Promise<number> {
    const { journal, heartbeat, watch } = this.tools;
    return this.guarded(async () => heartbeat.beat(watch.wellbeing(await journal.alertBook())), LOOK_EVERY_MS);
  }

  private async guarded<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      this.tools.emit({ event: 'warning', during: 'alerts', error: asRotatorError(thrown) });
      return otherwise;
    }
  }
}
