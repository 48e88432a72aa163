// What `npm test` runs, in two projects. It needs Node, npm and nothing else; what needs another program of the system
// is in test/system, and long randomised runs are in test/campaigns.
import { defineConfig } from 'vitest/config';
import { SHARED } from './setup/shared.ts';

/** Tests that run the real program as processes. */
const E2E = 'test/e2e/**/*.test.ts';

export default defineConfig({
  test: {
    ...SHARED,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary', 'json'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [E2E, 'test/system/**', 'test/campaigns/**'],
          setupFiles: 'test/setup/properties.ts',
          // All files of a worker share one process: loading vitest and the sources anew for each file takes longer
          // than the tests. So a test restores what it changes in the process.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          globalSetup: 'test/setup/bundle.ts',
          // Half of their time these tests wait for a timer of the program.
          maxWorkers: 2 * SHARED.maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
