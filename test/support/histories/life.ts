// One life of the real daemon: its scheduler, passes, adapters, journal and alerts as `run` wires them, but for HTTP.
// It can be killed at every boundary of a pass as kill -9 would: from that moment on nothing that it does has an effect,
// and what its journal holds by then is all that the next life has.
import { DatabaseSync } from 'node:sqlite';
import { openDaemonJournal } from '../../../src/adapters/journal/journal.ts';
import type { Config } from '../../../src/config/resolve.ts';
import type { RotatorEvent } from '../../../src/core/events.ts';
import type { DaemonJournal } from '../../../src/core/journal-ports.ts';
import { HOUR, MINUTE } from '../../../src/core/time.ts';
import { uuidv7 } from '../../../src/core/uuid.ts';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { byKey, Sweeper } from '../../../src/daemon/sweep.ts';
import type { PassResult } from '../../../src/pass/pass.ts';
import { type OnceOptions, openOnce } from '../../../src/service/once.ts';
import { eventHub, type ServiceTools } from '../../../src/service/tools.ts';
import { type Alerting, createAlerting } from '../../../src/service/wire-alerts.ts';
import { planOf, type WiringTools } from '../../../src/service/wire-targets.ts';
import { Mortal } from '../mortal.ts';
import { idle, stride, WaitingClock } from './clock.ts';
import type { Place } from './place.ts';

/** Messages wait a little for others, and for their channel's pace; whatever waits for longer waits for something else. */
const MESSAGE_WAIT_MS = 8_000;
/** What a look finds is sent in a few rounds. */
const MOST_ROUNDS = 50;
/** How often alerts are looked at while nothing happens: by the minute, it would take most of the time of a history. */
const LOOK_EVERY_MS = 2 * HOUR;

/** Passes after which the machine is suspended until the end of a wait: more would only take time. */
const MOST_PASSES = 10;

/** Hears what a process does. */
export interface Listener {
  readonly onEvent: (event: RotatorEvent) => void;
  /** A pass of a target has ended. */
  readonly onPass: (name: string, result: PassResult) => void;
  /** Passes have ended, and the alerts about them were sent. */
  readonly onSettled: () => Promise<void>;
}

/** The tools that a process is made of; its ids are the same whenever a history is played. */
function toolsOf(place: Place, listener: Listener): ServiceTools {
  return {
    clock: place.clock,
    env: place.env,
    version: '0.0.0',
    newId: () => {
      const random = Buffer.alloc(10);
      random.writeUInt32BE(place.count(), 6);
      return uuidv7(place.clock.now(), random);
    },
    emit: listener.onEvent,
  };
}

/** What a life starts with. */
interface Opened {
  readonly waiting: WaitingClock;
  readonly journal: DaemonJournal;
  /** The life before this one did not end by itself. */
  readonly afterCrash: boolean;
}

export class Life {
  private readonly place: Place;
  private readonly listener: Listener;
  private readonly config: Config;
  private readonly waiting: WaitingClock;
  private readonly daemon: Daemon;
  readonly journal: DaemonJournal;
  private readonly sweeper: Sweeper;
  private readonly alerting: Alerting;
  private readonly alertClock: WaitingClock;
  private lookedAt: number;
  private readonly mortal = new Mortal();
  private sweeping = 0;
  private passes = 0;
  private hasNews = false;

  private constructor(place: Place, config: Config, listener: Listener, { waiting, journal, afterCrash }: Opened) {
    this.place = place;
    this.listener = listener;
    this.config = config;
    this.waiting = waiting;
    this.journal = journal;
    const { emit, listen } = eventHub(listener.onEvent);
    const tools: WiringTools = { ...toolsOf(place, listener), emit, leaseHolder: 'daemon:', pace: journal };
    const plan = planOf(config, tools);
    const wiredTargets = Array.from(plan.targets.values(), (wired) => ({
      ...wired,
      tools: Object.fromEntries(
        Object.entries(wired.tools).map(([name, tool]) => [
          name,
          typeof tool === 'object' && name !== 'clock' ? this.mortal.part(tool) : tool,
        ]),
      ) as typeof wired.tools,
    }));
    const startedAt = place.clock.now();
    this.sweeper = new Sweeper({
      journal: this.mortal.part(journal),
      isDegraded: () => journal.degraded !== undefined,
      nextTick: () => this.daemon.nextTick(),
      startedAt,
      crashedBefore: afterCrash ? startedAt : undefined,
    });
    const facts = () => {
      const { alive, lastTurnMs } = this.daemon.health();
      return {
        configured: plan.targets,
        disabled: [],
        degraded: journal.degraded,
        skewMs: this.sweeper.skewMs,
        since: startedAt,
        configurationRejected: null,
        scheduler: { alive, lastTurnAt: place.clock.now() - lastTurnMs },
        replicas: null,
        isSweeping: this.sweeping > 0,
      };
    };
    this.alertClock = new WaitingClock(place.clock);
    this.lookedAt = place.truth.mono;
    this.alerting = createAlerting({ config, journal, facts }, { ...tools, clock: this.alertClock });
    listen(this.alerting.onEvent);
    // One after another, so that a history is the same whenever it is played.
    const sweep: Sweeper['sweep'] = async (items, onResult) => {
      this.sweeping += 1;
      for (const item of items) {
        const done = this.sweeper.sweep([item], (target, result) => {
          this.passes += 1;
          listener.onPass(target.name, result);
          onResult(target, result);
        });
        await Promise.race([done, this.mortal.died]);
      }
      this.sweeping -= 1;
    };
    const sweeper = { sweep } as unknown as Sweeper;
    const onSwept = () => {
      this.hasNews = true;
    };
    this.daemon = new Daemon({ ...plan, targets: byKey(wiredTargets) }, { clock: waiting, emit, sweeper, onSwept });
    void this.daemon.run();
    void this.alerting.alerter.run(0);
  }

