// Every figure: its name, its unit, and how it is measured. docs/performance.md shows all of this.
import type { TableDefinition } from './report.ts';

/** The only column of figures that do not depend on how many targets there are. */
export const ONE = 'one process';

export const SIZES = [1, 100, 1_000, 10_000] as const;

export function columnOf(targets: number): string {
  return targets === 1 ? '1 target' : `${targets.toLocaleString('en-US')} targets`;
}

const COMMANDS = {
  title: 'Commands',
  columns: [ONE],
  rows: [
    {
      id: 'node',
      what: '`node -e 0`, CPU',
      unit: 'ms',
      digits: 1,
      how: 'the mean of 40 runs; the runs of all programs of this table take turns.',
    },
    {
      id: 'bare',
      what: 'a bare script, CPU',
      unit: 'ms',
      digits: 1,
      how: 'the same of a script, an ES module as the program is, that signs a client secret with node:crypto and prints it.',
    },
    { id: 'generate', what: '`generate`, CPU', unit: 'ms', digits: 1, how: 'the same of the command.' },
    {
      id: 'generate-cpu',
      what: '`generate` over the bare script, CPU',
      unit: 'times',
      digits: 2,
      how: 'the one divided by the other.',
    },
    {
      id: 'generate-time',
      what: '`generate` over the bare script, time',
      unit: 'times',
      digits: 2,
      how: 'the shortest run of the one divided by the shortest run of the other.',
    },
    {
      id: 'rotation',
      what: 'a rotation, CPU',
      unit: 'ms',
      digits: 2,
      how: '`once --force --no-apple-check` over many targets, less the same with one of them, divided by the others; the median of some runs. Apple is left out because it is asked once a second.',
    },
    {
      id: 'bare-calls',
      what: 'its calls by the bare SDK, CPU',
      unit: 'ms',
      digits: 2,
      how: "a process that makes a rotation's four calls with Tencent's SDK and does nothing else, as often, less its start.",
    },
    {
      id: 'rotation-over',
      what: 'a rotation over its bare calls',
      unit: 'times',
      digits: 2,
      how: 'the one divided by the other.',
    },
    {
      id: 'rotation-calls',
      what: 'calls of a rotation',
      unit: '',
      digits: 0,
      how: 'what arrived at the server, divided by the targets.',
    },
  ],
} as const satisfies TableDefinition;

