import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that load the fixtures' own database, or change what holds for a whole server: one at a time, after the rest. */
const ALONE = ['test/live/pg.test.ts', 'test/live/mysql2-*.test.ts', 'test/live/catalog.test.ts'];

export default defineConfig({
  resolve: {
    // Tests and the demo import the package by its name, as users do, and get the sources.
    alias: [
      { find: /^db-http-errors$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      {
        find: /^db-http-errors\/(catalog|client|concurrency|idempotency|retry)$/,
        replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)),
      },
      { find: /^db-http-errors\/(.+)$/, replacement: fileURLToPath(new URL('src/$1.ts', import.meta.url)) },
    ],
  },
  test: {
    globalSetup: ['test/live/setup.ts'],
    env: { NODE_ENV: 'test' },
    // For a machine that does other things, too.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          // Projects of their own, with their own dependencies: `npm run test:matrix`. What takes long: `npm run test:stress`.
          exclude: [...configDefaults.exclude, 'test/matrix/**', 'test/stress/**', 'test/browser/**', ...ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
