// Before all tests: they see nothing of the machine but PATH, and their temporary files lie in one folder of the run,
// which is removed after the last test. A test that leaves something in it fails the run.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What tests may see of the environment: where programs are, and the settings of Node and vitest. */
const KEPT = /^(?:PATH|NODE_(?:V8_COVERAGE|COMPILE_CACHE|DISABLE_COMPILE_CACHE|ENV)|VITEST.*|CAMPAIGN_.*)$/;

const CACHE = 'compile-cache';

export function setup(): () => void {
  const before = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'rotator-tests-'));
  // Tests that give up the rights of root work below it too.
  chmodSync(folder, 0o755);
  for (const name of Object.keys(process.env)) if (!KEPT.test(name)) delete process.env[name];
  Object.assign(process.env, { TMPDIR: folder, HOME: folder, TZ: 'UTC' });
  // Processes of the program start faster with what the one before them compiled.
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, CACHE);
  return () => {
    const left = readdirSync(folder).filter((name) => name !== CACHE);
    // A process that ends may still be writing to the compile cache.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, before);
    if (left.length > 0)
      throw new Error(`tests left files behind in the folder for temporary files: ${left.join(', ')}`);
  };
}
