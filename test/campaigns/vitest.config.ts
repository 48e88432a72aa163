// Long randomised runs. Those of npm run test:properties are property tests of `npm test` with more tries; those of npm run
// test:campaigns stand in this folder, and `npm test` runs a sample of the same functions.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SHARED } from '../setup/shared.ts';

/** Files with a property in them, or in a contract that they call. */
const PROPERTY = /'fast-check'|contract\/(?:alert-book|journal)\.ts'/;

const properties = globSync('test/**/*.test.ts', {
  cwd: SHARED.root,
  exclude: ['test/e2e', 'test/system', 'test/campaigns'],
}).filter((file) => PROPERTY.test(readFileSync(join(SHARED.root, file), 'utf8')));

const PROPERTIES = 'test/setup/properties.ts';

const HOUR = 3_600_000;

export default defineConfig({
  test: {
    ...SHARED,
    globalSetup: [SHARED.globalSetup, 'test/campaigns/seed.ts'],
    // Campaigns wait for processes most of the time.
    maxWorkers: 3 * SHARED.maxWorkers,
    // The whole run has its limit in .ci/run.
    testTimeout: HOUR,
    projects: [
      {
        extends: true,
        test: { name: 'properties', include: properties, setupFiles: PROPERTIES, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'campaigns',
          include: ['test/campaigns/*.test.ts'],
          globalSetup: 'test/setup/bundle.ts',
          setupFiles: PROPERTIES,
        },
      },
    ],
  },
});
