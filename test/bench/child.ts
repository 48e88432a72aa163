// Processes that the bench starts: each is ended by its own id when it is no longer needed, and all of them when the
// bench ends, also by Ctrl-C.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** How long a process gets to end by itself: with ten thousand targets it drops as many passes. */
const END_LIMIT_MS = 15_000;

/** Returns the function that ends it. */
export function endAtExit(child: ChildProcess): () => Promise<void> {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    await ended;
    clearTimeout(limit);
  };
}
