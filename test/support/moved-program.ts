// The whole program in this process, over a clock that is moved by hand: the real commands on a real configuration, a real
// SQLite journal and channels over sockets, against a sandbox of the same clock.
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
// What the program loads when it first needs it, so that loading takes none of the moved time.
import 'nodemailer';
import 'tencentcloud-sdk-nodejs/tencentcloud/services/tcb/v20180608/tcb_client.js';
import '../../src/cli/on-journal.ts';
import '../../src/cli/on-targets.ts';
import '../../src/cli/run.ts';
import '../../src/service/memory.ts';
import { createActions } from '../../src/cli/actions.ts';
import type { Host } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { terminalOutput } from '../../src/cli/terminal.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { MINUTE } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import type { InboxMessage } from '../../src/sandbox/world.ts';
import { fastFolder } from './journal.ts';
import { movedClock } from './moved.ts';
import { fullProvider, IDS } from './pass-rig.ts';
import { envIdOf, type LogLine } from './program.ts';

/** A Sunday, seven minutes before the tick of the default schedule. */
export const START = Date.UTC(2026, 10, 22, 10);

export interface MovedOptions {
  readonly targets?: readonly (JsonObject & { readonly name: string })[];
  /** Days that are left of each provider's secret. Default 100: nothing is due. */
  readonly daysLeft?: number;
  /** By name; the name is also that of the sandbox's inbox. */
  readonly channels: Readonly<Record<string, JsonObject>>;
  /** Keys of sections of the configuration. */
  readonly settings?: JsonObject;
}

interface TencentKey {
  readonly secretId: string;
  readonly secretKey: string;
}

