// Before the end-to-end tests: builds the bundle once, which starts twice as fast as the sources and is what users run.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the built program; absent where tests run the sources. */
    readonly bundle?: string;
  }
}

export function setup({ provide, config }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-bundle-'));
  execFileSync(process.execPath, ['.ci/build.ts', folder], {
    cwd: config.root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  provide('bundle', folder);
  return () => rmSync(folder, { recursive: true });
}