const FLEETS = {
  title: 'By number of targets',
  columns: SIZES.map(columnOf),
  rows: [
    {
      id: 'start-cpu',
      what: 'start until `/healthz` answers, CPU',
      unit: 's',
      digits: 2,
      how: 'the daemon starts with a journal that knows every target.',
    },
    { id: 'start-peak', what: 'the same, most memory', unit: 'MB', digits: 0, how: 'VmHWM at that moment.' },
    {
      id: 'sweep-pass',
      what: 'a healthy pass in a sweep, CPU',
      unit: 'ms',
      digits: 2,
      how: 'all targets are due at once, spread over up to 50 lanes of 20 requests a second. The CPU of a stretch of time, divided by the healthy passes in it; everything else that the daemon does meanwhile counts too. 10,000 targets are measured in the first sweep after the start, after some seconds; fewer are checked anew after a reload, whose own CPU is taken off, once 560 passes have been made.',
    },
    {
      id: 'tick-pass',
      what: 'a healthy pass in a tick, CPU',
      unit: 'ms',
      digits: 2,
      how: 'the same with one lane: 20 passes a second at most, so that little can be done for several at once. From 1,000 targets on, in the first round, once 560 passes have been made. One target is checked once a minute; what the daemon does during the minute counts, and most code has not been compiled yet.',
    },
    {
      id: 'alone-pass',
      what: 'a check of one target alone and the look for alerts after it, CPU',
      unit: 'ms',
      digits: 1,
      how: 'every 5 s one target is checked, while all others wait for a lane that has next to no requests. A look for alerts follows each check. The check itself is a light one: it uses a reading of its environment that is less than 30 s old.',
    },
    {
      id: 'sweep-wait',
      what: 'longest wait for `/healthz` in a sweep',
      unit: 'ms',
      digits: 0,
      how: "asked every 50 ms from outside, after the start and between reloads. It shows for how long the daemon's event loop was held, by work or by the disk.",
    },
    { id: 'sweep-wait-99', what: 'the same, 99 % wait at most', unit: 'ms', digits: 1, how: 'of the same requests.' },
    {
      id: 'tick-wait',
      what: 'longest wait for `/healthz` in a tick',
      unit: 'ms',
      digits: 0,
      how: 'the same with one lane.',
    },
    { id: 'tick-wait-99', what: 'the same, 99 % wait at most', unit: 'ms', digits: 1, how: 'of the same requests.' },
    {
      id: 'resident',
      what: 'resident memory after a sweep',
      unit: 'MB',
      digits: 0,
      how: 'Rss of /proc/PID/smaps_rollup, two seconds after the first sweep.',
    },
    {
      id: 'proportional',
      what: 'the same, Pss',
      unit: 'MB',
      digits: 0,
      how: 'what other processes share counts in part.',
    },
    {
      id: 'anonymous',
      what: 'the same, anonymous',
      unit: 'MB',
      digits: 0,
      how: "what is the daemon's alone and no file. Daemons run as in the image, with MALLOC_ARENA_MAX=1, MALLOC_MMAP_THRESHOLD_=16384 and V8's --min-semi-space-size=4.",
    },
    {
      id: 'per-target',
      what: 'anonymous memory for each target above the first',
      unit: 'KB',
      digits: 1,
      how: 'from the row above.',
    },
    {
      id: 'rest',
      what: 'anonymous memory at rest',
      unit: 'MB',
      digits: 0,
      how: 'the same, a minute and a half after a sweep, or when the sweep of the other commit has ended.',
    },
    {
      id: 'rest-each',
      what: 'the same for each target above the first',
      unit: 'KB',
      digits: 1,
      how: 'less the anonymous memory of a daemon with one target.',
    },
    { id: 'peak', what: 'most memory', unit: 'MB', digits: 0, how: 'VmHWM at the same moment.' },
    {
      id: 'bytes',
      what: 'bytes written by a healthy pass',
      unit: 'KB',
      digits: 1,
      how: 'write_bytes of /proc/PID/io in a tick, divided by the passes. It counts whole pages of the file system.',
    },
    {
      id: 'rate',
      what: 'the allowed rate that a tick uses',
      unit: '%',
      digits: 1,
      how: 'calls that arrived at the server in one lane, against 20 a second, over whole seconds.',
    },
    {
      id: 'busiest',
      what: 'most calls in any second',
      unit: '',
      digits: 0,
      how: 'the same calls in a sliding window, by the clock of the server. 20 are allowed.',
    },
    {
      id: 'status-cpu',
      what: '`status`, CPU',
      unit: 's',
      digits: 2,
      how: 'the command, with the journal of the fleet.',
    },
    { id: 'status-peak', what: '`status`, most memory', unit: 'MB', digits: 0, how: 'VmHWM shortly before its end.' },
  ],
} as const satisfies TableDefinition;

export const REPLICAS = [1, 2, 3] as const;

export function replicasColumn(count: number): string {
  return count === 1 ? '1 replica' : `${count} replicas`;
}

const OVER_A_DATABASE = {
  title: 'Replicas',
  columns: [ONE, ...REPLICAS.map(replicasColumn)],
  rows: [
    {
      id: 'replica-passes',
      what: 'passes a second',
      unit: '',
      digits: 0,
      how: 'of processes that share a journal in PostgreSQL on the same machine, in their first sweep of a fleet of 50 lanes, from the first pass to the last.',
    },
    {
      id: 'replica-takeover',
      what: 'takeover',
      unit: 's',
      digits: 0,
      how: 'from kill -9 of the process that leads until the other one does. The lease that it had lasts 45 s after it was last renewed.',
    },
    {
      id: 'replica-memory',
      what: 'memory that PostgreSQL and pg-boss add',
      unit: 'MB',
      digits: 0,
      how: 'anonymous memory at rest with one target, less the same with a file.',
    },
  ],
} as const satisfies TableDefinition;

export const TABLES = [COMMANDS, FLEETS, OVER_A_DATABASE] as const;

export type RowId = (typeof TABLES)[number]['rows'][number]['id'];
