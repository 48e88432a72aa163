#!/usr/bin/env node
// The entry point and composition root: the one place that meets the real process, its clock, files and signals.
// Each command loads what it needs and no more, so that `generate` starts about as fast as Node does.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { CommanderError } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import type { CliContext, ExitStatus, TextOutput } from './cli/context.ts';
import { printFailure } from './cli/failure.ts';
import { type Actions, type ConfigOption, createProgram } from './cli/program.ts';
import { terminalOutput } from './cli/terminal.ts';
import { RotatorError } from './core/errors.ts';
import { uuidv7 } from './core/uuid.ts';
import { systemClock } from './service/system-clock.ts';

// Tencent's SDK loads a module that Node deprecates; a user can do nothing about it and must not see it.
process.noDeprecation = true;

/** The journal needs `node:sqlite` as it is from here on. */
const OLDEST_NODE = 24;
const LARGEST_INPUT = 1_000_000;

const context: CliContext = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  readStdin,
  env: process.env,
  clock: systemClock,
};

function output(stream: NodeJS.WriteStream): TextOutput {
  // A reader that went away (`| head`) is no error of ours.
  stream.on('error', () => undefined);
  return terminalOutput((text) => void stream.write(text), takesColor(stream));
}

function takesColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'];
}

// Node would print what was thrown as it is, and it may hold anything.
process.on('uncaughtException', (thrown) => {
  printFailure(thrown, context);
  if (thrown instanceof Error) context.stderr.write(`${thrown.stack ?? ''}\n`);
  process.exit(1);
});

