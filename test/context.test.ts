import { describe, expect, test } from 'vitest';
import { precondition } from '../src/concurrency/index.ts';
import { type Context, headerOf, operationOf } from '../src/context.ts';
import { isConflict } from '../src/index.ts';

describe('the operation of a request', () => {
  test.each<[string, Context | undefined, Context['operation']]>([
    ['POST', { method: 'POST' }, 'insert'],
    ['PUT', { method: 'PUT' }, 'update'],
    ['PATCH in lower case', { method: 'patch' }, 'update'],
    ['DELETE', { method: 'DELETE' }, 'delete'],
    ['GET', { method: 'GET' }, undefined],
    ['its own word, whatever the method', { method: 'POST', operation: 'update' }, 'update'],
    ['no method', {}, undefined],
    ['no request', undefined, undefined],
  ])('is told by %s', (_, context, operation) => {
    expect(operationOf(context)).toBe(operation);
  });

  test('is unknown where reading throws', () => {
    const context = {
      get method(): string {
        throw new Error('no');
      },
    };
    expect(operationOf(context)).toBeUndefined();
  });
});

describe('a request header', () => {
  test.each<[string, Context['headers'], string | undefined]>([
    ['Headers', new Headers({ 'If-Match': '"1"' }), '"1"'],
    ['a record of Node', { 'if-match': '"1"' }, '"1"'],
    ['a record without a prototype', Object.assign(Object.create(null), { 'if-match': '"1"' }), '"1"'],
    ['a record with capitals', { Host: 'localhost', 'If-Match': '"1"' }, '"1"'],
    ['a record with capitals only', { 'IF-MATCH': '"1"' }, '"1"'],
    ['the lower-case name, where there are two', { 'If-Match': '"2"', 'if-match': '"1"' }, '"1"'],
    ['a list of values', { 'If-Match': ['"1"', '"2"'] }, '"1", "2"'],
    ['an empty value', { 'If-Match': '' }, ''],
    ['no such name', { 'If-None-Match': '"1"', ifmatch: '"1"', 'if-match-': '"1"', 'if-watch': '"1"' }, undefined],
    ['a name with nothing', { 'If-Match': undefined, 'if-match': undefined }, undefined],
    ['an empty list', { 'If-Match': [] }, undefined],
    ['a list of anything', { 'if-match': ['"1"', 1] }, undefined],
    ['a number', { 'If-Match': 1 }, undefined],
    ['no headers', undefined, undefined],
  ])('is read from %s', (_, headers, value) => {
    expect(headerOf({ headers }, 'if-match')).toBe(value);
  });

  test('is absent where reading throws', () => {
    const thrower = () => {
      throw new Error('no');
    };
    for (const headers of [new Proxy({}, { get: thrower }), new Proxy({}, { ownKeys: thrower }), { get: thrower }]) {
      expect(headerOf({ headers } as Context, 'if-match')).toBeUndefined();
    }
    expect(headerOf(undefined, 'if-match')).toBeUndefined();
  });

  test('holds a precondition, as API Gateway writes it', () => {
    const request = { method: 'PUT', headers: { Host: 'localhost', 'If-Match': '"1"' } };
    expect(precondition(request, { version: 1 })).toBe('proceed');
    try {
      precondition(request, { version: 2 });
      expect.unreachable();
    } catch (error) {
      expect(isConflict(error, 'version_mismatch') && error.status).toBe(412);
    }
  });
});
