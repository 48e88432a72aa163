// The JSON that a command prints with --json: one document on one line. Its values are cleaned one by one, because
// within JSON a line break or a secret's name looks different.
import { cleanValue } from '../core/output.ts';
import type { TextOutput } from './context.ts';

export function printJson(output: TextOutput, document: unknown): void {
  output.write(`${json(document)}\n`);
}

/** So many values are written at once: all of a large fleet would be in memory several times over. */
const VALUES = 100;

/** Prints `{"NAME":[…]}`. */
export function printJsonList(output: TextOutput, name: string, values: readonly unknown[]): void {
  output.write(`{${json(name)}:[`);
  for (let at = 0; at < values.length; at += VALUES) {
    const part = values.slice(at, at + VALUES).map(json);
    output.write(`${at === 0 ? '' : ','}${part.join(',')}`);
  }
  output.write(']}\n');
}

function json(value: unknown): string {
  return JSON.stringify(cleanValue(value));
}
