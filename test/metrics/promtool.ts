// Runs promtool and amtool to their end, with what is given as standard input.
import { debianProgram } from '../debian.ts';
import { type Result, runCommand } from '../e2e/program.ts';

/** Runs `promtool ARGS`. */
export function promtool(args: readonly string[], input = ''): Promise<Result> {
  return runCommand(debianProgram('promtool'), args, { input });
}

/** Runs `amtool ARGS`. */
export function amtool(args: readonly string[]): Promise<Result> {
  return runCommand(debianProgram('amtool'), args);
}
