// What `generate` and `inspect` say of their input: every problem at once, each with its next step. They load nothing
// of the configuration, hence not failure.ts, whose form this is.
import { redactText } from '../core/redact.ts';
import type { CliContext } from './context.ts';

export interface Problem {
  readonly message: string;
  /** The imperative next step. */
  readonly hint: string;
}

/** Prints problems to stderr. */
export function printProblems(problems: readonly Problem[], { stderr }: CliContext): void {
  const [red, off] = stderr.color ? ['\x1b[31m', '\x1b[0m'] : ['', ''];
  for (const { message, hint } of problems) stderr.write(redactText(`${red}error:${off} ${message}\n  ${hint}\n`));
}

/** Prints what does not stop the command to stderr. */
export function printWarnings(warnings: readonly string[], { stderr }: CliContext): void {
  const [yellow, off] = stderr.color ? ['\x1b[33m', '\x1b[0m'] : ['', ''];
  for (const warning of warnings) stderr.write(redactText(`${yellow}warning:${off} ${warning}\n`));
}
