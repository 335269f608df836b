import { sql } from 'slonik';
import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';

describeEngines('slonik as the README has it', ['postgresql'], (database) => {
  test('throws the conflict with the words of its rule', async () => {
    process.env.DATABASE_URL = database().url;
    const { pool } = await import('./database.ts');
    const thrown = await thrownBy(() => pool.query(sql.unsafe`INSERT INTO orgs (id, slug) VALUES (3, 'acme')`));
    expect(isConflict(thrown) && thrown.problem.detail).toBe('This slug is taken.');
    await pool.end();
  });
});
