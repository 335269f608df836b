import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';
import { Orgs } from './orgs.ts';

describeEngines('README', ['postgresql'], (database) => {
  test('says how TypeORM throws conflicts', async () => {
    process.env.DATABASE_URL = database().url;
    const { dataSource } = await import('./data-source.ts');
    await dataSource.initialize();
    try {
      const error = await thrownBy(() => dataSource.getRepository(Orgs).insert({ id: 3, slug: 'acme' }));
      if (!isConflict(error, 'duplicate')) throw error;
      expect(error.problem.errors).toEqual([{ pointer: '#/slug', code: 'taken' }]);
    } finally {
      await dataSource.destroy();
    }
  });
});
