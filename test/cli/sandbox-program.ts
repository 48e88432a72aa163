// Stands in for the program in the tests of the sandbox command: `run` is a daemon that says how it was started and
// ends as DAEMON_ENDS says; anything else calls the command with a real process around it.
import { sandbox } from '../../src/cli/sandbox.ts';
import { terminalOutput } from '../../src/cli/terminal.ts';
import { RotatorError } from '../../src/core/errors.ts';

const [entry = '', command = '', ...rest] = process.argv.slice(1);

if (command === 'run') daemon();
else await program();

function daemon(): void {
  const { ROTATOR_SANDBOX_URL: url, DAEMON_ENDS: ends = 'SIGTERM' } = process.env;
  process.stdout.write(`daemon ${JSON.stringify({ args: [command, ...rest], execArgv: process.execArgv, url })}\n`);
  if (/^\d$/.test(ends)) process.exit(Number(ends));
  if (ends === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
  let left = ends === 'slowly' ? 2 : 1;
  const onSignal = (signal: NodeJS.Signals) => {
    process.stdout.write(`daemon got ${signal}\n`);
    if (signal === 'SIGTERM') left -= 1;
    if (left === 0) process.exit(0);
  };
  if (ends !== 'by itself') process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.stdout.write('daemon ready\n');
  // A test that fails does not leave it behind for long.
  setTimeout(() => process.exit(3), 20_000);
}

async function program(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
  const context = {
    stdout: terminalOutput((text) => void process.stdout.write(text), false),
    stderr: terminalOutput((text) => void process.stderr.write(text), false),
    readStdin: async () => undefined,
    env: process.env,
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: async () => undefined,
      every: () => () => undefined,
    },
  };
  try {
    const options = { port: Number(rest[0] ?? 0), demo: command === 'demo', stage: command === 'stage' };
    process.exitCode = await sandbox(options, context, {
      stop: stop.signal,
      command: [process.execPath, ...process.execArgv, entry],
    });
  } catch (error) {
    if (!(error instanceof RotatorError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
