// The JSON that a command prints with --json: one document on one line, redacted like everything that is printed.
import { redact } from '../core/redact.ts';
import type { TextOutput } from './context.ts';

export function printJson(output: TextOutput, document: unknown): void {
  output.write(`${JSON.stringify(redact(document))}\n`);
}
