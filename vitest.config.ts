import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

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
    include: ['test/**/*.test.ts'],
    // Projects of their own, with their own dependencies: `npm run test:matrix`. What takes long: `npm run test:stress`.
    exclude: [...configDefaults.exclude, 'test/matrix/**', 'test/stress/**'],
    globalSetup: ['test/live/setup.ts'],
    env: { NODE_ENV: 'test' },
  },
});