  static async start(place: Place, config: Config, listener: Listener): Promise<Life> {
    const waiting = new WaitingClock(place.clock);
    const emit = listener.onEvent;
    const journal = await openDaemonJournal(config.journal, {
      who: { instance: config.instance, pid: process.pid, host: 'history' },
      leaseHolder: 'daemon:',
      process: `daemon:${place.count()}`,
      clock: waiting,
      busyTimeoutMs: 0,
      onChange: (error) => emit({ event: 'journal.degraded', degraded: error !== undefined, error: error ?? null }),
      warn: (error) => emit({ event: 'warning', error }),
    });
    const afterCrash = (await journal.fleet()).openSince !== null;
    const openSince = place.clock.now();
    await journal.updateFleet((fleet) => ({ ...fleet, openSince }));
    return new Life(place, config, listener, { waiting, journal, afterCrash });
  }

  get dead(): boolean {
    return this.mortal.dead;
  }

  /** See Mortal. */
  armKill(boundary: number): void {
    this.mortal.armKill(boundary);
  }

  disarm(): void {
    this.mortal.disarm();
  }

  /** Ends as kill -9 does. `isHeld`: nobody can write the journal anyway. */
  async kill(isHeld: boolean): Promise<void> {
    this.mortal.die();
    await idle();
    // What a degraded journal would still give to its file at an orderly end is lost.
    const release = this.journal.degraded === undefined || isHeld ? undefined : holdJournal(this.config);
    await this.journal.close();
    release?.();
  }

  /** Asks for a rotation as POST …/rotate does; resolves when its pass has ended. */
  async request(key: string): Promise<void> {
    void this.daemon.requestRotation(key, 'history');
    await this.settle();
  }

  /** Lets time pass. Ends early if the process dies. Returns the time that passed while it ran. */
  async wait(ms: number): Promise<number> {
    const { truth } = this.place;
    const end = truth.mono + ms;
    const start = truth.mono;
    this.passes = 0;
    await this.settle();
    while (truth.mono < end && !this.mortal.dead) {
      if (this.passes >= MOST_PASSES) {
        const ran = truth.mono - start;
        // A machine that sleeps: its monotonic clock stands still.
        truth.wall += end - truth.mono;
        truth.pass(MINUTE);
        this.waiting.wake();
        await this.settle();
        return ran;
      }
      truth.pass(stride(this.waiting.soonest(), end - truth.mono));
      this.waiting.wake();
      await this.settle();
    }
    return truth.mono - start;
  }

  /** Resolves when nothing is under way any more, and what was found has been told. */
  async settle(): Promise<void> {
    const { truth } = this.place;
    await idle();
    while (!this.mortal.dead && this.sweeping > 0) await idle();
    if (this.mortal.dead || (!this.hasNews && truth.mono - this.lookedAt < LOOK_EVERY_MS)) return;
    this.hasNews = false;
    this.lookedAt = truth.mono;
    this.alerting.alerter.rouse();
    await idle();
    let rounds = 0;
    for (let wait = this.alertClock.soonest(); wait <= MESSAGE_WAIT_MS; wait = this.alertClock.soonest()) {
      rounds += 1;
      if (rounds > MOST_ROUNDS) throw new Error('messages are sent again and again');
      truth.pass(wait);
      this.alertClock.wake();
      await idle();
    }
    await this.listener.onSettled();
  }

  /** Looks for what only time brings about, and tells it. */
  async look(): Promise<void> {
    if (this.mortal.dead) return;
    this.hasNews = true;
    await this.settle();
  }
}

/** Runs `once` as the command does; the results by target. */
export async function runOnce(
  place: Place,
  config: Config,
  listener: Listener,
  options: Pick<OnceOptions, 'force' | 'appleCheck'>,
): Promise<void> {
  const session = await openOnce(config, toolsOf(place, listener), {
    target: [],
    isTerminal: false,
    stop: new AbortController().signal,
    ...options,
  });
  try {
    for (const [key, result] of await session.sweep(() => undefined)) {
      const name = session.targets.find((target) => target.key === key)?.name ?? key;
      listener.onPass(name, result);
    }
    await session.alert();
  } finally {
    await session.close();
  }
  await listener.onSettled();
}

/** Keeps the journal from being written until the function that is returned is called. */
export function holdJournal({ journal: { path } }: Config): () => void {
  const db = new DatabaseSync(path, { timeout: 0 });
  db.exec('BEGIN IMMEDIATE');
  return () => db.close();
}

/** How far apart the ticks of a schedule of the histories are. */
export const TICK_MS = { '7 * * * *': HOUR, '7 */6 * * *': 6 * HOUR } as const;