/** A daemon of this process. */
export interface MovedDaemon {
  log(): LogLine[];
  /** SIGHUP. */
  hangup(): void;
  /** SIGTERM; resolves with its exit status. */
  stop(): Promise<number>;
  /** It has ended by itself. */
  hasEnded(): boolean;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function movedPlace(options: MovedOptions) {
  const clock = movedClock(START);
  let aheadMs = 0;
  const sandbox = await startSandbox({ port: 0, clock: { now: () => clock.now() - aheadMs } });
  const { world } = sandbox;
  const folder = realpathSync(mkdtempSync(join(fastFolder(), 'rotator-moved-')));
  const keyFile = join(folder, `AuthKey_${IDS.keyId}.p8`);
  const credentialsFile = join(folder, 'credentials');
  const configFile = join(folder, 'rotator.yaml');
  const targets = options.targets ?? [{ name: 'shop' }];
  const { privateKeyPem } = world.appleKeys.generate({ ...IDS, clientIds: [IDS.clientId] });
  writeFileSync(keyFile, privateKeyPem, { mode: 0o600 });
  const useCredentials = ({ secretId, secretKey }: TencentKey = SANDBOX_CREDENTIALS) =>
    writeFileSync(credentialsFile, `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`, { mode: 0o600 });
  useCredentials();
  const mint = (days: number, keyId: string = IDS.keyId) =>
    world.mintSecret({ keyId, clientId: IDS.clientId, expiresInSeconds: Math.round(days * 86_400) });
  const secret = mint(options.daysLeft ?? 100);
  for (const { name, envId, providerId } of targets)
    world.providers.put(String(envId ?? envIdOf(name)), { ...fullProvider(secret), Id: String(providerId ?? 'apple') });

  const configure = (settings: JsonObject = {}) => {
    const merged = (section: string): JsonObject => ({
      ...(options.settings?.[section] as JsonObject | undefined),
      ...(settings[section] as JsonObject | undefined),
    });
    const channels = Object.entries(options.channels).map(([name, rest]) => ({
      name,
      url: `${sandbox.url}/inbox/${name}`,
      ...rest,
    }));
    const document = {
      ...options.settings,
      ...settings,
      instance: 'prod',
      http: { port: 0 },
      journal: `sqlite:${folder}/journal.db`,
      log: { format: 'json', ...merged('log') },
      apple: { tokenUrl: `${sandbox.url}/auth/token`, ...merged('apple') },
      cloudbase: {
        endpoint: sandbox.url,
        requestsPerSecond: 20,
        credentials: { from: 'profile', path: credentialsFile },
        ...merged('cloudbase'),
      },
      targets:
        settings['targets'] ??
        targets.map((entry) => ({
          envId: envIdOf(entry.name),
          ...IDS,
          key: { from: 'file', path: keyFile },
          ...entry,
        })),
      alerts: { digest: 'off', channels, ...merged('alerts') },
    };
    writeFileSync(configFile, stringify(document));
  };
  configure();

  let begun = 0;
  /** Runs ARGS as a process would be; `stop` is its SIGTERM. */
  const begin = (args: readonly string[], stop: AbortSignal, ask?: Host['ask']) => {
    const written = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr') =>
      terminalOutput((text) => {
        written[name] += text;
      }, false);
    begun += 1;
    const logFile = join(folder, `log-${begun}.jsonl`);
    const fd = openSync(logFile, 'a');
    let onHangup: () => void = () => undefined;
    const host: Host = {
      stdout: output('stdout'),
      stderr: output('stderr'),
      readStdin: async () => undefined,
      env: { ROTATOR_CONFIG: configFile },
      clock,
      version: '1.2.3',
      pid: process.pid,
      isTerminal: false,
      terminal: undefined,
      ask,
      log: { stream: { isTTY: false, fd } as unknown as Host['log']['stream'], color: false },
      command: [process.execPath, 'main.js'],
      newId: () => uuidv7(clock.now(), crypto.getRandomValues(new Uint8Array(10))),
      stopSignal: () => stop,
      onHangup(listener) {
        onHangup = listener;
      },
    };
    let code = 0;
    const program = createProgram(createActions(host), host.version, host, (status) => {
      code = status;
    });
    const ended = program.parseAsync(args, { from: 'user' }).then(
      () => closeSync(fd),
      (thrown: unknown) => {
        closeSync(fd);
        throw thrown;
      },
    );
    return {
      written,
      ended,
      code: () => code,
      hangup: () => onHangup(),
      log: () =>
        readFileSync(logFile, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as LogLine),
    };
  };
  /** Lets time go by until `work` has ended. */
  const through = async (work: Promise<unknown>) => {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    void work.then(over, over);
    while (!isOver) await clock.advance(250);
    await work;
  };
  const daemons = new Set<MovedDaemon>();
  onTestFinished(async () => {
    for (const daemon of daemons) await daemon.stop();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    sandbox,
    world,
    folder,
    hostname: hostname(),
    keyFile,
    configFile,
    journalFile: join(folder, 'journal.db'),
    configure,
    useCredentials,
    mint,
    start(): MovedDaemon {
      const stopping = new AbortController();
      const running = begin(['run'], stopping.signal);
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      void running.ended.then(over, over);
      const daemon: MovedDaemon = {
        log: running.log,
        hangup: running.hangup,
        hasEnded: () => isOver,
        async stop() {
          daemons.delete(daemon);
          stopping.abort(new Error('SIGTERM'));
          await through(running.ended);
          return running.code();
        },
      };
      daemons.add(daemon);
      return daemon;
    },
    /** `consents`: somebody sits at the terminal, and says yes. */
    async run(args: readonly string[], consents = false): Promise<CommandResult> {
      const ask = consents ? async () => true : undefined;
      const { ended, written, code } = begin(args, new AbortController().signal, ask);
      await through(ended);
      return { code: code(), ...written };
    },
    /** Minutes since the start. */
    minute: (at = world.clock.now()) => Math.floor((at - START) / MINUTE),
    advance: (ms: number) => clock.advance(ms),
    /** The machine sleeps: the monotonic clock stands still. */
    sleep: (ms: number) => clock.step(ms),
    /** The clock of this machine is set, and is ahead of everybody else's by so much more. */
    setClock(ms: number) {
      aheadMs += ms;
      clock.step(ms);
    },
    messages: (name: string): InboxMessage[] => world.inbox.filter((message) => message.name === name),
  };
}

export type MovedPlace = Awaited<ReturnType<typeof movedPlace>>;
