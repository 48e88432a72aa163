// What the journal's tests share: records with overrides, folders that go away, a clock moved by hand,
// and child processes that work on the same file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type JournalOptions, openJournal } from '../../src/adapters/journal/journal.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import { emptyTargetState, type Rotation, type TargetState } from '../../src/core/records.ts';
import { uuidv7 } from '../../src/core/uuid.ts';

/** 2026-11-22T10:00:00Z. */
export const NOW = Date.UTC(2026, 10, 22, 10);

/**
 * Where journals of tests lie: a memory file system where there is one. A property test commits thousands of times, and
 * a disk needs milliseconds to make each of them durable.
 */
export function fastFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** A folder of its own that is removed after the test; other users may enter it. */
export function folder(): string {
  const path = mkdtempSync(join(fastFolder(), 'rotator-journal-'));
  chmodSync(path, 0o755);
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A journal for the test that runs, in a folder of its own unless a path is given. */
export async function ownJournal(
  path = join(folder(), 'journal.db'),
  options: Partial<JournalOptions> = {},
): Promise<Journal> {
  const journal = await openJournal({ path }, { mode: 'write', clock: new MovableClock(), ...options });
  onTestFinished(() => journal.close());
  return journal;
}

export class MovableClock {
  wall = NOW;
  steady = 0;
  now(): number {
    return this.wall;
  }
  monotonic(): number {
    return this.steady;
  }
  every(): () => void {
    return () => undefined;
  }
  advance(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

export function aTarget(overrides: Partial<TargetState> = {}): TargetState {
  const name = overrides.name ?? 'shop-prod';
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: `${name}-1g2h3j`, providerId: 'apple' };
  return { ...emptyTargetState(identity, name), ...overrides };
}

let made = 0;

export function aRotation(overrides: Partial<Rotation> = {}): Rotation {
  made += 1;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(made, 6);
  return {
    id: uuidv7(overrides.startedAt ?? NOW, random),
    targetKey: aTarget().key,
    target: 'shop-prod',
    envId: 'shop-prod-1g2h3j',
    reason: 'RenewalDue',
    trigger: 'schedule',
    requestedBy: null,
    keyId: 'K1L2M3N4O5',
    fingerprint: 'ab'.repeat(32),
    issuedAt: NOW - 300_000,
    expiresAt: NOW + 15_552_000_000,
    previousFingerprint: null,
    previousExpiresAt: null,
    startedAt: NOW,
    finishedAt: null,
    outcome: null,
    proof: null,
    settles: null,
    appleCheck: { candidate: 'accepted', deployed: 'not-asked' },
    appleCheckWaived: false,
    requestIds: [],
    error: null,
    intent: {
      thumbprint: 'J'.repeat(43),
      teamId: 'A1B2C3D4E5',
      clientId: 'com.example.shop.web',
      fields: { 'Config.Scope': 'openid email name' },
      shapeBefore: 'clear',
      at: NOW,
    },
    ...overrides,
  };
}

export function finished(rotation: Rotation, overrides: Partial<Rotation> = {}): Rotation {
  return { ...rotation, outcome: 'succeeded', finishedAt: rotation.startedAt + 4000, ...overrides };
}

/** A child process at work on a journal (child.ts); killed after the test if it still runs. */
export interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Lets it go on. */
  go(): void;
  /** Everything else that it printed, and its exit code. */
  end(): Promise<{ code: number | null; lines: string[]; stderr: string }>;
}

export function child(action: string, ...args: string[]): Child {
  const script = fileURLToPath(new URL('../adapters/journal/child.ts', import.meta.url));
  const running = spawn(process.execPath, [script, action, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => {
    if (running.exitCode === null) running.kill('SIGKILL');
  });
  // Not by its iterator: that stops reading after a thousand lines, and loses what follows when the child is killed.
  const lines: string[] = [];
  let more = Promise.withResolvers<void>();
  createInterface({ input: running.stdout }).on('line', (line) => {
    lines.push(line);
    more.resolve();
    more = Promise.withResolvers();
  });
  let stderr = '';
  running.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const closed = once(running, 'close');
  return {
    process: running,
    async line() {
      while (lines.length === 0) {
        const ended = await Promise.race([more.promise, closed]);
        if (ended !== undefined && lines.length === 0) throw new Error(`the child ended early: ${stderr}`);
      }
      return lines.shift() ?? '';
    },
    go() {
      running.stdin.write('go\n');
    },
    async end() {
      await closed;
      return { code: running.exitCode, lines: lines.splice(0), stderr };
    },
  };
}
