import { describe, expect, test } from 'vitest';
import yogaDefault, { graphqlYogaConflicts } from '../../src/frameworks/graphql-yoga.ts';
import { conflict, defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

// On the real thing: test/matrix/rpc.

/** As graphql-js makes it. */
class GraphQLError extends Error {
  override readonly name = 'GraphQLError';
  readonly originalError: unknown;
  readonly path: readonly string[] | undefined;

  constructor(message: string, originalError?: unknown, path?: readonly string[]) {
    super(message);
    this.originalError = originalError;
    this.path = path;
  }
}

const unique = () => captured('pg/postgresql-18/unique');
const located = (error: Error) => new GraphQLError(error.message, error, ['user', 'add']);
const conflicts = defineConflicts({ onUnregistered() {} });
const MESSAGE = 'Unexpected error.';

describe('graphqlYogaConflicts', () => {
  test('is the default export, too', () => {
    expect(yogaDefault).toBe(graphqlYogaConflicts);
  });

  test('makes an error of the same class, with the place and nothing of the cause', () => {
    const error = located(unique());
    const masked = graphqlYogaConflicts(conflicts)(error, MESSAGE) as GraphQLError & { extensions: object };
    expect(masked).toBeInstanceOf(GraphQLError);
    expect(masked.message).toBe('A resource with this value already exists.');
    expect(masked.path).toEqual(['user', 'add']);
    expect(masked.extensions).toEqual({
      code: 'DUPLICATE',
      problem: expect.objectContaining({ code: 'duplicate', status: 409 }),
    });
    expect(masked.originalError).toBeUndefined();
    expect(masked.stack).not.toContain('duplicate key');
  });

  test('sets the status only where no field failed', () => {
    const busy = graphqlYogaConflicts(conflicts)(conflict('busy'), MESSAGE) as Error & {
      extensions: { http?: object };
    };
    expect(busy.extensions.http).toEqual({ status: 503 });
  });

  test('gives every other error to the other maskError, as it came', () => {
    const calls: unknown[][] = [];
    const own = new Error('masked');
    const maskError = graphqlYogaConflicts(conflicts, (...call) => {
      calls.push(call);
      return own;
    });
    const chosen = located(new GraphQLError('Who are you?', unique()));
    const bug = located(new TypeError('undefined is not a function'));
    expect(maskError(chosen, MESSAGE, true)).toBe(own);
    expect(maskError(bug, MESSAGE, false)).toBe(own);
    expect(maskError('text', MESSAGE)).toBe(own);
    expect(calls).toEqual([
      [chosen, MESSAGE, true],
      [bug, MESSAGE, false],
      ['text', MESSAGE, undefined],
    ]);
    expect(maskError(located(unique()), MESSAGE)).not.toBe(own);
  });

  test('masks what is unexpected, where no other maskError does', () => {
    const maskError = graphqlYogaConflicts(conflicts);
    const expected = located(new GraphQLError('There is no such order.'));
    expect(maskError(expected, MESSAGE)).toBe(expected);
    for (const error of [located(new TypeError('s3cr3t')), located(new GraphQLError('s3cr3t', unique())), 's3cr3t']) {
      const masked = maskError(error, MESSAGE, true);
      expect(masked).toMatchObject({ message: MESSAGE, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
      expect(JSON.stringify([masked, masked.stack])).not.toContain('s3cr3t');
    }
  });
});
