import { expect, test, vi } from 'vitest';
import byDefault, { hapiConflicts } from '../../src/frameworks/hapi.ts';
import { captured } from '../violations.ts';

// What hapi does with it is in test/matrix/frameworks-node.

function installed(): (response: object) => unknown {
  const ext = vi.fn();
  hapiConflicts().register({ ext });
  const [event, method] = ext.mock.calls[0] ?? [];
  expect(event).toBe('onPreResponse');
  return (response) => method({ method: 'post', headers: {}, response }, { continue: 'go on' });
}

test('changes the output of a conflict, with the names of the headers in lower case as hapi has them', () => {
  const output = { statusCode: 500, payload: {}, headers: {} };
  const boom = Object.assign(captured('pg/postgresql-18/unique'), { isBoom: true, output });
  expect(installed()(boom)).toBe('go on');
  expect(boom.output).toEqual({
    statusCode: 409,
    payload: expect.objectContaining({ code: 'duplicate' }),
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
});

test('leaves answers and the errors of others alone', () => {
  const respond = installed();
  for (const response of [
    { source: { code: '23505' }, statusCode: 200 },
    Object.assign(new TypeError('a bug'), { isBoom: true, output: { statusCode: 500 } }),
    Object.assign(new Error('Not Found'), { isBoom: true, output: { statusCode: 404 } }),
  ]) {
    const before = structuredClone({ ...response });
    expect(respond(response)).toBe('go on');
    expect({ ...response }).toEqual(before);
  }
});

test('is the default export, too', () => {
  expect(byDefault).toBe(hapiConflicts);
});
