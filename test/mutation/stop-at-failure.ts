import { afterEach } from 'vitest';

// `bail` skips the tests that are left, but still loads their files, which is most of the time that a mutant takes.

const worker = globalThis as { hasFailed?: boolean };

if (worker.hasFailed) throw new Error('Not loaded: a test before has failed');

afterEach(({ task }) => {
  if (task.result?.state === 'fail') worker.hasFailed = true;
});
