import { MikroORM } from '@mikro-orm/postgresql';
import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import { describeEngines } from '../orms.ts';
import { Org } from './org.ts';

describeEngines('README', ['postgresql'], (database) => {
  test('says how MikroORM throws conflicts', async () => {
    process.env.DATABASE_URL = database().url;
    const { default: config } = await import('./mikro-orm.config.ts');
    const orm = await MikroORM.init(config);
    try {
      const error = await thrownBy(() => orm.em.fork().insert(Org, { id: 3, slug: 'acme' }));
      if (!isConflict(error, 'duplicate')) throw error;
      expect(error.problem.errors).toEqual([{ pointer: '#/slug', code: 'taken' }]);
    } finally {
      await orm.close();
    }
  });
});
