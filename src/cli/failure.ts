// What a person sees when a command cannot do its work. Never a stack trace for a user's mistake, and never a secret.
import { ConfigError, formatProblems } from '../config/problems.ts';
import { asRotatorError, type ErrorCode } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { printProblems } from './problems.ts';

const USAGE: ReadonlySet<ErrorCode> = new Set(['ERR_USAGE', 'ERR_CONFIG']);

/** Prints whatever was thrown, and gives the exit status: 2 for the command line and the configuration, else 1. */
export function printFailure(thrown: unknown, context: CliContext): ExitStatus {
  const error = asRotatorError(thrown);
  if (thrown instanceof ConfigError && (thrown.problems.length > 1 || thrown.problems[0]?.excerpt)) {
    const head = `${paint('red', 'error:')} the configuration cannot be used ${paint('dim', `(${error.code})`)}`;
    context.stderr.write(`${head}\n${formatProblems(thrown.problems)}`);
  } else {
    printProblems([error], context);
  }
  return USAGE.has(error.code) ? EXIT.usage : EXIT.failed;
}
