// A context whose outputs are kept, for tests that call a command as a function.
import type { CliContext } from '../../src/cli/context.ts';
import { terminalOutput } from '../../src/cli/terminal.ts';

export const NOW = Date.UTC(2026, 10, 22, 16, 0, 0);

export interface Captured {
  readonly context: CliContext;
  readonly stdout: string;
  readonly stderr: string;
}

/** `stdin: undefined` is a terminal. */
export function captured({ stdin, color = false }: { stdin?: string | undefined; color?: boolean } = {}): Captured {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') =>
    terminalOutput((text) => {
      written[name] += text;
    }, color);
  return {
    context: {
      stdout: output('stdout'),
      stderr: output('stderr'),
      readStdin: async () => stdin,
      env: {},
      clock: { now: () => NOW, monotonic: () => 0, sleep: async () => undefined, every: () => () => undefined },
    },
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
  };
}
