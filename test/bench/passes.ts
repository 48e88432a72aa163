// Figures of the daemon's passes: all targets due at once, one lane at its ordinary pace, and one target alone.
//
// A pass shares a reading of its environment that is less than 30 s old, so a target that is checked again sooner costs
// less than it does in earnest. So a large fleet is measured while it is checked for the first time; a small one is
// checked again after its configuration was read anew, by which the program forgets every reading. `spell` sees to it.
import { setTimeout as sleep } from 'node:timers/promises';
import { NoFigure } from './command.ts';
import { type Daemon, startDaemon, type Used } from './daemon-process.ts';
import { ALLOWED_PER_SECOND, type Fleet } from './fleet.ts';
import { farAway, lanesFor, type Place } from './place.ts';
import type { Build } from './revision.ts';
import { columnOf, type RowId } from './tables.ts';
import { busiest, percentile, perSecond } from './window.ts';

/** A part of a daemon's life. */
interface Spell extends Used {
  /** How long `/healthz` took to answer, in ms. */
  readonly waits: readonly number[];
  /** When calls to CloudBase arrived in the region that had most of them, in ms; counted with passes and CPU. */
  readonly arrivals: readonly number[];
}

/** How long a sweep may take. */
const SWEEP_LIMIT_MS = 120_000;
/** What ends with a sweep has ended by then, and nothing else has begun. */
const REST_MS = 2_000;
/** What passes have read is forgotten within a minute, and its memory given back when the daemon has been idle for a while. */
const LONG_REST_MS = 90_000;
/** From fewer targets, what one more costs is lost in what differs between two starts. */
const LARGE = 1_000;
/** A reload has ended for certain, so that what it holds up is not counted as a wait. */
const AFTER_RELOAD_MS = 100;

/** All at once, over as many lanes as make it fast. */
export async function sweeps(place: Place): Promise<void> {
  const { sizes, note } = place.options;
  const first = new Map<Build, number>();
  for (const targets of sizes) {
    const column = columnOf(targets);
    // A sweep of one target is a tick.
    const isOne = targets === 1;
    const rows = ['start-cpu', 'start-peak', 'resident', 'proportional', 'anonymous', 'peak'] as const;
    const ofPasses = isOne ? [] : (['sweep-pass', 'sweep-wait', 'sweep-wait-99'] as const);
    const noteSweep = ({ cpuMs, passes, waits }: Spell, build: Build) => {
      note('sweep-pass', column, build, cpuMs / passes);
      note('sweep-wait', column, build, percentile(waits, 1));
      note('sweep-wait-99', column, build, percentile(waits, 0.99));
    };
    const fleet = { targets, lanes: lanesFor(targets), cron: farAway() };
    await eachDaemon(place, [...rows, ...ofPasses], fleet, async (daemon, build, later) => {
      note('start-cpu', column, build, daemon.start.cpuMs / 1_000);
      note('start-peak', column, build, daemon.start.peakMb);
      if (targets > LARGE) noteSweep(await firstSweep(place, daemon, Math.round(0.95 * targets)), build);
      await daemon.pass(targets, SWEEP_LIMIT_MS);
      await sleep(REST_MS);
      const memory = daemon.memory();
      note('resident', column, build, memory.residentMb);
      note('proportional', column, build, memory.proportionalMb);
      note('anonymous', column, build, memory.anonymousMb);
      note('peak', column, build, memory.peakMb);
      if (isOne) first.set(build, memory.anonymousMb);
      const above = memory.anonymousMb - (first.get(build) ?? Number.NaN);
      if (targets >= LARGE && above > 0) note('per-target', column, build, (above * 1_024) / (targets - 1));
      if (targets <= LARGE && !isOne) noteSweep(await againAndAgain(place, daemon, targets), build);
      if (targets <= LARGE) return;
      const rested = sleep(LONG_REST_MS);
      later(async () => {
        await rested;
        const left = daemon.memory().anonymousMb;
        note('rest', column, build, left);
        note('rest-each', column, build, ((left - (first.get(build) ?? Number.NaN)) * 1_024) / (targets - 1));
      });
    });
  }
}

