// Containers of a test: each gets a name of its own, is followed as a program is (../../support/program.ts), and is removed
// with its volumes when the test ends. They share the machine's network, where the test's sandbox listens on loopback.
import { chmodSync } from 'node:fs';
import { inject, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { IDS } from '../../support/pass-rig.ts';
import {
  envIdOf,
  type Program,
  type Result,
  runCommand,
  startCommand,
  type Workspace,
  workspace,
} from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { command } from './command.ts';

const docker = (...args: readonly string[]) => command('docker', args, { env: inject('dockerEnv') });

/** How a container is to be run by everybody: nothing that the program does not need. */
const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--ulimit', 'core=0'];

/** What may be done with a container by its name. */
interface Handle {
  readonly name: string;
  /** Sends a signal to process 1. */
  kill(signal: string): Promise<void>;
  /** Resolves with its exit status. */
  stop(seconds?: number): Promise<number>;
  /** Runs JavaScript in it by Node, as the user of the container, and gives what it evaluates to. */
  evaluate<T>(expression: string): Promise<T>;
  /** Runs the program in it beside process 1. */
  run(args: readonly string[]): Promise<Result>;
  state(): Promise<{ readonly ExitCode: number; readonly OOMKilled: boolean; readonly Running: boolean }>;
  /** Resolves when the engine has judged it so. */
  health(status: 'healthy' | 'unhealthy'): Promise<void>;
}

export interface Container extends Handle {
  /** The life that runs, or the last one. */
  readonly program: Program;
  /** A next life of the same container. */
  start(): Program;
}

let counter = 0;
function ownName(): string {
  counter += 1;
  return `rotator-test-${process.pid}-${counter}`;
}

const inEngine = () => ({ env: { ...inject('dockerEnv') } });

function handle(name: string): Handle {
  onTestFinished(async () => void (await docker('rm', '--force', '--volumes', name).catch(() => undefined)));
  const state: Handle['state'] = async () => JSON.parse(await docker('inspect', '--format', '{{json .State}}', name));
  return {
    name,
    state,
    kill: async (signal) => void (await docker('kill', '--signal', signal, name)),
    async stop(seconds = 40) {
      await docker('stop', '--time', String(seconds), name);
      return (await state()).ExitCode;
    },
    async evaluate(expression) {
      return JSON.parse(await docker('exec', name, 'node', '-p', `JSON.stringify(${expression})`));
    },
    run: (args) => runCommand('docker', ['exec', name, 'apple-secret-rotator', ...args], inEngine()),
    async health(status) {
      // Events from its beginning on, so that none is missed.
      const filters = ['--filter', `container=${name}`, '--filter', 'event=health_status', '--since', '1h'];
      const events = startCommand('docker', ['events', ...filters, '--format', '{{.Status}}'], inEngine());
      try {
        await events.waitFor((seen) => seen.stdout().trimEnd().endsWith(`health_status: ${status}`));
      } finally {
        await events.stop();
      }
    },
  };
}

const SHARED = ['--network', 'host', ...HARDENED];

/** Starts a container of the image. `options` are those of `docker run`, `args` the program's. */
export function container(options: readonly string[], args: readonly string[] = []): Container {
  const own = handle(ownName());
  const run = ['run', '--name', own.name, ...SHARED, ...options, inject('image'), ...args];
  const lives = [startCommand('docker', run, inEngine())];
  onTestFinished(async () => void (await Promise.all(lives.map((life) => life.stop()))));
  const last = () => lives.at(-1) as Program;
  return {
    ...own,
    get program() {
      return last();
    },
    start() {
      lives.push(startCommand('docker', ['start', '--attach', own.name], inEngine()));
      return last();
    },
  };
}

/** A container whose standard input stays open. */
export async function waiting(args: readonly string[]): Promise<Handle> {
  const own = handle(ownName());
  await docker('run', '--detach', '--interactive', '--name', own.name, ...SHARED, inject('image'), ...args);
  return own;
}

/** Runs the image to its end. */
export function runImage(options: readonly string[], args: readonly string[] = []): Promise<Result> {
  const run = ['run', '--rm', '--name', ownName(), ...SHARED, ...options, inject('image'), ...args];
  return runCommand('docker', run, inEngine());
}

/** What JavaScript evaluates to in the image, or in the image it was made of. */
export async function evaluateIn<T>(image: string, expression: string): Promise<T> {
  const run = [
    'run',
    '--rm',
    '--network',
    'none',
    '--entrypoint',
    'node',
    image,
    '-p',
    `JSON.stringify(${expression})`,
  ];
  return JSON.parse(await docker(...run));
}

/** A named volume of this test. */
export async function volume(): Promise<string> {
  const name = ownName();
  await docker('volume', 'create', name);
  onTestFinished(async () => void (await docker('volume', 'rm', '--force', name)));
  return name;
}

export interface PlaceOptions {
  readonly names?: readonly string[];
  readonly daysLeft?: number;
  readonly settings?: JsonObject;
}

export interface Place extends Workspace {
  /** The port that the program listens on in this test. */
  readonly port: number;
  /** What makes the folder the container's /config. */
  readonly mount: readonly string[];
}

/** A sandbox and a folder with key, credentials and configuration, as the container sees it at /config. */
export async function ownPlace({ names = ['shop'], daysLeft = 5, settings = {} }: PlaceOptions = {}): Promise<Place> {
  const port = await closedPort();
  const own = await workspace({
    targets: names.map((name) => ({
      name,
      envId: envIdOf(name),
      key: { from: 'file', path: `/config/AuthKey_${IDS.keyId}.p8` },
    })),
    daysLeft,
    settings: {
      journal: 'sqlite:./data/journal.db',
      http: { port },
      schedule: { cron: '* * * * * *' },
      ...settings,
      cloudbase: { credentials: { from: 'profile', path: '/config/credentials' } },
    },
  });
  onTestFinished(() => own.dispose());
  // The container's user is nobody here.
  chmodSync(own.folder, 0o755);
  for (const file of [own.keyFile, `${own.folder}/credentials`]) chmodSync(file, 0o644);
  return { ...own, port, mount: ['--volume', `${own.folder}:/config:ro`] };
}
