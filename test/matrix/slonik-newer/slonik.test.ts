import * as slonik from 'slonik';
import { expect, test } from 'vitest';
import slonikConflicts from '../../../src/orms/slonik.ts';
import { describeSlonik, type Slonik } from '../slonik/describe.ts';

// The two versions' types know only their own tokens.
describeSlonik('slonik 49', slonik as unknown as Slonik);

test('is an interceptor of slonik 49', () => {
  const interceptor: slonik.Interceptor = slonikConflicts();
  expect(interceptor.name).toBe('db-http-errors');
});
