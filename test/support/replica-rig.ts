// Replicas over one journal whose clock is moved by hand: real daemons, a real journal, a queue that keeps its promises
// in memory, and passes that are recorded instead of run. What is tested with it is who makes which pass when.
import { join } from 'node:path';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { parseCron } from '../../src/core/cron.ts';
import type { Degraded, GivenJob, PassJob, PassQueue } from '../../src/core/journal-ports.ts';
import type { Target } from '../../src/core/ports.ts';
import { emptyTargetState, type ReplicaReport, type TargetState } from '../../src/core/records.ts';
import { MINUTE } from '../../src/core/time.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { Replica } from '../../src/daemon/replica.ts';
import { byKey, type Sweeper, type SweepItem, type WiredTarget } from '../../src/daemon/sweep.ts';
import type { PassResult } from '../../src/pass/pass.ts';
import { HandClock } from './clock.ts';
import { START } from './daemon-rig.ts';
import { folder } from './journal.ts';

type Make = (job: GivenJob) => Promise<boolean>;

interface Server {
  readonly name: string;
  readonly configuration: string;
  readonly make: Make;
  readonly takes: boolean;
  alive: boolean;
}

/** Gives each job to the next server of its configuration, and again when that dies. */
class MemoryQueue {
  readonly servers: Server[] = [];
  private readonly waiting = new Map<string, PassJob & { configuration: string; again: boolean }>();
  private readonly given = new Map<string, { server: Server; lost: AbortController }>();
  private turn = 0;
  /** The configurations that were last said to be in use. */
  kept: readonly string[] = [];
  /** While it is set, the database cannot be reached. */
  away = false;

  of(name: string): PassQueue {
    let own: Server | undefined;
    return {
      serve: async (configuration, make) => {
        this.mustBeThere();
        if (own?.configuration === configuration && own?.takes === (make !== undefined)) return;
        if (own !== undefined) own.alive = false;
        const takes = make !== undefined;
        own = { name, configuration, make: make ?? (async () => false), takes, alive: takes };
        this.servers.push(own);
        this.give();
      },
      rest: async () => {
        if (own !== undefined) own = { ...own, alive: false, takes: false };
        for (const server of this.servers) if (server.name === name) server.alive = false;
      },
      ask: async (jobs) => {
        this.mustBeThere();
        const configuration = own?.configuration ?? '';
        for (const job of jobs)
          if (!this.waiting.has(job.key)) this.waiting.set(job.key, { ...job, configuration, again: false });
        this.give();
      },
      keepOnly: async (configurations) => {
        this.mustBeThere();
        this.kept = [...new Set(configurations)];
      },
      close: async () => this.kill(name),
    };
  }

  kill(name: string): void {
    for (const server of this.servers) if (server.name === name) server.alive = false;
    for (const [key, { server, lost }] of this.given) if (server.name === name) this.givenBack(key, server, lost);
    this.give();
  }

  private givenBack(key: string, { configuration }: Server, lost: AbortController): void {
    lost.abort();
    this.given.delete(key);
    this.waiting.set(key, { key, trigger: 'retry', lane: '', priority: 0, configuration, again: true });
  }

  private give(): void {
    for (const [key, job] of this.waiting) {
      const able = this.servers.filter(({ alive, configuration }) => alive && configuration === job.configuration);
      const server = able[this.turn++ % Math.max(1, able.length)];
      if (server === undefined || this.given.has(key)) continue;
      this.waiting.delete(key);
      const lost = new AbortController();
      this.given.set(key, { server, lost });
      void server.make({ key, trigger: job.trigger, again: job.again, lost: lost.signal }).then((isMade) => {
        if (this.given.get(key)?.lost !== lost) return;
        this.given.delete(key);
        if (!isMade) this.waiting.set(key, { ...job, again: true });
        this.give();
      });
    }
  }

  private mustBeThere(): void {
    if (this.away) throw new Error('the database cannot be reached');
  }
}

export interface MadePass {
  readonly by: string;
  readonly name: string;
  readonly trigger: string;
  /** Minutes since the start. */
  readonly at: number;
}

