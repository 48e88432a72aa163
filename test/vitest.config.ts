// What `npm test` runs, in two projects. It needs Node, npm and nothing else; what needs another program of the system
// is in test/system, and long randomised runs are in test/campaigns.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Runs the real program as processes. */
const E2E = 'test/e2e/**/*.test.ts';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    globalSetup: 'test/setup/surroundings.ts',
    // Vitest's own choice on two cores is one worker, which leaves a core idle.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    unstubEnvs: true,
    restoreMocks: true,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary', 'json'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [E2E, 'test/system/**', 'test/campaigns/**'],
          // All files of a worker share one process: loading vitest and the sources once for each file takes longer
          // than the tests. So a test puts back what it changes of the process.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          globalSetup: 'test/setup/bundle.ts',
        },
      },
    ],
  },
});
