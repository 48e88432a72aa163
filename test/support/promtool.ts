// Runs promtool and amtool to their end, with what is given as standard input.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { debianProgram } from './debian.ts';
import { type Result, runCommand } from './program.ts';

/** Runs `promtool ARGS`. */
export function promtool(args: readonly string[], input = ''): Promise<Result> {
  return runCommand(debianProgram('promtool'), args, { cwd: process.cwd(), input });
}

/** Runs `amtool ARGS`. */
export function amtool(args: readonly string[]): Promise<Result> {
  return runCommand(debianProgram('amtool'), args, { cwd: process.cwd() });
}

/** A folder for files that a tool is to read; it goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-metrics-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
