import { type Conflict, fieldErrors, parseConflict } from 'db-http-errors/client';
import { getIn, setIn } from 'formik';
import { createFormControl } from 'react-hook-form';
import { expect, test } from 'vitest';
import { conflict } from '../../../src/index.ts';

// The names of fields are those of the form libraries.

const response = conflict('duplicate', {
  detail: 'Taken.',
  errors: [
    { pointer: '#/email', code: 'taken' },
    { pointer: '#/items/0/quantity', code: 'invalid', detail: 'Must be positive.' },
    { pointer: '#/__proto__/polluted', code: 'invalid' },
  ],
}).getResponse();
const parsed = (await parseConflict(response)) as Conflict;

test('React Hook Form has them', () => {
  const { setError, getFieldState } = createFormControl({ defaultValues: { email: '', items: [{ quantity: 0 }] } });
  for (const { name, code, message } of fieldErrors(parsed)) setError(name as 'email', { type: code, message });
  expect(getFieldState('email').error).toMatchObject({ type: 'taken', message: 'Taken.' });
  expect(getFieldState('items.0.quantity').error).toMatchObject({ type: 'invalid', message: 'Must be positive.' });
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('Formik has them', () => {
  let errors = {};
  for (const { name, message } of fieldErrors(parsed)) errors = setIn(errors, name, message);
  expect(errors).toEqual({ email: 'Taken.', items: [{ quantity: 'Must be positive.' }] });
  expect(getIn(errors, 'items[0].quantity')).toBe('Must be positive.');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a plain object has them', () => {
  expect(Object.fromEntries(fieldErrors(parsed).map(({ name, message }) => [name, message]))).toEqual({
    email: 'Taken.',
    'items.0.quantity': 'Must be positive.',
  });
});
