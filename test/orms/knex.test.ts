import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import knexConflicts, { knexConflicts as named } from '../../src/orms/knex.ts';
import { nonErrors } from '../hostile.ts';
import { captured } from '../violations.ts';

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });

describe('knexConflicts()', () => {
  const knex = new EventEmitter().on('query-error', knexConflicts(conflicts));

  test('throws the conflict out of the event', async () => {
    const native = captured('pg/postgresql-18/unique');
    const thrown = await thrownBy(() => knex.emit('query-error', native, { sql: '' }));
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect((thrown as Error).cause).toBe(native);
  });

  test('leaves every other error to Knex', () => {
    for (const error of [...nonErrors(), captured('pg/postgresql-18/syntax-error')]) {
      expect(() => knex.emit('query-error', error)).not.toThrow();
    }
  });

  test('needs no rules', async () => {
    const thrown = await thrownBy(() => knexConflicts()(captured('pg/postgresql-18/deadlock')));
    expect(isConflict(thrown, 'contention')).toBe(true);
    expect(named).toBe(knexConflicts);
  });
});
