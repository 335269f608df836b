import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';

describeEngines('Knex as the README has it', ['postgresql'], (database) => {
  test('throws the conflict with the words of its rule', async () => {
    process.env.DATABASE_URL = database().url;
    const { knex } = await import('./database.ts');
    const thrown = await thrownBy(() => knex('orgs').insert({ id: 3, slug: 'acme' }));
    expect(isConflict(thrown) && thrown.problem.detail).toBe('This slug is taken.');
    await knex.destroy();
  });
});
