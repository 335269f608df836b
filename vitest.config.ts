import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that load the fixtures' own database, or change what holds for a whole server: after the rest, a server each. */
const ONE_SERVER = ['test/live/pg.test.ts', 'test/live/mysql2-*.test.ts'];
/** The same on every server: alone. */
const EVERY_SERVER = ['test/live/catalog.test.ts'];

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
    // `npm run coverage`, and `.ci/run`. It counts what every test of every database reaches.
    coverage: {
      enabled: process.env.COVERAGE === 'true',
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: [
        // A process of its own in its tests.
        'src/cli/**',
        // Run with their frameworks: `npm run test:matrix`.
        'src/frameworks/{apollo,elysia,express,graphql-yoga,h3,hono,koa,nest}.ts',
        'src/idempotency/{elysia,express,fastify,h3,hapi,hono,koa,nest,next,node-http,route}.ts',
      ],
      reporter: ['text-summary', 'json'],
      reportsDirectory: 'coverage/vitest',
      thresholds: { statements: 100, branches: 100, functions: 99.7, lines: 100 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          // Projects of their own, with their own dependencies: `npm run test:matrix`. What takes long: `npm run test:stress`.
          exclude: [
            ...configDefaults.exclude,
            'test/matrix/**',
            'test/stress/**',
            'test/browser/**',
            ...ONE_SERVER,
            ...EVERY_SERVER,
          ],
          // One process for many files: a third of the time. What a file changes for a whole process, it puts back.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'one server',
          include: ONE_SERVER,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'every server', include: EVERY_SERVER, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
