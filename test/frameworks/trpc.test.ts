import { describe, expect, test } from 'vitest';
import trpcDefault, { trpcConflicts } from '../../src/frameworks/trpc.ts';
import { conflict, defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

// On the real thing: test/matrix/rpc.

/** As tRPC gives it to a formatter in development. */
function options(cause: unknown, own: { code?: string; message?: string } = {}) {
  const error = { code: 'INTERNAL_SERVER_ERROR', message: (cause as Error).message, cause, ...own };
  const data = { code: error.code, httpStatus: 500, path: 'user.add', stack: (cause as Error).stack };
  return { error, shape: { message: error.message, code: -32603, data } };
}

const conflicts = defineConflicts({ onUnregistered() {} });
const unique = () => captured('pg/postgresql-18/unique');

describe('trpcConflicts', () => {
  test('is the default export, too', () => {
    expect(trpcDefault).toBe(trpcConflicts);
  });

  test('gives a conflict its message, its codes and its document, and no stack', () => {
    const { message, code, data } = trpcConflicts(conflicts)(options(unique()));
    expect({ message, code, data }).toEqual({
      message: 'A resource with this value already exists.',
      code: -32009,
      data: {
        code: 'CONFLICT',
        httpStatus: 409,
        path: 'user.add',
        problem: expect.objectContaining({ code: 'duplicate', status: 409 }),
      },
    });
  });

  test('has the canonical document, whatever the format of the body is', () => {
    const { data } = trpcConflicts(defineConflicts({ format: 'simple', onUnregistered() {} }))(options(unique()));
    expect(data.problem).toMatchObject({ status: 409, title: 'Conflict', code: 'duplicate' });
  });

  test.each([
    [410, 'CONFLICT', -32009],
    [422, 'UNPROCESSABLE_CONTENT', -32022],
    [428, 'PRECONDITION_REQUIRED', -32028],
    [504, 'INTERNAL_SERVER_ERROR', -32603],
  ])('answers status %i as %s, with its own status', (status, name, number) => {
    const conflicts = defineConflicts({ status: { duplicate: status }, onUnregistered() {} });
    const { code, data } = trpcConflicts(conflicts)(options(unique()));
    expect([data.httpStatus, data.code, code]).toEqual([status, name, number]);
  });

  test('answers with what is known of the request, if that can be told', () => {
    const stale = () => options(conflict('version_mismatch', { current_version: 'v4' }));
    const expected = trpcConflicts(undefined, () => ({ headers: { 'if-match': '"v3"' } }));
    const failing = trpcConflicts(undefined, () => {
      throw new Error('There is no context.');
    });
    expect(expected(stale()).data).toMatchObject({ code: 'PRECONDITION_FAILED', httpStatus: 412 });
    expect(failing(stale()).data).toMatchObject({ code: 'CONFLICT', httpStatus: 409 });
  });

  test('says nothing of an error that has no answer', () => {
    const shape = trpcConflicts(conflicts)(options(captured('pg/postgresql-18/not-null')));
    const data = { code: 'INTERNAL_SERVER_ERROR', httpStatus: 500, path: 'user.add' };
    expect(shape).toEqual({ message: 'Internal Server Error', code: -32603, data });
  });

  test('leaves the shape of every other error, the very object', () => {
    const bug = options(new TypeError('undefined is not a function'));
    expect(trpcConflicts(conflicts)(bug)).toBe(bug.shape);
    const chosen = options(unique(), { code: 'UNAUTHORIZED', message: 'Who are you?' });
    expect(trpcConflicts(conflicts)(chosen)).toBe(chosen.shape);
  });

  test('does not take the words of the cause for the application’s own', () => {
    const copied = options(unique(), { code: 'BAD_REQUEST', message: `Cannot save: ${unique().message}` });
    expect(trpcConflicts(conflicts)(copied).data).toMatchObject({ code: 'CONFLICT' });
  });
});
