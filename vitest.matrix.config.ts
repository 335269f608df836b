import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** One project of the matrix, which `test/matrix/run.ts` gives as the filter. */
export default mergeConfig(
  { resolve: config.resolve ?? {} },
  defineConfig({
    test: {
      include: ['test/matrix/**/*.test.ts', 'fixtures/*/live.test.ts'],
      exclude: configDefaults.exclude,
      globalSetup: ['test/live/setup.ts'],
      env: { NODE_ENV: 'test' },
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Of other people's servers, sockets and processes: once more on a busy machine, and it is reported.
      retry: process.env.CI === 'true' ? 1 : 0,
    },
  }),
);
