import { Model } from 'objection';
import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';

describeEngines('Objection as the README has it', ['postgresql'], (database) => {
  test('throws the conflict with the words of its rule', async () => {
    process.env.DATABASE_URL = database().url;
    const { knex } = await import('./database.ts');
    class Org extends Model {
      static override tableName = 'orgs';
    }
    const thrown = await thrownBy(() => Org.query().insert({ id: 3, slug: 'acme' } as object));
    expect(isConflict(thrown) && thrown.problem.detail).toBe('This slug is taken.');
    await knex.destroy();
  });
});
