import { describe, expect, test } from 'vitest';
import { type Conflict, fieldErrors, parseConflict } from '../../src/client/index.ts';
import { conflict } from '../../src/index.ts';

const parsed = async (members: object): Promise<Conflict> =>
  (await parseConflict(conflict('duplicate', members).getResponse())) as Conflict;

describe('fieldErrors', () => {
  test('gives name, path, code and sentence of each field, in order', async () => {
    const errors = [
      { pointer: '#/email', code: 'taken' },
      { pointer: '#/items/0/quantity', code: 'invalid', detail: 'Must be positive.' },
      { pointer: '#/a~1b~0c/stra%C3%9Fe', code: 'required' },
    ];
    expect(fieldErrors(await parsed({ detail: 'Taken.', errors }))).toEqual([
      { name: 'email', path: ['email'], code: 'taken', message: 'Taken.' },
      { name: 'items.0.quantity', path: ['items', '0', 'quantity'], code: 'invalid', message: 'Must be positive.' },
      { name: 'a/b~c.straße', path: ['a/b~c', 'straße'], code: 'required', message: 'Taken.' },
    ]);
  });

  test('gives none when the conflict names none', async () => {
    expect(fieldErrors(await parsed({}))).toEqual([]);
  });

  test('has the title where there is no sentence', () => {
    const bare = { title: 'Conflict', errors: [{ pointer: '#/a', code: 'taken' }] } as unknown as Conflict;
    expect(fieldErrors(bare)).toEqual([{ name: 'a', path: ['a'], code: 'taken', message: 'Conflict' }]);
  });

  test.each([
    '#/__proto__/polluted',
    '#/constructor/prototype/polluted',
    '#/a/%5F%5Fproto__',
    '#/toString',
    '',
    '#',
    'email',
    '#/',
    '#/%',
  ])('leaves out %j', async (pointer) => {
    const errors = [
      { pointer, code: 'taken' },
      { pointer: '#/email', code: 'taken' },
    ];
    expect(fieldErrors(await parsed({ errors })).map(({ name }) => name)).toEqual(['email']);
  });
});