/** One lane, as fast as it may. */
export async function ticks(place: Place): Promise<void> {
  const { sizes, effort, note } = place.options;
  const noteTick = ({ cpuMs, passes, bytes, waits, arrivals }: Spell, targets: number, build: Build) => {
    const column = columnOf(targets);
    note('tick-pass', column, build, cpuMs / passes);
    note('bytes', column, build, bytes / passes / 1_024);
    note('tick-wait', column, build, percentile(waits, 1));
    note('tick-wait-99', column, build, percentile(waits, 0.99));
    if (targets < LARGE) return;
    note('rate', column, build, (perSecond(arrivals) / ALLOWED_PER_SECOND) * 100);
    note('busiest', column, build, busiest(arrivals, 1_000));
  };
  const rows = ['tick-pass', 'tick-wait', 'tick-wait-99', 'bytes'] as const;
  const finish = sizes.includes(1) ? await beside(place, rows, (spell, build) => noteTick(spell, 1, build)) : undefined;
  for (const targets of sizes.filter((size) => size > 1)) {
    const lasts = targets > effort.warmUp + (effort.waits + effort.window) * ALLOWED_PER_SECOND;
    await eachDaemon(place, rows, { targets, lanes: 1, cron: farAway() }, async (daemon, build) => {
      const spell = lasts ? firstRound(place, daemon) : againAndAgain(place, daemon, targets);
      noteTick(await spell, targets, build);
    });
  }
  await finish?.();
}

/** One target every five seconds, among others that wait: among the fewest and the most. */
export async function alone(place: Place): Promise<void> {
  const { sizes, effort, note } = place.options;
  for (const targets of sizes.filter((_, index) => index === 0 || index === sizes.length - 1)) {
    const fleet = { targets, lanes: 1, cron: '*/5 * * * * *', isHeld: true };
    await eachDaemon(place, ['alone-pass'], fleet, async (daemon, build) => {
      await settled(daemon, effort.settle);
      await daemon.pass();
      const before = daemon.used();
      await sleep(effort.window * 1_000);
      await daemon.pass();
      const { cpuMs, passes } = since(before, daemon.used());
      note('alone-pass', columnOf(targets), build, cpuMs / passes);
    });
  }
}

/**
 * A daemon of one target for each build, which checks it once a minute while something else is measured. The function
 * that is returned ends them.
 */
async function beside(
  place: Place,
  rows: readonly RowId[],
  noteSpell: (spell: Spell, build: Build) => void,
): Promise<() => Promise<void>> {
  const { effort } = place.options;
  const finish: (() => Promise<void>)[] = [];
  await place.forEach(rows, columnOf(1), async (build) => {
    // Held, so that its calls go to a region of their own.
    const fleet = { targets: 1, lanes: 1, cron: '0 * * * * *', isHeld: true };
    const daemon = await startDaemon(build.main, await place.fleet(build, fleet));
    await settled(daemon, effort.settle);
    const waits = await daemon.waits(effort.waits);
    const before = daemon.used();
    finish.push(async () => {
      if (daemon.used().passes === before.passes) await daemon.pass(before.passes + 1, SWEEP_LIMIT_MS);
      noteSpell({ ...since(before, daemon.used()), waits, arrivals: [] }, build);
      await daemon.end();
    });
  });
  return async () => {
    for (const each of finish) await each();
  };
}

type Work = () => Promise<void>;

