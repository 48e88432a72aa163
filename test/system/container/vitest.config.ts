// What needs a Docker engine: npm run test:container. One file after the other, since they share engine and processor.
// They see the machine's environment: docker and npm find their engine and registry by it.
import { defineConfig } from 'vitest/config';
import { SHARED } from '../../setup/shared.ts';

export default defineConfig({
  test: {
    ...SHARED,
    include: ['test/system/container/*.test.ts'],
    globalSetup: 'test/system/container/setup.ts',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
