// Runs a program to its end, and says what it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAtExit } from './child.ts';
import { childrenCpu, megabytesOf } from './proc.ts';

export interface Took {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The most memory that it held at once. */
  readonly peakMb: number;
}

/** A figure that cannot be had, and why, in a few words: an older program may refuse what is measured. */
export class NoFigure extends Error {}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The exit statuses that are no failure. Default: 0. */
  readonly statuses?: readonly number[];
}

/** How often the peak is looked at: the last look before the end counts. */
const LOOK_MS = 10;

/**
 * Runs `node ARGS`. Throws NoFigure if it fails. CPU is what the kernel adds to this process for a child that ended, so
 * no other child may end meanwhile.
 */
export async function run(
  args: readonly string[],
  { cwd = '.', env = {}, statuses = [0] }: CommandOptions = {},
): Promise<Took> {
  const before = childrenMs();
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endAtExit(child);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  let [peakMb, ended] = [0, false];
  const exit = once(child, 'close').then(([code]) => {
    ended = true;
    return [code, performance.now() - started] as const;
  });
  while (!ended) {
    peakMb = Math.max(peakMb, peakOf(child.pid));
    await Promise.race([exit, sleep(LOOK_MS)]);
  }
  const [code, wallMs] = await exit;
  if (!statuses.includes(code))
    throw new NoFigure(`ended with ${code}: ${complaint.trim().split('\n')[0]?.slice(0, 80) ?? ''}`);
  return { cpuMs: childrenMs() - before, wallMs, peakMb };
}

function childrenMs(): number {
  return childrenCpu(readFileSync('/proc/self/stat', 'utf8'));
}

/** 0 for a process that has ended. */
function peakOf(pid: number | undefined): number {
  try {
    return megabytesOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM') ?? 0;
  } catch {
    return 0;
  }
}
