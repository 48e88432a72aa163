// What a person sees when a command cannot do its work: what was found and wanted, and what to do next. Never a stack
// trace for a user's mistake, and never a secret.
import { ConfigError, formatProblems } from '../config/problems.ts';
import { asRotatorError, type ErrorCode } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import { errorTexts } from '../core/texts/errors.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

const USAGE: ReadonlySet<ErrorCode> = new Set(['ERR_USAGE', 'ERR_CONFIG']);

/** Prints whatever was thrown, and gives the exit status: 2 for the command line and the configuration, else 1. */
export function printFailure(thrown: unknown, { stderr }: CliContext): ExitStatus {
  const { code, stored } = asRotatorError(thrown);
  const { message, next, copy } = errorTexts(stored, 'en');
  const [error, of] = [paint('red', 'error:'), paint('dim', `(${code})`)];
  if (thrown instanceof ConfigError && thrown.problems.length > 1) {
    stderr.write(`${error} the configuration cannot be used ${of}\n`);
    stderr.write(formatProblems(thrown.problems));
  } else {
    stderr.write(`${error} ${message} ${of}\n  ${copy === null ? next : `${next.replace(/\.$/, '')}:\n    ${copy}`}\n`);
  }
  return USAGE.has(code) ? EXIT.usage : EXIT.failed;
}