async function readStdin(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += part.length;
    if (size > LARGEST_INPUT) {
      throw new RotatorError('ERR_USAGE', { problem: 'stdin-too-large' });
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * The kernel spares process 1 of a container every signal that it does not listen for: until a command listens by
 * itself, this ends the process as a signal would.
 */
function endEarly(signal: NodeJS.Signals): never {
  process.exit(128 + constants.signals[signal]);
}
if (process.pid === 1) process.on('SIGINT', endEarly).on('SIGTERM', endEarly);

/** Aborted by the first SIGINT or SIGTERM; the second ends the process at once, with status 1. */
function stopSignal(): AbortSignal {
  process.off('SIGINT', endEarly).off('SIGTERM', endEarly);
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new Error(`${signal} received`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return controller.signal;
}

/** How this program was started, up to its entry point. */
function ownCommand(): [string, ...string[]] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

async function load(options: ConfigOption, mode: 'daemon' | 'strict') {
  const { loadConfig } = await import('./config/load.ts');
  const file = options.config === undefined ? {} : { file: options.config };
  return loadConfig({ ...file, env: process.env, mode, now: Date.now() });
}

const newId = () => uuidv7(systemClock.now(), randomBytes(10));

const actions: Actions = {
  async run(options) {
    // Before anything is loaded: a stop that comes meanwhile is a stop as well.
    const stop = stopSignal();
    const [{ run }, { Start }, { openService }, { createLog }, { logDestination }] = await Promise.all([
      import('./cli/run.ts'),
      import('./service/start.ts'),
      import('./service/service.ts'),
      import('./service/log.ts'),
      import('./cli/log-destination.ts'),
    ]);
    const own = { clock: systemClock, env: process.env, newId };
    const log = ({ instance, log: { level, format } }: Parameters<StartTools['log']>[0]) => {
      const destination = logDestination(process.stdout, format, takesColor(process.stdout));
      return createLog({ level, instance, clock: systemClock, destination });
    };
    const tools: StartTools = {
      ...own,
      log,
      load: () => load(options, 'daemon'),
      open: (loaded, freePort) =>
        openService({
          loaded,
          world: { ...own, emit: log(loaded.config) },
          version: pkg.version,
          pid: process.pid,
          load: tools.load,
          freePort,
        }),
    };
    return run(options, {
      context,
      isTerminal: process.stderr.isTTY === true,
      stop,
      onHangup: (listener) => process.on('SIGHUP', listener),
      start: (chosen) => new Start(tools, { ...chosen, version: pkg.version, configFile: options.config }),
    });
  },

  async once(options) {
    const [{ once, progressLine }, { openOnce }] = await Promise.all([
      import('./cli/once.ts'),
      import('./service/once.ts'),
    ]);
    const { config } = await load(options, 'strict');
    const emit = (event: Parameters<typeof progressLine>[0]) =>
      context.stderr.write(progressLine(event, context.clock.now()));
    const outside = { clock: systemClock, env: process.env, emit, newId };
    const own = { version: pkg.version, isTerminal: process.stderr.isTTY === true, stop: stopSignal() };
    const session = await openOnce(config, outside, options, own);
    try {
      return await once(options, { context, ...session });
    } finally {
      await session.close();
    }
  },

  async plan(options) {
    const [{ plan, progressLine }, { openPlan }] = await Promise.all([
      import('./cli/once.ts'),
      import('./service/once.ts'),
    ]);
    const { config } = await load(options, 'strict');
    const emit = (event: Parameters<typeof progressLine>[0]) =>
      context.stderr.write(progressLine(event, context.clock.now()));
    const session = await openPlan(
      config,
      { clock: systemClock, env: process.env, emit, newId },
      options,
      stopSignal(),
    );
    try {
      return await plan(options, { context, ...session });
    } finally {
      await session.close();
    }
  },

  async status(options) {
    const { status } = await import('./cli/status.ts');
    return withJournal(options, (journal, targets) => status(options, { context, journal, targets }));
  },

  async history(options) {
    const { history } = await import('./cli/history.ts');
    return withJournal(options, (journal, targets) => history(options, { context, journal, targets }));
  },

  async alerts(options) {
    if (options.test) return testChannels(options);
    const { alerts } = await import('./cli/alerts.ts');
    return withJournal(options, (journal, _targets, config) =>
      alerts(options, { context, journal, channels: config.alerts.channels, runbook: config.alerts.runbook }),
    );
  },

  async health(options) {
    const [{ health }, { readListening }] = await Promise.all([
      import('./cli/health.ts'),
      import('./config/listening.ts'),
    ]);
    return health({ context, listening: await readListening(options.config, process.env) });
  },

  async journalBackup(file, options) {
    const [{ journalBackup }, { backupJournal }] = await Promise.all([
      import('./cli/journal-backup.ts'),
      import('./adapters/journal/backup.ts'),
    ]);
    const { config } = await load(options, 'strict');
    return journalBackup({ file }, { context, backup: (toFile) => backupJournal(config.journal.path, toFile) });
  },

  async generate(options) {
    const { generate } = await import('./cli/generate.ts');
    return generate(options, context);
  },

  async inspect(secret, options) {
    const { inspect } = await import('./cli/inspect.ts');
    return inspect({ ...options, ...(secret === undefined ? {} : { secret }) }, context);
  },

  async sandbox(options) {
    const stop = stopSignal();
    const { sandbox } = await import('./cli/sandbox.ts');
    return sandbox(options, context, { stop, command: ownCommand() });
  },
};

type StartTools = import('./service/start.ts').StartTools;
type OpenJournal = import('./core/ports.ts').Journal;
type Config = import('./config/resolve.ts').Config;
type JournalTarget = import('./core/target-view.ts').TargetLabel & { readonly key: string };

async function testChannels(options: ConfigOption & { channel?: string; json: boolean }): Promise<ExitStatus> {
  const [{ testAlerts }, { channelsOf, voiceOf }, { composeMessage }] = await Promise.all([
    import('./cli/alerts.ts'),
    import('./service/wire-alerts.ts'),
    import('./alerts/words/compose.ts'),
  ]);
  const { config } = await load(options, 'strict');
  const world = { clock: systemClock, env: process.env };
  return testAlerts(options, {
    context,
    channels: channelsOf(config.alerts.channels, world, config.instance, true),
    stop: stopSignal(),
    message: () => {
      const now = systemClock.now();
      return composeMessage({ id: newId(), now, ...voiceOf(config, pkg.version), subjects: [{ kind: 'test' }] });
    },
  });
}

async function withJournal(
  options: ConfigOption,
  use: (journal: OpenJournal, targets: JournalTarget[], config: Config) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const [{ config }, { openJournalFor }, { targetKey }] = await Promise.all([
    load(options, 'strict'),
    import('./service/once.ts'),
    import('./core/records.ts'),
  ]);
  const journal = await openJournalFor(config, systemClock);
  try {
    return await use(
      journal,
      config.targets.map((target) => ({ ...target, key: targetKey(target) })),
      config,
    );
  } finally {
    await journal.close();
  }
}

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    const [found, wanted] = [process.versions.node, String(OLDEST_NODE)];
    process.exitCode = printFailure(new RotatorError('ERR_USAGE', { problem: 'old-node', found, wanted }), context);
    return;
  }
  const program = createProgram(actions, pkg.version, context, (status) => {
    process.exitCode = status;
  });
  try {
    await program.parseAsync();
  } catch (thrown) {
    // Commander has said what is wrong; help and version end well.
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
    else process.exitCode = printFailure(thrown, context);
  }
}

await main();
