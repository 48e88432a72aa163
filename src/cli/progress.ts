// The line that says how far a command over many targets has come: on a terminal alone, below everything else that the
// command says, refreshed in place and removed at the end.
import { counted } from '../core/texts/en/words.ts';
import { yieldToLoop } from '../net/event-loop.ts';
import type { OnProgress, Progress } from '../service/progress.ts';
import type { Host } from './context.ts';

/** What is done sooner needs no progress. */
const QUIET_MS = 2_000;
/** Often enough to be seen moving; more would be work for the terminal. */
const REFRESH_MS = 250;

export interface ProgressLine {
  readonly on: OnProgress;
  /** Writes to stderr, above the line. While the work goes on, what one turn of the event loop writes goes out together. */
  readonly write: (text: string) => void;
  /** Writes what waits, and removes the line; from now on none is shown, and nothing waits. */
  readonly end: () => void;
}

/** The line of a command; with `json` there is none. */
export function progressLine({ stderr, clock, isTerminal }: Host, json: boolean): ProgressLine {
  const startedAt = clock.monotonic();
  let latest: Progress | undefined;
  let [isShown, isOver] = [false, false];
  const waiting: string[] = [];
  const remove = () => {
    if (isShown) stderr.replaceLine('');
    isShown = false;
  };
  const draw = () => {
    if (latest === undefined || latest.all < 2 || clock.monotonic() - startedAt < QUIET_MS) return;
    stderr.replaceLine(progressText(latest));
    isShown = true;
  };
  const flush = () => {
    if (waiting.length === 0) return;
    const wasShown = isShown;
    remove();
    stderr.write(...waiting.splice(0));
    if (wasShown) draw();
  };
  const stop = isTerminal && !json ? clock.every(REFRESH_MS, draw) : undefined;
  return {
    on(progress) {
      latest = progress;
    },
    write(text) {
      waiting.push(text);
      if (latest === undefined || isOver) flush();
      else if (waiting.length === 1) void yieldToLoop().then(flush);
    },
    end() {
      stop?.();
      isOver = true;
      flush();
      remove();
    },
  };
}

function progressText({ done, failed, all }: Progress): string {
  return `${done} of ${counted(all, 'target')}${failed > 0 ? `, ${failed} failed` : ''}`;
}
