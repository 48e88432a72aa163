// The real program as a process, and a place for it to work in: a sandbox in this process, a key file, credentials and
// a configuration in a temporary folder. Its environment is clean but for what a test gives it. Tests wait for what it
// prints or for its end, never for time; what still runs at the end of the test is ended by its own process id.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import { fullProvider, IDS } from './pass-rig.ts';

/** The program as a checkout starts it. */
export const SOURCES = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const bundle = inject('bundle');

/** The program of these tests: the bundle where one was built for them, the sources elsewhere. */
export const MAIN = bundle === undefined ? SOURCES : join(bundle, 'main.js');

type Env = Readonly<Record<string, string>>;

export interface ProgramOptions {
  /** Beside PATH, HOME (the working directory) and TZ (UTC); nothing else is there. */
  readonly env?: Env;
  /** Default: the folder for temporary files. */
  readonly cwd?: string;
  /** The program; default: MAIN. */
  readonly main?: string;
  /** Standard input; default: nothing. `open`: what `type` writes, until the program ends. */
  readonly input?: string | { readonly open: true };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of the daemon's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Program {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Writes to standard input, which must be open. */
  type(text: string): void;
  /** The whole lines of stdout, parsed as JSON. */
  log(): LogLine[];
  /**
   * Resolves with what the expression found in stdout or stderr (its first group, if it has one), or with nothing
   * when the predicate, asked at every piece of output, holds. Rejects if the process ends first.
   */
  waitFor(wanted: RegExp | ((program: Program) => boolean)): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it, whatever it is at: by SIGTERM, so that it ends what it started itself, or else by SIGKILL. */
  stop(): Promise<void>;
  /** Resolves when the process has ended and its output is complete. */
  readonly exited: Promise<Ended>;
}

const STOP_LIMIT_MS = 3_000;

/** Starts `apple-secret-rotator ARGS`. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  return startCommand(process.execPath, [options.main ?? MAIN, ...args], options);
}

/** Starts another program in the same way. */
export function startCommand(executable: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const { env = {}, cwd = tmpdir(), input = '' } = options;
  const child = spawn(executable, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, TZ: 'UTC', ...env },
    stdio: 'pipe',
  });
  // A program that never reads its input must not end the test that offers some.
  child.stdin.on('error', () => undefined);
  if (typeof input === 'string') child.stdin.end(input);
  const output = { stdout: '', stderr: '' };
  const exited = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }));
  let more = Promise.withResolvers<void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      more.resolve();
      more = Promise.withResolvers();
    });
  const program: Program = {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    type: (text) => void child.stdin.write(text),
    log: () =>
      output.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogLine),
    waitFor,
    signal: (signal) => void child.kill(signal),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      // Not `exited`: what it started may have its output open still.
      await once(child, 'exit');
      clearTimeout(limit);
    },
    exited,
  };
  onTestFinished(() => program.stop());
  async function waitFor(wanted: RegExp | ((program: Program) => boolean)): Promise<string> {
    for (let ended: Ended | undefined; ; ) {
      const next = more.promise;
      if (wanted instanceof RegExp) {
        const found = wanted.exec(output.stdout) ?? wanted.exec(output.stderr);
        if (found !== null) return found[1] ?? found[0];
      } else if (wanted(program)) return '';
      if (ended !== undefined)
        throw new Error(`ended (${JSON.stringify(ended)}) before ${wanted}:\n${output.stdout}${output.stderr}`);
      ended = await Promise.race([next.then(() => undefined), exited]);
    }
  }
  return program;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `apple-secret-rotator ARGS` to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Result> {
  return runCommand(process.execPath, [MAIN, ...args], options);
}

