// The terminal writer: the one way from a command to stdout and stderr. It cleans whatever it writes (core/output.ts),
// so that no command can forget to.
import { terminalText } from '../core/output.ts';
import type { TextOutput } from './context.ts';

/** Of an output that is no terminal. */
export const DEFAULT_COLUMNS = 100;
/** Narrower, the titles of a list would leave no room for what they name. */
const LEAST_COLUMNS = 40;

/** Moves to the start of the line, and erases it (ECMA-48: EL). */
const START_OF_LINE = `\r${String.fromCharCode(0x1b)}[K`;

/** An output over `write`; `color`: whether it takes escape sequences for colour. */
export function terminalOutput(write: (text: string) => void, color: boolean, columns = DEFAULT_COLUMNS): TextOutput {
  return {
    columns,
    write: (...texts) => write(texts.map((text) => terminalText(text, color)).join('')),
    replaceLine: (text) => write(`${START_OF_LINE}${terminalText(text, color)}`),
    writeSecret: write,
  };
}

/** How wide lines are: as COLUMNS states, else as the terminal is. A terminal of 0 columns does not know. */
export function columnsOf(stream: { readonly columns?: number }, stated: string | undefined): number {
  const found = /^[1-9]\d{0,4}$/.test(stated ?? '') ? Number(stated) : stream.columns || DEFAULT_COLUMNS;
  return Math.max(LEAST_COLUMNS, found);
}
