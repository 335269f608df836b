import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import config from './vitest.config.ts';

/** The tests of the core that need no server and no package, in the order of what they take: the first that fails ends a run. */
const TESTS = [
  'mutation/loads.ts',
  'mutation/facts.ts',
  'validate',
  'translator',
  'built-in',
  'entity-tag',
  'optimistic-lock',
  'context',
  'codes',
  'answer',
  'own-text',
  'postgresql-messages',
  'prisma-messages',
  'sqlite-messages',
  'mysql-messages',
  'constraints',
  'unregistered',
  'openapi',
  'wrap',
  'causes',
  'values',
  'conflict',
  'policy',
  'problem',
  'golden',
  'dialects',
  'conflict-error',
  'logging',
  'define-conflicts',
  'drivers/prisma',
  'frameworks/apollo',
  'frameworks/graphql-yoga',
  'retry/retry',
].map((name) => (name.endsWith('.ts') ? `test/${name}` : `test/${name}.test.ts`));

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => TESTS.findIndex((test) => moduleId.endsWith(`/${test}`));
    return [...files].sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  resolve: config.resolve ?? {},
  test: {
    include: TESTS,
    testTimeout: 30_000,
    setupFiles: ['test/mutation/fixed-seed.ts', 'test/mutation/stop-at-failure.ts'],
    env: { NODE_ENV: 'test', MUTATION: 'true' },
    isolate: false,
    maxWorkers: 1,
    sequence: { sequencer: QuickFirst },
  },
});