/** Runs another program in the same way. */
export async function runCommand(
  executable: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Result> {
  const program = startCommand(executable, args, options);
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

export interface WorkspaceOptions {
  /** Entries of `targets`, a provider each; what an entry does not say is made up from its name. Default: `shop`. */
  readonly targets?: readonly (JsonObject & { readonly name: string })[];
  /** Days that are left of each provider's secret, negative if it has expired; null: it has none. Default 5. */
  readonly daysLeft?: number | null;
  /** The time of the simulated world; the machine's own by default. */
  readonly clock?: { now(): number };
  /** Changes of the configuration: keys of its sections, and sections that are lists as a whole. */
  readonly settings?: JsonObject;
}

const DAY_SECONDS = 86_400;

/** `shop` is target `shop` in environment `shop-1g2h3j`. */
export function envIdOf(name: string): string {
  return `${name}-1g2h3j`;
}

function changed(document: JsonObject, change: JsonObject): JsonObject {
  const sections = Object.entries(change).map(([name, section]) => {
    const old = document[name];
    return [name, isMapping(old) && isMapping(section) ? { ...old, ...section } : section];
  });
  return { ...document, ...Object.fromEntries(sections) };
}

function isMapping(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A folder with everything that the program needs to rotate against a sandbox. `dispose` ends and removes it all. */
export async function workspace(options: WorkspaceOptions = {}) {
  const sandbox = await startSandbox({ port: 0, ...(options.clock === undefined ? {} : { clock: options.clock }) });
  const { world } = sandbox;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rotator-e2e-')));
  const programs: Program[] = [];
  const entries = options.targets ?? [{ name: 'shop' }];
  const names = entries.map(({ name }) => name);

  const keyFile = join(folder, `AuthKey_${IDS.keyId}.p8`);
  const useKey = (keyId: string, path = keyFile) => {
    const { privateKeyPem } = world.appleKeys.generate({ teamId: IDS.teamId, keyId, clientIds: [IDS.clientId] });
    writeFileSync(path, privateKeyPem, { mode: 0o600 });
  };
  useKey(IDS.keyId);
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const credentials = `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`;
  writeFileSync(join(folder, 'credentials'), credentials, { mode: 0o600 });

  const mint = (daysLeft: number, keyId: string = IDS.keyId) =>
    world.mintSecret({ keyId, clientId: IDS.clientId, expiresInSeconds: Math.round(daysLeft * DAY_SECONDS) });
  const place = (secret: string | undefined, name = names[0] ?? '') =>
    world.providers.put(envIdOf(name), fullProvider(secret));
  const { daysLeft = 5 } = options;
  for (const name of names) place(daysLeft === null ? undefined : mint(daysLeft), name);

  const configFile = join(folder, 'rotator.yaml');
  const configure = (settings: JsonObject = {}) => {
    const document: JsonObject = {
      instance: 'e2e',
      http: { port: 0 },
      journal: 'sqlite:./journal.db',
      apple: { tokenUrl: `${sandbox.url}/auth/token` },
      cloudbase: {
        endpoint: sandbox.url,
        requestsPerSecond: 20,
        timeout: '5s',
        credentials: { from: 'profile', path: './credentials' },
      },
      targets: entries.map((entry) => ({
        envId: envIdOf(entry.name),
        ...IDS,
        key: { from: 'file', path: keyFile },
        ...entry,
      })),
      alerts: { none: 'accepted' },
    };
    writeFileSync(configFile, stringify(changed(changed(document, options.settings ?? {}), settings)));
  };
  configure();

  const inFolder = ({ env = {} }: { env?: Env }) => ({
    cwd: folder,
    env: { ROTATOR_CONFIG: configFile, ...env },
  });

  return {
    sandbox,
    world,
    folder,
    keyFile,
    configFile,
    journalFile: join(folder, 'journal.db'),
    /** Writes the configuration again, with these changes instead of earlier ones. */
    configure,
    useKey,
    /** A client secret of the key with so many days left. */
    mint,
    /** Gives the provider of a target (the first one by default) this secret, and every other field a value. */
    place,
    /** The secret that the provider of a target truly holds. */
    secret: (name = names[0] ?? '') => world.providers.get(envIdOf(name), 'apple')?.Config['ClientSecret'],
    provider: (name = names[0] ?? '') => world.providers.get(envIdOf(name), 'apple'),
    /** The calls of ModifyProvider that arrived. */
    writes: () => world.requests.log.filter(({ action }) => action === 'ModifyProvider'),
    /** Starts the program in the folder, with the configuration in its environment. */
    start(args: readonly string[], { env = {}, main = MAIN }: { env?: Env; main?: string } = {}): Program {
      const program = startProgram(args, { ...inFolder({ env }), main });
      programs.push(program);
      return program;
    },
    /** Runs the program in the folder to its end. */
    run(args: readonly string[], { env = {}, input = '' }: { env?: Env; input?: string } = {}): Promise<Result> {
      return runProgram(args, { ...inFolder({ env }), input });
    },
    /** Ends what was started, stops the sandbox and removes the folder. */
    async dispose() {
      await Promise.all(programs.map((program) => program.stop()));
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Workspace = Awaited<ReturnType<typeof workspace>>;

/** A workspace of the test that runs; it goes when the test ends. */
export async function ownWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const own = await workspace(options);
  onTestFinished(() => own.dispose());
  return own;
}
