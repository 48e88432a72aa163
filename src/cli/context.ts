// What a command may touch of the terminal and the process it runs in; main.ts makes the real one, tests another.
import type { Clock } from '../core/ports.ts';

/** Made by terminal.ts. */
export interface TextOutput {
  /** How wide a line may be. */
  readonly columns: number;
  /** Writes texts, each cleaned by itself: without secrets and control characters; what was painted in colour. */
  write(...texts: readonly string[]): void;
  /** Shows text in the current line of a terminal, in place of what stood there. */
  replaceLine(text: string): void;
  /** Writes text as it is: for the client secret that somebody asked for, and the sandbox's made-up credentials. */
  writeSecret(text: string): void;
}

export interface CliContext {
  /** Results, and nothing else. */
  readonly stdout: TextOutput;
  /** Everything else that a person reads. */
  readonly stderr: TextOutput;
  /** Reads standard input to its end; at most 1 MB. `undefined` if it is a terminal. */
  readStdin(): Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Where a person can be asked: the prompts draw on it themselves. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** What commands need of the process besides; main.ts makes it. */
export interface Host extends CliContext {
  /** Of this program. */
  readonly version: string;
  readonly pid: number;
  /** Whether a person sees what goes to stderr. */
  readonly isTerminal: boolean;
  /** Asks a person a question that yes or no answers; anything else is no. Undefined: there is no terminal to ask at. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  /** For questions that yes or no do not answer. Undefined: as for `ask`. */
  readonly terminal: Terminal | undefined;
  /** Where the daemon's log goes. */
  readonly log: { readonly stream: NodeJS.WriteStream & { readonly fd: number }; readonly color: boolean };
  /** How this program was started, up to its entry point. */
  readonly command: readonly [executable: string, ...args: string[]];
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** Aborted by the first SIGINT or SIGTERM from now on; the second ends the process at once, with status 1. */
  readonly stopSignal: () => AbortSignal;
  /** Calls back at every SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
}

/** The exit statuses of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
