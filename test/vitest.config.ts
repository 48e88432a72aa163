// What `npm test` runs, in three projects. It needs Node, npm and nothing else; what needs another program of the system
// is in test/system, and long randomised runs are in test/campaigns.
import { defineConfig } from 'vitest/config';
import { SHARED } from './setup/shared.ts';

/** Tests that run the real program as processes. */
const E2E = 'test/e2e/**/*.test.ts';
/** Tests of the edges: most of them open sockets, start processes or try hostile inputs. */
const EDGES = ['adapters', 'hostile', 'http', 'net', 'sandbox'].map((room) => `test/${room}/**/*.test.ts`);
EDGES.push('test/cli/sandbox.test.ts');

const NOT_UNIT = [E2E, ...EDGES, 'test/system/**', 'test/campaigns/**'];

/**
 * All files of a worker share one process: loading vitest and the sources anew for each file takes longer than the
 * tests. So a test restores what it changes in the process.
 */
const IN_ONE_PROCESS = { setupFiles: 'test/setup/properties.ts', isolate: false };

export default defineConfig({
  test: {
    ...SHARED,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary', 'json'] },
    projects: [
      { extends: true, test: { ...IN_ONE_PROCESS, name: 'unit', include: ['test/**/*.test.ts'], exclude: NOT_UNIT } },
      { extends: true, test: { ...IN_ONE_PROCESS, name: 'edges', include: EDGES } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          globalSetup: 'test/setup/bundle.ts',
          // Most of their time these tests wait for a timer of the program.
          maxWorkers: 3 * SHARED.maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
