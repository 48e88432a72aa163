// `run`: the daemon. Its log is the only thing on stdout; what concerns the person at the terminal goes to stderr.
import type { Start, StartOptions } from '../service/start.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { printFailure } from './failure.ts';

export interface RunDeps {
  readonly context: CliContext;
  /** Whether a person sees what goes to stderr. */
  readonly isTerminal: boolean;
  readonly start: (options: Pick<StartOptions, 'whenRefused' | 'stop'>) => Start;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
  /** Calls back at every SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
}

/** Runs until a signal. A start that is refused ends with 2 at a terminal, or where `exitWhenRefused` says so. */
export async function run({ exitWhenRefused }: { exitWhenRefused: boolean }, deps: RunDeps): Promise<ExitStatus> {
  const { context, isTerminal, stop, onHangup } = deps;
  const whenRefused = isTerminal ? 'throw' : exitWhenRefused ? 'tell' : 'stay';
  const start = deps.start({ whenRefused, stop });
  let hangup = () => start.lookNow();
  onHangup(() => hangup());
  stop.addEventListener('abort', () =>
    context.stderr.write('stopping: no new pass begins; a pass that is writing gets 25 s; signal again to quit now\n'),
  );
  const opened = await start.open().catch((thrown: unknown) => printFailure(thrown, context));
  if (typeof opened === 'number') return EXIT.usage;
  if (opened === undefined) return EXIT.ok;
  hangup = () => void opened.reload();
  stop.addEventListener('abort', () => opened.stop());
  if (stop.aborted) opened.stop();
  await opened.run();
  return EXIT.ok;
}
