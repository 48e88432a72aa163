// The line that says how far a command over many targets has come: on a terminal alone, below everything else that the
// command says, refreshed in place and removed at the end.
import { counted } from '../core/texts/en/words.ts';
import type { OnProgress, Progress } from '../service/progress.ts';
import type { Host } from './context.ts';

/** What is done sooner needs no progress. */
const QUIET_MS = 2_000;
/** Often enough to be seen moving; more would be work for the terminal. */
const REFRESH_MS = 250;

export interface ProgressLine {
  readonly on: OnProgress;
  /** Writes to stderr, above the line. */
  readonly write: (text: string) => void;
  /** Removes the line; nothing is shown from now on. */
  readonly end: () => void;
}

/** The line of a command; with `json` there is none. */
export function progressLine({ stderr, clock, isTerminal }: Host, json: boolean): ProgressLine {
  const startedAt = clock.monotonic();
  let latest: Progress | undefined;
  let isShown = false;
  const remove = () => {
    if (isShown) stderr.replaceLine('');
    isShown = false;
  };
  const draw = () => {
    if (latest === undefined || latest.all < 2 || clock.monotonic() - startedAt < QUIET_MS) return;
    stderr.replaceLine(progressText(latest));
    isShown = true;
  };
  const stop = isTerminal && !json ? clock.every(REFRESH_MS, draw) : undefined;
  return {
    on(progress) {
      latest = progress;
    },
    write(text) {
      const wasShown = isShown;
      remove();
      stderr.write(text);
      if (wasShown) draw();
    },
    end() {
      stop?.();
      remove();
    },
  };
}

function progressText({ done, failed, all }: Progress): string {
  return `${done} of ${counted(all, 'target')}${failed > 0 ? `, ${failed} failed` : ''}`;
}
