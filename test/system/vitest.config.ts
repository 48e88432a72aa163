// Tests that need a program of the system, a project for each thing that they need: `npm run test:monitoring` and so
// on. A missing program is a failure that says what to install. Docker has a configuration of its own (container/). What
// needs nothing but minutes, because an end of an alert must hold for one before it is told, is in minutes/. Replicas
// wait for leases to end most of the time, so that package.json lets three of their files run at once.
import { defineConfig } from 'vitest/config';
import { SHARED } from '../setup/shared.ts';

export default defineConfig({
  test: {
    ...SHARED,
    projects: ['minutes', 'monitoring', 'clock', 'disk', 'terminal', 'browser', 'replicas'].map((name) => ({
      extends: true as const,
      test: { name, include: [`test/system/${name}/*.test.ts`], globalSetup: 'test/setup/bundle.ts' },
    })),
  },
});