/** Replicas of the same targets; `passes` is what they made, in the order in which passes ended. */
export async function replicas(names: readonly string[], targets: readonly WiredTarget[], cron = '0 * * * *') {
  const clock = new HandClock(START);
  const path = join(folder(), 'journal.db');
  const queue = new MemoryQueue();
  const passes: MadePass[] = [];
  const troubles: unknown[] = [];
  const answers = new Map<string, Partial<TargetState> & { readonly lasts?: Promise<void> }>();
  const known = new Map<string, { report: ReplicaReport; at: number; left: boolean }>();
  let degraded: Degraded | undefined;
  const start = async (name: string, wired: readonly WiredTarget[] = targets, configuration = 'same') => {
    const journal = await openJournal({ path }, { mode: 'write', clock });
    const sweeper = {
      async sweep(items: readonly SweepItem[], onResult: (target: Target, result: PassResult) => void) {
        for (const { wired, request } of items) {
          const { target } = wired;
          const { lasts, ...state } = answers.get(target.name) ?? {};
          await lasts;
          if (!dead.has(name)) {
            const at = Math.round((clock.now() - START) / MINUTE);
            passes.push({ by: name, name: target.name, trigger: request.trigger, at });
            const full = { ...emptyTargetState(target, target.name), lastPassAt: clock.now(), ...state };
            await journal.commit({ target: { ...full, state: state.state ?? 'healthy' } });
            onResult(target, { state: full, outcome: null, waitsFor: null, wakeAt: full.wakeAt, skewMs: undefined });
          }
        }
      },
    } as unknown as Sweeper;
    const replica = new Replica({
      clock,
      journal: {
        ...journal,
        get degraded() {
          return degraded;
        },
      },
      queue: queue.of(name),
      token: `daemon:${name}`,
      name,
      register: {
        report: async (report) => void known.set(name, { report, at: clock.monotonic(), left: false }),
        abandoned: async () => abandoned,
        leave: async () => void known.delete(name),
        replicas: async () =>
          [...known.values()].map(({ report, at, left }) => {
            const silentMs = clock.monotonic() - at;
            return { ...report, left, seenAt: clock.now() - silentMs, silentMs, knownMs: silentMs };
          }),
      },
      report: () => ({
        version: '1.2.3',
        startedAt: START,
        targets: wired.length,
        skewMs: skews.get(name) ?? null,
        rejected: null,
        stalledSince: null,
      }),
      onNews: () => swept.push(name),
      onTrouble: (thrown) => troubles.push(thrown),
    });
    const daemon = new Daemon(
      { targets: byKey(wired), cron: parseCron(cron, 'UTC') },
      { clock, emit: () => undefined, sweeper, onSwept: () => undefined, seat: replica },
    );
    replica.configure(configuration);
    const running = Promise.all([daemon.run(), replica.run(daemon)]);
    return { name, replica, daemon, running, journal };
  };
  const dead = new Set<string>();
  const swept: string[] = [];
  const abandoned: string[] = [];
  const skews = new Map<string, number>();
  const all: Awaited<ReturnType<typeof start>>[] = [];
  for (const name of names) all.push(await start(name));
  return {
    clock,
    queue,
    passes,
    answers,
    troubles,
    swept,
    /** The keys of targets with an open row on which nobody works. */
    abandoned,
    /** By replica: its clock less CloudBase's. */
    skews,
    all,
    start,
    /** The names of those that lead. */
    leaders: () =>
      all.filter(({ name, replica }) => !dead.has(name) && replica.role === 'leads').map(({ name }) => name),
    /** Ends a replica as kill -9 does: it does nothing any more, and its leases end by themselves. */
    async kill(name: string) {
      dead.add(name);
      queue.kill(name);
      await all.find((replica) => replica.name === name)?.journal.close();
    },
    setAway(away: boolean) {
      queue.away = away;
      degraded = away ? { error: AWAY, since: clock.now() } : undefined;
    },
    async dispose() {
      for (const { replica, daemon } of all) {
        daemon.stop();
        replica.stop();
      }
      await clock.advance(MINUTE);
      for (const { name, journal } of all) if (!dead.has(name)) await journal.close();
    },
  };
}

const AWAY: Degraded['error'] = { code: 'ERR_JOURNAL_UNWRITABLE', params: { problem: 'waiting' } } as Degraded['error'];
