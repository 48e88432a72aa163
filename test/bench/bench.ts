// `npm run bench`: measures what the project says of its speed, memory and writes, on the bundle as real processes, and
// writes docs/performance.md. It asserts nothing. It ends every process that it started, also after Ctrl-C.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { generate, rotation, status } from './commands.ts';
import { madeKey } from './fleet.ts';
import { type BenchOptions, type FigureName, HELP, parseOptions } from './options.ts';
import { alone, sweeps, ticks } from './passes.ts';
import { Place, type PlaceOptions } from './place.ts';
import { replicas } from './replicas.ts';
import { Measured, reportText, tableText, valueText } from './report.ts';
import { type Build, buildRevision, buildThis } from './revision.ts';
import { startServer } from './server-process.ts';
import { SIZES, TABLES } from './tables.ts';

const OUT = 'docs/performance.md';
const ROWS = new Map(TABLES.flatMap(({ rows }) => rows.map((row) => [row.id, row])));

const print = (line: string) => process.stdout.write(`${line}\n`);

const FULL = {
  ...{ runs: 40, rotated: 400, rounds: 3, sizes: SIZES, shared: 1_000 },
  effort: { settle: 4, waits: 6, window: 15, warmUp: 560, counted: 300 },
} as const;
const QUICK = {
  ...{ runs: 3, rotated: 20, rounds: 1, sizes: [100], shared: 100 },
  effort: { settle: 1, waits: 1, window: 2, warmUp: 100, counted: 100 },
} as const;

async function main(args: readonly string[]): Promise<number> {
  let options: BenchOptions | 'help';
  try {
    options = parseOptions(args);
  } catch (thrown) {
    return wrong(thrown);
  }
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'rotator-bench-'));
  // A process that has just been killed may still hold a file there.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  let builds: readonly Build[];
  try {
    builds = [...(options.against === undefined ? [] : [buildRevision(options.against, folder)]), buildThis(folder)];
  } catch (thrown) {
    return wrong(thrown);
  }
  const measured = new Measured();
  await measure(options, { folder, builds }, measured);
  const names = builds.map(({ name }) => name);
  for (const table of TABLES) print(`\n${tableText(table, names, measured)}`);
  if (options.quick || args.includes('--only')) return 0;
  const report = { facts: facts(builds), tables: TABLES, builds: names };
  writeFileSync(OUT, reportText(report, measured, existsSync(OUT) ? readFileSync(OUT, 'utf8') : ''));
  print(`\nwrote ${OUT}`);
  return 0;
}

/** 2 for what the caller can put right. */
function wrong(thrown: unknown): number {
  if (!(thrown instanceof TypeError)) throw thrown;
  process.stderr.write(`bench: ${thrown.message}\n`);
  return 2;
}

async function measure(
  { only, quick }: BenchOptions,
  made: Pick<PlaceOptions, 'folder' | 'builds'>,
  measured: Measured,
): Promise<void> {
  const { runs, rotated, rounds, sizes, shared, effort } = quick ? QUICK : FULL;
  const [server, key] = [await startServer(), madeKey()];
  await server.give({ order: 'seed', provider: key.provider, publicJwk: key.publicJwk });
  const place = new Place({
    ...made,
    ...{ server, key, sizes, effort },
    isNoted: (row, column, build) => measured.get(row, column, build.name) !== undefined,
    note(row, column, build, cell) {
      measured.set(row, column, build.name, cell);
      const { what = row, unit = '', digits = 0 } = ROWS.get(row) ?? {};
      print(`${build.name}: ${what}, ${column}: ${valueText(cell, digits)} ${unit}`.trimEnd());
    },
  });
  const figures: Readonly<Record<FigureName, () => Promise<void>>> = {
    generate: () => generate(place, runs),
    rotation: () => rotation(place, rotated, rounds),
    sweeps: () => sweeps(place),
    ticks: () => ticks(place),
    alone: () => alone(place),
    status: () => status(place),
    replicas: () => replicas(place, shared),
  };
  for (const name of only) {
    const started = performance.now();
    await figures[name]();
    print(`-- ${name}: ${Math.round((performance.now() - started) / 1_000)} s`);
  }
  await server.close();
}

function facts(builds: readonly Build[]): string[] {
  const all = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const commits = builds.map(({ name }) => `\`${name}\``);
  return [
    `measured on ${new Date().toISOString().slice(0, 10)}: ${commits.length > 1 ? `commit ${commits[0]}, then ${commits[1]}` : `commit ${commits[0]}`}`,
    `${all[0]?.model.trim()}, ${all.length} cores, ${memory} GB of memory, Linux ${release()}`,
    `Node ${process.versions.node}`,
  ];
}

// The exit handlers end processes and remove what was made.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main(process.argv.slice(2));
