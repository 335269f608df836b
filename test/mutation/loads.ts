import { expect, test } from 'vitest';

// A test file that cannot be loaded has no tests, so that nothing fails. What breaks the loading is noticed here.

// Outside of the test: Stryker takes what is run within it for its own, and tries no other with that.
const loaded = await import('../../src/index.ts').then(
  () => 'loaded',
  (error: unknown) => error,
);

test('the package is loaded', () => {
  expect(loaded).toBe('loaded');
});
