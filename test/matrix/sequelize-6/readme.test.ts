import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';

describeEngines('README', ['postgresql'], (database) => {
  test('says how Sequelize throws conflicts', async () => {
    process.env.DATABASE_URL = database().url;
    const { createOrg } = await import('./create-org.ts');
    const { sequelize } = await import('./models.ts');
    try {
      expect(await createOrg({ id: 3, slug: 'initech' })).toMatchObject({ slug: 'initech' });
      const error = await thrownBy(() => createOrg({ id: 4, slug: 'acme' }));
      if (!isConflict(error, 'duplicate')) throw error;
      expect(error.problem.errors).toEqual([{ pointer: '#/slug', code: 'taken' }]);
    } finally {
      await sequelize.close();
    }
  });
});
