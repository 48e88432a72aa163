// The JSON that a command prints with --json: one document on one line. Its values are cleaned one by one, because
// within JSON a line break or a secret's name looks different.
import { cleanValue } from '../core/output.ts';
import type { TextOutput } from './context.ts';

export function printJson(output: TextOutput, document: unknown): void {
  output.write(`${JSON.stringify(cleanValue(document))}\n`);
}
