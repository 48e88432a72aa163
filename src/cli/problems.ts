// How a command prints errors: what was found and wanted, and below it the next step with what can be pasted. Loads no
// code of the configuration and no other language, so that short commands start fast.
import type { RotatorError } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import { textsIn } from '../core/texts/catalogue.ts';
import { ERRORS_EN } from '../core/texts/en/errors.ts';
import type { CliContext } from './context.ts';

/** Prints every error to stderr. */
export function printProblems(errors: readonly RotatorError[], { stderr }: CliContext): void {
  for (const error of errors) stderr.write(`${paint('red', 'error:')} ${lines(error)}`);
}

/** Prints to stderr what does not stop the command. */
export function printWarnings(warnings: readonly RotatorError[], { stderr }: CliContext): void {
  for (const warning of warnings) stderr.write(`${paint('yellow', 'warning:')} ${lines(warning)}`);
}

function lines({ code, stored }: RotatorError): string {
  const { message, next, copy } = textsIn(ERRORS_EN, stored);
  const step = copy === null ? next : `${next.replace(/\.$/, ':')}\n    ${copy}`;
  return `${message} ${paint('dim', `(${code})`)}\n  ${step}\n`;
}
