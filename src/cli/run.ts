// `run`: the daemon. Its log is the only thing on stdout; what concerns the person at the terminal goes to stderr.
import type { LoadedConfig } from '../config/load.ts';
import { unreadProblem } from '../config/problems.ts';
import { mustReachSomebody } from '../config/recipients.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { Service } from '../service/service.ts';
import type { Refused } from '../service/start-refusal.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { refusalLines } from './refusal-lines.ts';

export interface RunDeps {
  readonly context: CliContext;
  readonly load: () => Promise<LoadedConfig>;
  readonly open: (loaded: LoadedConfig) => Promise<Service>;
  /** Tells over the channels that can be read that the daemon cannot start. Never throws. */
  readonly refuse: (error: RotatorError, loaded: LoadedConfig | undefined) => Promise<Refused>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
  /** Calls back at every SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
}

/** Runs until a signal. Throws ERR_CONFIG, ERR_DAEMON_RUNNING, ERR_JOURNAL_NEWER, after it was told over the channels. */
export async function run(deps: RunDeps): Promise<ExitStatus> {
  const { context, stop, onHangup } = deps;
  const service = await start(deps);
  onHangup(() => void service.reload());
  stop.addEventListener('abort', () => {
    context.stderr.write('stopping: no new pass begins; one that is writing has 25 s (a second signal ends at once)\n');
    service.stop();
  });
  if (stop.aborted) service.stop();
  await service.run();
  return EXIT.ok;
}

async function start({ context, load, open, refuse }: RunDeps): Promise<Service> {
  let loaded: LoadedConfig | undefined;
  try {
    loaded = await load();
    mustReachSomebody(loaded);
    return await open(loaded);
  } catch (thrown) {
    const error = asRotatorError(thrown);
    const refused = await refuse(error, loaded);
    // Of a configuration that is not there it goes without saying.
    const isRead = unreadProblem(thrown) === undefined;
    if (loaded === undefined && isRead && refused !== 'told before' && refused.size === 0)
      context.stderr.write(NO_CHANNEL);
    for (const line of refusalLines(refused, 'the daemon cannot start')) context.stderr.write(`${line}\n`);
    throw thrown;
  }
}

const NO_CHANNEL = 'no channel could be read from the configuration: nobody was told\n';
