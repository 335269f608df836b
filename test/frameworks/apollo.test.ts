import { describe, expect, test } from 'vitest';
import apolloDefault, { apolloConflicts } from '../../src/frameworks/apollo.ts';
import { defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

// On the real thing: test/matrix/rpc.

const conflicts = defineConflicts({ onUnregistered() {} });
const unique = () => captured('pg/postgresql-18/unique');

/** As Apollo Server formats it in development. */
function formatted(error: Error) {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', stacktrace: error.stack?.split('\n') };
  return { message: error.message, locations: [{ line: 1, column: 3 }], path: ['user', 0], extensions };
}

function graphQLError(message: string, originalError: unknown): Error {
  return Object.assign(new Error(message), { name: 'GraphQLError', originalError });
}

describe('apolloConflicts', () => {
  test('is the default export, too', () => {
    expect(apolloDefault).toBe(apolloConflicts);
  });

  test('keeps the place and nothing else', () => {
    const error = unique();
    const format = apolloConflicts(conflicts);
    expect(format(formatted(error), graphQLError(error.message, error))).toEqual({
      message: 'A resource with this value already exists.',
      locations: [{ line: 1, column: 3 }],
      path: ['user', 0],
      extensions: { code: 'DUPLICATE', problem: expect.objectContaining({ code: 'duplicate', status: 409 }) },
    });
  });

  test('says nothing of an error that has no answer', () => {
    const error = captured('pg/postgresql-18/syntax-error');
    expect(apolloConflicts(conflicts)({ message: error.message, extensions: { a: error.message } }, error)).toEqual({
      message: 'Internal Server Error',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  test('leaves every other error, the very object', () => {
    const bug = new TypeError('undefined is not a function');
    const given = formatted(bug);
    expect(apolloConflicts(conflicts)(given, graphQLError(bug.message, bug))).toBe(given);
  });

  test('takes only the stack from an error with words of its own', () => {
    const chosen = graphQLError('Who are you?', graphQLError('Who are you?', unique()));
    const { extensions, ...given } = formatted(chosen);
    expect(apolloConflicts(conflicts)({ ...given, extensions }, chosen)).toEqual({
      ...given,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });
});
