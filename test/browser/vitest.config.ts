import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

/** `npm run test:browser`: the page of the demo in a real browser, which this project's own dependencies drive. */
export default mergeConfig(
  { resolve: config.resolve ?? {} },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/browser/*.browser.ts'],
      globalSetup: ['test/live/setup.ts'],
      env: { NODE_ENV: 'test' },
      // A page on a busy machine: once more, and it is reported.
      retry: process.env.CI === 'true' ? 1 : 0,
      testTimeout: 30_000,
      hookTimeout: 60_000,
    },
  }),
);
