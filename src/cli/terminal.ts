// The terminal writer: the one way from a command to stdout and stderr. It cleans whatever it writes (core/output.ts),
// so that no command can forget to.
import { terminalText } from '../core/output.ts';
import type { TextOutput } from './context.ts';

/** An output over `write`; `color`: whether it takes escape sequences for colour. */
export function terminalOutput(write: (text: string) => void, color: boolean): TextOutput {
  return {
    write: (text) => write(terminalText(text, color)),
    writeSecret: write,
  };
}
