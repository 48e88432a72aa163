// Figures of the daemon's passes: all targets due at once, one lane at its ordinary pace, and a target alone.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon } from './daemon-process.ts';
import { ALLOWED_PER_SECOND, type Fleet } from './fleet.ts';
import { farAway, lanesFor, type Place } from './place.ts';
import type { Build } from './revision.ts';
import { columnOf, type RowId } from './tables.ts';
import { busiest, percentile } from './window.ts';

const SWEEP_ROWS = ['sweep-pass', 'sweep-wait', 'sweep-wait-99'] as const satisfies readonly RowId[];
const START_ROWS = ['start-cpu', 'start-peak'] as const satisfies readonly RowId[];
const MEMORY_ROWS = ['resident', 'proportional', 'anonymous', 'peak'] as const satisfies readonly RowId[];
const TICK_ROWS = ['tick-pass', 'tick-wait', 'tick-wait-99', 'bytes'] as const satisfies readonly RowId[];

/** From so many on, one lane has no rest in the time that is measured. */
const FILLS_LANE = 1_000;
/** How long the rest of a sweep may take before memory is looked at. */
const SWEEP_LIMIT_MS = 90_000;
/** What ends with a sweep has ended, and nothing else has begun. */
const REST_MS = 2_000;

/** All at once, over as many lanes as make it fast. */
export async function sweeps(place: Place): Promise<void> {
  const { sizes, seconds, note } = place.options;
  const first = new Map<Build, number>();
  for (const targets of sizes) {
    const column = columnOf(targets);
    const isRepeated = targets <= 1_000;
    const cron = targets === 1 ? '* * * * * *' : isRepeated ? `*/${targets === 100 ? 5 : 10} * * * * *` : farAway();
    await place.forEach([...START_ROWS, ...SWEEP_ROWS, ...MEMORY_ROWS], column, async (build) => {
      const daemon = await started(place, build, { targets, lanes: lanesFor(targets), cron });
      try {
        note('start-cpu', column, build, daemon.start.cpuMs / 1_000);
        note('start-peak', column, build, daemon.start.peakMb);
        await settled(daemon, seconds.settle);
        const waits = await daemon.waits(seconds.waits);
        note('sweep-wait', column, build, percentile(waits, 1));
        note('sweep-wait-99', column, build, percentile(waits, 0.99));
        const most = isRepeated ? Number.POSITIVE_INFINITY : Math.round(0.95 * targets);
        const { cpuMs, passes } = await daemon.window(seconds.window, most);
        note('sweep-pass', column, build, cpuMs / passes);
        if (!isRepeated) await daemon.pass(targets, SWEEP_LIMIT_MS);
        await sleep(REST_MS);
        const memory = daemon.memory();
        note('resident', column, build, memory.residentMb);
        note('proportional', column, build, memory.proportionalMb);
        note('anonymous', column, build, memory.anonymousMb);
        note('peak', column, build, memory.peakMb);
        if (targets === 1) first.set(build, memory.anonymousMb);
        const above = memory.anonymousMb - (first.get(build) ?? Number.NaN);
        if (targets >= FILLS_LANE && above > 0) note('per-target', column, build, (above * 1_024) / (targets - 1));
      } finally {
        await daemon.end();
      }
    });
  }
}

/** One lane, as fast as it may. */
export async function ticks(place: Place): Promise<void> {
  const { sizes, seconds, server, note } = place.options;
  for (const targets of sizes) {
    const column = columnOf(targets);
    const fills = targets >= FILLS_LANE;
    const cron = targets === 1 ? '* * * * * *' : fills ? farAway() : '*/10 * * * * *';
    await place.forEach(TICK_ROWS, column, async (build) => {
      const daemon = await started(place, build, { targets, lanes: 1, cron });
      try {
        await settled(daemon, seconds.settle);
        const waits = await daemon.waits(seconds.waits);
        note('tick-wait', column, build, percentile(waits, 1));
        note('tick-wait-99', column, build, percentile(waits, 0.99));
        await server.give({ order: 'count' });
        const { cpuMs, passes, bytes } = await daemon.window(seconds.window);
        const { times } = await server.arrivals();
        note('tick-pass', column, build, cpuMs / passes);
        note('bytes', column, build, bytes / passes / 1_024);
        if (fills) {
          const arrivals = Object.values(times).flat();
          const lasted = ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / 1_000;
          note('rate', column, build, ((arrivals.length - 1) / lasted / ALLOWED_PER_SECOND) * 100);
          note('busiest', column, build, busiest(arrivals, 1_000));
        }
      } finally {
        await daemon.end();
      }
    });
  }
}

/** One target every five seconds, among others that wait. */
export async function alone(place: Place): Promise<void> {
  const { sizes, seconds, note } = place.options;
  for (const targets of sizes) {
    const column = columnOf(targets);
    await place.forEach(['alone-pass'], column, async (build) => {
      const daemon = await started(place, build, { targets, lanes: 1, cron: '*/5 * * * * *', isHeld: true });
      try {
        await settled(daemon, seconds.settle);
        const { cpuMs, passes } = await daemon.window(seconds.window);
        note('alone-pass', column, build, cpuMs / passes);
      } finally {
        await daemon.end();
      }
    });
  }
}

async function started(place: Place, build: Build, fleet: Fleet): Promise<Daemon> {
  return startDaemon(build.main, await place.fleet(build, fleet));
}

async function settled(daemon: Daemon, seconds: number): Promise<void> {
  await daemon.pass();
  await sleep(seconds * 1_000);
}
