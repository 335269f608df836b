import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** What is too slow for each run: many at once, processes that die, long series. */
export default mergeConfig(
  { resolve: config.resolve ?? {} },
  defineConfig({
    test: {
      include: ['test/stress/**/*.test.ts'],
      exclude: configDefaults.exclude,
      globalSetup: ['test/live/setup.ts'],
      env: { NODE_ENV: 'test' },
      // One after the other: what they measure is time, and what they provoke is contention.
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  }),
);
