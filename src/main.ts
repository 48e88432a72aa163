#!/usr/bin/env node
// The entry point: meets the real process, its streams, clock and signals, and hands them to the command that was chosen.
import { constants } from 'node:os';
import { CommanderError } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import { createActions } from './cli/actions.ts';
import type { Host, TextOutput } from './cli/context.ts';
import { printFailure } from './cli/failure.ts';
import { createProgram } from './cli/program.ts';
import { columnsOf, terminalOutput } from './cli/terminal.ts';
import { RotatorError } from './core/errors.ts';
import { nameProgram } from './core/texts/command.ts';
import { uuidv7 } from './core/uuid.ts';
import { isReadingFiles, sizeFileReads } from './net/named-file.ts';
import { systemClock } from './service/system-clock.ts';

// Tencent's SDK loads a module that Node deprecates; a user can do nothing about it and must not see it.
process.noDeprecation = true;

/**
 * How many frames a stack trace has. Node makes an error, and drops it, for each key that it is given as a text, which the
 * SDK does 16 times for a rotation: with its own limit of 10 frames a rotation takes a twentieth longer.
 */
Error.stackTraceLimit = 4;

nameProgram(process.env);

/**
 * Node's pool is made at its first use, which comes later. A read of a dead mount keeps a thread until the mount is
 * back, and DNS and cryptography need the others.
 */
const THREADS = Number(process.env['UV_THREADPOOL_SIZE']) || 16;
process.env['UV_THREADPOOL_SIZE'] = String(THREADS);
sizeFileReads(THREADS, () => {
  printFailure(new RotatorError('ERR_CONFIG', { problem: 'files-hang' }), host);
  end(1);
});

/** The journal needs `node:sqlite` as it is since this version. */
const OLDEST_NODE = 24;
/** A client secret has less than 1 KB, a key file less than 10 KB: above this, something else was piped in. */
const LARGEST_INPUT = 1_000_000;

// A terminal whose size nobody has set says 0, and prompts would break every line after each character.
if (process.stderr.isTTY === true) process.stderr.columns ||= 80;
// Standard error first: to look at standard input opens it.
const terminal =
  process.stderr.isTTY === true && process.stdin.isTTY === true
    ? { input: process.stdin, output: process.stderr }
    : undefined;

const host: Host = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  readStdin,
  // Without what every object inherits: `${constructor}` names a variable that is not set.
  env: Object.assign(Object.create(null), process.env),
  clock: systemClock,
  version: pkg.version,
  pid: process.pid,
  isTerminal: process.stderr.isTTY === true,
  ask: terminal === undefined ? undefined : ask,
  terminal,
  log: { stream: process.stdout, color: takesColor(process.stdout) },
  command: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  // Not by `node:crypto`, which every command would have to load.
  newId: () => uuidv7(systemClock.now(), crypto.getRandomValues(new Uint8Array(10))),
  stopSignal,
  onHangup: (listener) => process.on('SIGHUP', listener),
};

function output(stream: NodeJS.WriteStream): TextOutput {
  // The reader may end first (`| head`), which is no error.
  stream.on('error', () => undefined);
  const columns = columnsOf(stream, process.env['COLUMNS']);
  return terminalOutput((text) => void stream.write(text), takesColor(stream), columns);
}

function takesColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'];
}

// Node would print what was thrown as it is, and it may hold anything.
process.on('uncaughtException', (thrown) => {
  printFailure(thrown, host);
  if (thrown instanceof Error) host.stderr.write(`${thrown.stack ?? ''}\n`);
  end(1);
});

/**
 * Ends the process now. Node's own exit waits for every thread of its pool, and one that reads a dead mount never
 * comes back: then another program takes the place of this one, which ends its threads, and ends with `status`.
 */
function end(status: number): never {
  if (!isReadingFiles()) process.exit(status);
  try {
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${status})`], {});
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
  return process.exit(status);
}

async function ask(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, terminal: false });
  host.stderr.write(`${question} [y/N] `);
  // Without an answer (Ctrl-D, or a signal, after which nobody is asked any more) it is no.
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve).once('close', () => resolve(''));
    process.once('SIGINT', () => lines.close()).once('SIGTERM', () => lines.close());
  });
  lines.close();
  return /^y(?:es)?$/i.test(answer.trim());
}

async function readStdin(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    size += part.length;
    if (size > LARGEST_INPUT) throw new RotatorError('ERR_USAGE', { problem: 'stdin-too-large' });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * The kernel does not deliver to process 1 of a container a signal that it has no listener for. Until a command
 * listens, this ends the process as the signal would.
 */
function endEarly(signal: NodeJS.Signals): never {
  end(128 + constants.signals[signal]);
}
if (process.pid === 1) process.on('SIGINT', endEarly).on('SIGTERM', endEarly);

function stopSignal(): AbortSignal {
  process.off('SIGINT', endEarly).off('SIGTERM', endEarly);
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) end(1);
    controller.abort(new Error(`${signal} received`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return controller.signal;
}

/** Node then prints every request, with the URLs of channels. It has read the variable by now: start anew without it. */
function withoutDebug(): void {
  const { NODE_DEBUG, ...env } = process.env;
  if (!NODE_DEBUG || process.execve === undefined) return;
  host.stderr.write('warning: NODE_DEBUG is ignored: it would print secrets\n');
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], env);
}

async function main(): Promise<void> {
  withoutDebug();
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    const [found, wanted] = [process.versions.node, String(OLDEST_NODE)];
    process.exitCode = printFailure(new RotatorError('ERR_USAGE', { problem: 'old-node', found, wanted }), host);
    return;
  }
  const program = createProgram(createActions(host), pkg.version, host, (status) => {
    process.exitCode = status;
  });
  try {
    await program.parseAsync();
  } catch (thrown) {
    // Commander has printed what is wrong. Help and version end in this way too, with 0.
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
    else process.exitCode = printFailure(thrown, host);
  }
}

await main();
// An open read would keep the process.
if (isReadingFiles()) end(Number(process.exitCode ?? 0));
