// Runs promtool and amtool to their end.
import { type Result, runCommand } from '../../support/program.ts';
import { systemProgram } from '../programs.ts';

/** Runs `promtool ARGS` in the root of the repository, with `input` as standard input. */
export function promtool(args: readonly string[], input = ''): Promise<Result> {
  return runCommand(systemProgram('promtool'), args, { cwd: process.cwd(), input });
}

/** Runs `amtool ARGS` in the root of the repository. */
export function amtool(args: readonly string[]): Promise<Result> {
  return runCommand(systemProgram('amtool'), args, { cwd: process.cwd() });
}
