// The command as a process: what it prints, how it ends, and how the demo starts and stops the daemon.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const PROGRAM = resolve('test/cli/sandbox-program.ts');

let folder = '';
let children: ChildProcess[] = [];
beforeEach(async () => {
  children = [];
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';
  #waiting: () => void = () => undefined;

  constructor(args: readonly string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, ['--no-warnings', PROGRAM, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    children.push(this.child);
    this.ended = once(this.child, 'close').then(([code]) => code);
    for (const name of ['stdout', 'stderr'] as const)
      this.child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        this.#waiting();
      });
  }

  /** Resolves with what `pattern` found in one of the outputs; rejects if the process ends first. */
  async sees(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (found !== null) return found[1] ?? found[0];
      const { promise, resolve: more } = Promise.withResolvers<'more'>();
      this.#waiting = () => more('more');
      const next = await Promise.race([promise, this.ended]);
      if (next !== 'more' && !pattern.test(this.stdout + this.stderr))
        throw new Error(`ended with ${next} before ${pattern}: ${this.stdout}${this.stderr}`);
    }
  }
}

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  return new Running(args, env);
}

async function startDemo(env: Record<string, string> = {}): Promise<Running> {
  await mkdir(join(folder, 'config'), { recursive: true });
  await writeFile(join(folder, 'config', 'sandbox.yaml'), '');
  return start(['demo'], env);
}

describe('sandbox', () => {
  test('sets the stage of the demo for a daemon that is started apart', async () => {
    const running = start(['stage']);
    const url = await running.sees(/listens on (\S+),/);
    await running.sees(/run --config config\/sandbox\.yaml/);
    expect((await readdir(join(folder, 'data', 'sandbox'))).sort()).toEqual(['AuthKey_SANDBOX001.p8', 'credentials']);
    const answer = await fetch(`${url}/sandbox/environments/shop-demo-1g2h3j/providers/apple`);
    expect(await answer.json()).toMatchObject({ Config: { ClientSecret: expect.stringMatching(/^eyJ/) } });
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
  });
});

describe('demo', () => {
  test('starts the daemon of the same program against itself, and says what to try', async () => {
    const running = await startDemo();
    const url = await running.sees(/listen on (\S+)\. Nothing/);
    const daemon = JSON.parse(await running.sees(/daemon (\{.*\})/));
    expect(daemon).toEqual({ args: ['run', '--config', 'config/sandbox.yaml'], execArgv: ['--no-warnings'], url });
    expect(running.stdout).toContain(
      `ROTATOR_SANDBOX_URL=${url} apple-secret-rotator status --config config/sandbox.yaml`,
    );
    expect(running.stdout).toContain(
      `curl -X POST ${url}/sandbox/environments/shop-demo-1g2h3j/providers/apple/secret \\\n    -d '{"keyId":"SANDBOX001","expiresInDays":-1}'`,
    );
    expect((await readdir(join(folder, 'data', 'sandbox'))).sort()).toEqual(['AuthKey_SANDBOX001.p8', 'credentials']);
    await running.sees(/daemon ready/);
    // Every example that it prints does what it says.
    const curls = [...running.stdout.matchAll(/curl -X POST (\S+) \\\n +-d '(.*)'$/gm)];
    expect(curls).toHaveLength(2);
    for (const [, target = '', body = ''] of curls)
      expect((await fetch(target, { method: 'POST', body })).status, target).toBe(200);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
  });

  test('Ctrl-C in a terminal, which signals the whole group, reaches the daemon as one SIGTERM', async () => {
    const running = await startDemo();
    await running.sees(/daemon ready/);
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/daemon got .*/g)).toEqual(['daemon got SIGTERM']);
  });

  test('closing the terminal ends the daemon too', async () => {
    const running = await startDemo();
    await running.sees(/daemon ready/);
    running.child.kill('SIGHUP');
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain('daemon got SIGTERM\n');
  });

  test('a second signal ends the daemon too', async () => {
    const running = await startDemo({ DAEMON_ENDS: 'slowly' });
    await running.sees(/daemon ready/);
    running.child.kill('SIGINT');
    await running.sees(/daemon got SIGTERM/);
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(1);
    expect(running.stdout.match(/daemon got .*/g)).toEqual(['daemon got SIGTERM', 'daemon got SIGTERM']);
  });

  test('a daemon that is stopped before it listens for signals ends well all the same', async () => {
    const running = await startDemo({ DAEMON_ENDS: 'by itself' });
    await running.sees(/daemon ready/);
    running.child.kill('SIGTERM');
    expect([await running.ended, running.stderr]).toEqual([0, '']);
  });

  test.each([
    ['0', 0, ''],
    ['2', 2, 'demo: the daemon ended with status 2\n'],
    ['7', 1, 'demo: the daemon ended with status 7\n'],
    ['SIGKILL', 1, 'demo: the daemon ended with a signal\n'],
  ])('a daemon that ends with %s ends the demo with %i', async (ends, status, told) => {
    const running = await startDemo({ DAEMON_ENDS: ends });
    expect(await running.ended).toBe(status);
    expect(running.stderr).toBe(told);
  });

  test('outside of a checkout it does not begin', async () => {
    const running = start(['demo']);
    expect(await running.ended).toBe(2);
    expect(running.stderr).toBe('ERR_USAGE: config/sandbox.yaml is not in this folder, and the demo needs it\n');
    expect(await readdir(folder)).toEqual([]);
  });
});
