import { createPool, sql } from 'slonik';
import { describeUpdated } from '../updated.ts';

describeUpdated('slonik 47', ['postgresql'], async ({ url }) => {
  const pool = await createPool(url, { maximumPoolSize: 2 });
  const edit = (id: number, version: number) =>
    sql.unsafe`UPDATE orgs SET version = version + 1 WHERE id = ${id} AND version = ${version}`;
  return {
    ways: {
      'query()': (id, version) => pool.query(edit(id, version)),
      'any() of RETURNING': (id, version) => pool.any(sql.unsafe`${edit(id, version)} RETURNING version`),
    },
    close: () => pool.end(),
  };
});