/** Measures a daemon of each build. What is for `later` is done when all are measured; a daemon with such work goes on. */
async function eachDaemon(
  place: Place,
  rows: readonly RowId[],
  fleet: Fleet,
  measure: (daemon: Daemon, build: Build, later: (work: Work) => void) => Promise<void>,
): Promise<void> {
  const left: Work[] = [];
  await place.forEach(rows, columnOf(fleet.targets), async (build) => {
    const daemon = await startDaemon(build.main, await place.fleet(build, fleet));
    const own: Work[] = [];
    try {
      await measure(daemon, build, (work) => own.push(work));
    } finally {
      if (own.length === 0) await daemon.end();
      else left.push(...own, () => daemon.end());
    }
  });
  for (const work of left) await work();
}

/** In the first round of a fleet with one lane, which takes longer than what is measured. */
async function firstRound(place: Place, daemon: Daemon): Promise<Spell> {
  const { effort } = place.options;
  await daemon.pass(effort.warmUp);
  const waits = await daemon.waits(effort.waits);
  return spell(place, daemon, waits, async () => {
    await sleep(effort.window * 1_000);
    return 0;
  });
}

/**
 * In the first sweep of a large fleet, up to pass `last`. `/healthz` is asked meanwhile: it costs a thousandth of what
 * the passes do, and a daemon that holds the event loop may have ended the sweep before it answers.
 */
async function firstSweep(place: Place, daemon: Daemon, last: number): Promise<Spell> {
  const { effort } = place.options;
  await settled(daemon, effort.settle);
  const waits: number[] = [];
  return spell(place, daemon, waits, async () => {
    const asked = daemon.waits(effort.waits, last);
    const ended = daemon.pass(last, SWEEP_LIMIT_MS);
    // Where the time is over first, nobody waits for it any more.
    ended.catch(() => undefined);
    const limit = new AbortController();
    await Promise.race([sleep(effort.window * 1_000, undefined, limit), ended]);
    limit.abort();
    waits.push(...(await asked));
    return 0;
  });
}

/** In rounds, each after a reload. */
async function againAndAgain(place: Place, daemon: Daemon, targets: number): Promise<Spell> {
  const { effort } = place.options;
  await daemon.pass(targets, SWEEP_LIMIT_MS);
  /** Returns the CPU of the reload. */
  const round = async (meanwhile?: (last: number) => Promise<void>) => {
    const last = daemon.used().passes + targets;
    const cpuMs = await daemon.reload();
    await meanwhile?.(last);
    await daemon.pass(last, SWEEP_LIMIT_MS);
    return cpuMs;
  };
  for (let passes = targets; passes < effort.warmUp; passes += targets) await round();
  const waits: number[] = [];
  await round(async (last) => {
    await sleep(AFTER_RELOAD_MS);
    waits.push(...(await daemon.waits(effort.waits, last)));
  });
  return spell(place, daemon, waits, async () => {
    let reloadMs = 0;
    for (let passes = 0; passes < effort.counted; passes += targets) reloadMs += await round();
    return reloadMs;
  });
}

/**
 * What the daemon does and uses while `work` lasts, less the CPU that `work` returns, in ms. Throws NoFigure if no pass
 * ended, or if passes did not read the provider.
 */
async function spell(
  { options: { server } }: Place,
  daemon: Daemon,
  waits: readonly number[],
  work: () => Promise<number>,
): Promise<Spell> {
  await server.give({ order: 'count' });
  const before = daemon.used();
  const lessMs = await work();
  const used = since(before, daemon.used());
  const { actions, times } = await server.arrivals();
  if (used.passes === 0) throw new NoFigure('no pass ended');
  if ((actions['GetProviders'] ?? 0) < 0.9 * used.passes) throw new NoFigure('passes shared readings');
  const [arrivals = []] = Object.values(times).toSorted((a, b) => b.length - a.length);
  return { ...used, cpuMs: used.cpuMs - lessMs, waits, arrivals };
}

function since(before: Used, after: Used): Used {
  return {
    passes: after.passes - before.passes,
    cpuMs: after.cpuMs - before.cpuMs,
    bytes: after.bytes - before.bytes,
  };
}

async function settled(daemon: Daemon, seconds: number): Promise<void> {
  await daemon.pass();
  await sleep(seconds * 1_000);
}
