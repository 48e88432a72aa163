// `run`: the daemon. Its log is the only thing on stdout; what concerns the person at the terminal goes to stderr.
import type { LoadedConfig } from '../config/load.ts';
import { type UnreachableAlert, unreachableAlerts } from '../config/recipients.ts';
import { RotatorError } from '../core/errors.ts';
import type { Service } from '../service.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export interface RunDeps {
  readonly context: CliContext;
  readonly load: () => Promise<LoadedConfig>;
  readonly open: (loaded: LoadedConfig) => Promise<Service>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
  /** Calls back at every SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
}

/** Runs until a signal. Throws ERR_CONFIG, ERR_DAEMON_RUNNING, ERR_JOURNAL_NEWER. */
export async function run({ context, load, open, stop, onHangup }: RunDeps): Promise<ExitStatus> {
  const loaded = await load();
  mustReachSomebody(loaded);
  const service = await open(loaded);
  onHangup(() => void service.reload());
  stop.addEventListener('abort', () => {
    context.stderr.write('stopping: no new pass begins; one that is writing has 25 s (a second signal ends at once)\n');
    service.stop();
  });
  if (stop.aborted) return EXIT.ok;
  await service.run();
  return EXIT.ok;
}

/** A rotator whose failures reach nobody is refused, unless that was said to be wanted. */
function mustReachSomebody({ config, file }: LoadedConfig): void {
  const unreachable = unreachableAlerts(config);
  if (unreachable.length === 0) return;
  const shown = unreachable.slice(0, 5).map(words).join(', ');
  const more = unreachable.length > 5 ? ` and ${unreachable.length - 5} more` : '';
  throw new RotatorError('ERR_CONFIG', `${file ?? 'the environment'}: nobody would hear of ${shown}${more}`, {
    hint: 'Add a channel under `alerts.channels` that carries both severities of every target, or accept silence by `alerts: { none: accepted }` (ROTATOR_ALERTS=none).',
  });
}

function words({ target, severity }: UnreachableAlert): string {
  return target === null ? `a ${severity} of the service itself` : `a ${severity} of ${target}`;
}
