// The daemon as a process: started, watched by its log, measured from outside, and ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAtExit } from './child.ts';
import { NoFigure } from './command.ts';
import { CREDENTIALS } from './fleet.ts';
import { bytesWritten, megabytesOf, threadsCpu } from './proc.ts';

export interface Memory {
  readonly residentMb: number;
  /** The resident memory, of which what is shared counts in proportion. */
  readonly proportionalMb: number;
  /** What belongs to this process alone and is no file. */
  readonly anonymousMb: number;
  readonly peakMb: number;
}

/** What it has done and used since its start. */
export interface Used {
  readonly passes: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

export interface Daemon {
  /** What it had used when `/healthz` answered. */
  readonly start: { readonly cpuMs: number; readonly peakMb: number };
  used(): Used;
  /** Resolves at the next healthy pass, or at that with this number. Throws NoFigure if it does not come, or a pass failed. */
  pass(number?: number, limitMs?: number): Promise<void>;
  /** Reads its configuration again, by which every target is due. Resolves with the CPU that this took, in ms. */
  reload(): Promise<number>;
  /** How long `/healthz` took to answer, in ms, asked every 50 ms for so many seconds, until pass `last` at the latest. */
  waits(seconds: number, last?: number): Promise<readonly number[]>;
  memory(): Memory;
  /** Ends it as kill -9 does. */
  kill(): void;
  end(): Promise<void>;
}

/** What the image sets. */
const AS_IN_IMAGE = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '16384' } as const;
const FLAGS_OF_IMAGE = ['--min-semi-space-size=4'] as const;

/** A pass takes less than a second; a sweep of a program that is ten times slower still ends in it. */
const PASS_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 50;

/** Starts `run`. Throws NoFigure if it does not start. */
export async function startDaemon(main: string, folder: string): Promise<Daemon> {
  const child = spawn(process.execPath, [...FLAGS_OF_IMAGE, main, 'run', '--config', 'rotator.yaml'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...CREDENTIALS, ...AS_IN_IMAGE },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const end = endAtExit(child);
  let [passes, reloads, rest] = [0, 0, ''];
  let trouble: string | undefined;
  let url: string | undefined;
  let news = Promise.withResolvers<void>();
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.includes('"event":"pass.healthy"')) passes += 1;
      else if (line.includes('"event":"config.reloaded"')) reloads += 1;
      else if (line.includes('"event":"daemon.started"')) url = (JSON.parse(line) as { http: string }).http;
      else if (/"event":"(?:start\.refused|config\.rejected|pass\.failed)"/.test(line))
        trouble ??= `failed: ${(JSON.parse(line) as { code?: string }).code ?? 'no code'}`;
    }
    tell();
  });
  child.once('exit', () => {
    trouble ??= 'it ended';
    tell();
  });
  const until = async (is: () => boolean, limitMs: number) => {
    const limit = sleep(limitMs, 'late' as const, { ref: false });
    while (!is()) {
      if (trouble !== undefined) throw new NoFigure(trouble);
      if ((await Promise.race([news.promise, limit])) === 'late')
        throw new NoFigure(`nothing within ${Math.round(limitMs / 1_000)} s`);
    }
  };
  const file = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  const cpuMs = () =>
    threadsCpu(readdirSync(`/proc/${child.pid}/task`).map((thread) => file(`task/${thread}/schedstat`)));
  const megabytes = (from: string, name: string) => megabytesOf(file(from), name) ?? Number.NaN;
  const pass: Daemon['pass'] = (number = passes + 1, limitMs = PASS_LIMIT_MS) => until(() => passes >= number, limitMs);
  try {
    await until(() => url !== undefined, PASS_LIMIT_MS);
    await waitOf(`${url}/healthz`);
    return {
      start: { cpuMs: cpuMs(), peakMb: megabytes('status', 'VmHWM') },
      used: () => ({ passes, cpuMs: cpuMs(), bytes: bytesWritten(file('io')) }),
      pass,
      async reload() {
        const [before, number] = [cpuMs(), reloads + 1];
        child.kill('SIGHUP');
        await until(() => reloads >= number, PASS_LIMIT_MS);
        return cpuMs() - before;
      },
      async waits(seconds, last = Number.POSITIVE_INFINITY) {
        const asked: Promise<number>[] = [];
        for (let left = (seconds * 1_000) / ASK_EVERY_MS; left > 0 && passes < last; left -= 1) {
          asked.push(waitOf(`${url}/healthz`));
          await sleep(ASK_EVERY_MS);
        }
        return Promise.all(asked);
      },
      memory: () => ({
        residentMb: megabytes('smaps_rollup', 'Rss'),
        proportionalMb: megabytes('smaps_rollup', 'Pss'),
        anonymousMb: megabytes('smaps_rollup', 'Anonymous'),
        peakMb: megabytes('status', 'VmHWM'),
      }),
      kill: () => void child.kill('SIGKILL'),
      end,
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

/** Connections are kept, so that a wait is the daemon's own. */
const agent = new Agent({ keepAlive: true });

/** How long a request took until its answer began, whatever the answer is, or until the daemon closed the connection. */
async function waitOf(url: string): Promise<number> {
  const started = performance.now();
  const request = get(url, { agent });
  const [response] = (await once(request, 'response').catch(() => [])) as [NodeJS.ReadableStream?];
  response?.resume();
  return performance.now() - started;
}
