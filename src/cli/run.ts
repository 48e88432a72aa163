// `run`: the daemon. Its log is the only thing on stdout; what concerns the person at the terminal goes to stderr.
import { createLog } from '../service/log.ts';
import { collectAtRest, keepHeapSmall, releaseMemory } from '../service/memory.ts';
import { Start } from '../service/start.ts';
import { EXIT, type ExitStatus, type Host } from './context.ts';
import { printFailure } from './failure.ts';
import { logDestination } from './log-destination.ts';

export interface RunOptions {
  readonly config?: string;
  readonly exitWhenRefused: boolean;
}

/** Runs until `stop`. A start that is refused ends with 2 at a terminal, or where `exitWhenRefused` says so. */
export async function run(options: RunOptions, host: Host, stop: AbortSignal): Promise<ExitStatus> {
  const { clock, stderr, isTerminal, log } = host;
  const start = new Start(host, {
    configFile: options.config,
    pid: host.pid,
    whenRefused: isTerminal ? 'throw' : options.exitWhenRefused ? 'tell' : 'stay',
    stop,
    log({ instance, log: { level, format } }) {
      return createLog({ level, instance, clock, destination: logDestination(log.stream, format, log.color) });
    },
  });
  let hangup = () => start.lookNow();
  host.onHangup(() => hangup());
  stop.addEventListener('abort', () =>
    stderr.write('stopping: no new pass begins; a pass that is writing gets 25 s; signal again to quit now\n'),
  );
  const service = await start.open().catch((thrown: unknown) => {
    printFailure(thrown, host);
    return EXIT.usage;
  });
  if (service === EXIT.usage) return EXIT.usage;
  if (service === undefined) return EXIT.ok;
  stop.addEventListener('abort', () => service.stop());
  if (stop.aborted) service.stop();
  keepHeapSmall();
  releaseMemory();
  const collecting = collectAtRest(clock, () => service.passes);
  hangup = () => void service.reload().then(collecting.again);
  await service.run();
  collecting.end();
  return EXIT.ok;
}
