import pgPromise from 'pg-promise';
import postgres from 'postgres';
import { describeUpdated } from '../updated.ts';

const SQL = 'UPDATE orgs SET version = version + 1 WHERE id = $1 AND version = $2';

describeUpdated('pg-promise 12', ['postgresql'], ({ url }) => {
  const pgp = pgPromise({ noWarnings: true });
  const db = pgp({ connectionString: url, max: 2 });
  return {
    ways: {
      'result()': (...values) => db.result(SQL, values),
      'any() of RETURNING': (...values) => db.any(`${SQL} RETURNING version`, values),
    },
    close: () => db.$pool.end(),
  };
});

describeUpdated('postgres.js 3', ['postgresql'], ({ url }) => {
  const sql = postgres(url, { max: 2 });
  return {
    ways: {
      'a statement': (id, version) =>
        sql`UPDATE orgs SET version = version + 1 WHERE id = ${id} AND version = ${version}`,
      RETURNING: (id, version) =>
        sql`UPDATE orgs SET version = version + 1 WHERE id = ${id} AND version = ${version} RETURNING version`,
    },
    close: () => sql.end(),
  };
});
