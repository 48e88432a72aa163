// What `generate` and `inspect` print about their input: every problem at once, each with its next step, in the form
// of failure.ts. They must not load the configuration's code, as that file does.
import type { RotatorError } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import type { CliContext } from './context.ts';

export interface Problem {
  readonly message: string;
  /** The imperative next step. */
  readonly hint: string;
}

/** Prints problems to stderr. */
export function printProblems(problems: readonly Problem[], { stderr }: CliContext): void {
  for (const { message, hint } of problems) stderr.write(`${paint('red', 'error:')} ${message}\n  ${hint}\n`);
}

/** Prints to stderr what does not stop the command. */
export function printWarnings(warnings: readonly (string | RotatorError)[], { stderr }: CliContext): void {
  for (const warning of warnings)
    stderr.write(`${paint('yellow', 'warning:')} ${typeof warning === 'string' ? warning : warning.message}\n`);
}
