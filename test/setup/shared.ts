// What every run of tests has in common: npm test, the parts of npm run test:system, test:properties and test:campaigns.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { TestUserConfig } from 'vitest/config';

/** A file that results are written to as well; .ci/run sets it and adds up what it finds. */
const REPORT = process.env['TEST_REPORT'];

export const SHARED = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  globalSetup: 'test/setup/surroundings.ts',
  reporters: REPORT === undefined ? ['default'] : ['default', ['json', { outputFile: REPORT }]],
  // Vitest's own choice on two cores is one worker, which leaves a core idle.
  maxWorkers: Math.max(2, availableParallelism()),
  // Ends a test that hangs. Longer than any test takes on a machine that does other work beside it.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  unstubEnvs: true,
  restoreMocks: true,
} satisfies TestUserConfig;
