// Configurations as files in a directory of the test's own, and what loading them gives.
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblems, type Problem } from '../../src/config/problems.ts';
import { PROBLEMS_EN } from '../../src/core/texts/en/problems.ts';
import { phrased } from '../../src/core/texts/problems.ts';

type Env = Readonly<Record<string, string | undefined>>;
export type Mode = 'daemon' | 'strict';

/** 2026-11-22, when no clock changes anywhere. */
export const NOW = Date.UTC(2026, 10, 22, 12);

/** Writes a file into a folder of its own, which is removed after the test. */
export async function file(content: string | Uint8Array): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rotator.yaml');
  await writeFile(path, content);
  return path;
}

/** Every test of the block runs in a working directory of its own, without a configuration. */
export function eachInAnEmptyFolder(): void {
  let [before, folder] = ['', ''];
  beforeEach(() => {
    before = process.cwd();
    folder = mkdtempSync(join(tmpdir(), 'cwd-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
}

export async function load(yaml: string, env: Env = {}, mode: Mode = 'strict', now = NOW): Promise<LoadedConfig> {
  return loadConfig({ file: await file(yaml), env, mode, now });
}

/** The problems of a configuration that must be refused. */
export async function refusal(yaml: string, env: Env = {}, mode: Mode = 'strict', now = NOW): Promise<ConfigError> {
  return thrownBy(load(yaml, env, mode, now));
}

export async function thrownBy(loading: Promise<unknown>): Promise<ConfigError> {
  const thrown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ConfigError)) throw thrown ?? new Error('expected a refusal, but it was accepted');
  expect(thrown.code).toBe('ERR_CONFIG');
  return thrown;
}

/** `12 http.port: found "x", wanted …`, a line a problem. */
export function lines(problems: readonly Problem[]): string[] {
  return problems.map(({ line, key, found, wanted }) => {
    const [is, should] = [found, wanted].map((phrase) => phrased(phrase, PROBLEMS_EN));
    return `${line ?? '-'} ${key}: found ${is}, wanted ${should}`;
  });
}

export async function problemsOf(yaml: string, env: Env = {}, now = NOW): Promise<string[]> {
  return lines((await refusal(yaml, env, 'strict', now)).problems);
}

/** Everything that a person or a log could see of an error. */
export function everythingShown(error: ConfigError): string {
  return [error.message, error.hint, formatProblems(error.problems), JSON.stringify(error), inspect(error)].join('\n');
}

/** The least that is a configuration, as the last lines of one. */
export const TARGETS = `targets:
  - name: shop
    envId: shop-1
    key: { from: file, path: key.p8 }
`;
