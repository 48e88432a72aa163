// Before the end-to-end tests: builds the bundle once, which starts twice as fast as the sources and is what users run.
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { BUNDLE } from './surroundings.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the built program; absent where tests run the sources. */
    readonly bundle?: string;
  }
}

export function setup({ provide, config }: TestProject): void {
  const folder = join(tmpdir(), BUNDLE);
  execFileSync(process.execPath, ['.ci/build.ts', folder], {
    cwd: config.root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  provide('bundle', folder);
}
