import pg from 'pg';
import { describeOrm } from '../orms.ts';

describeOrm({
  title: 'pg 8',
  engines: ['postgresql'],
  connect: async ({ url }, conflicts) => {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    const repository = {
      query: (sql: string, values: unknown[] = []) => pool.query(sql, values),
      async transaction(begin: string, work: (query: typeof pool.query) => Promise<unknown>): Promise<void> {
        const client = await pool.connect();
        try {
          await client.query(begin);
          await work(client.query.bind(client) as typeof pool.query);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        } finally {
          client.release();
        }
      },
    };
    const { query, transaction } = conflicts ? conflicts.wrap(repository) : repository;
    const insertMember = (...values: unknown[]) => query('INSERT INTO members VALUES ($1, $2, $3, $4)', values);
    return {
      scenarios: {
        unique: () => query('INSERT INTO orgs (id, slug) VALUES ($1, $2)', [3, 'acme']),
        uniqueComposite: () => insertMember(2, 1, 'alice@example.com', 40),
        parentMissing: () => insertMember(3, 99, 'bob@example.com', 40),
        stillReferenced: () => query('DELETE FROM orgs WHERE id = $1', [1]),
        check: () => insertMember(4, 1, 'carol@example.com', 5),
        notNull: () => insertMember(5, 1, null, 40),
        deferred: () => transaction('BEGIN', (inside) => inside('INSERT INTO notes (id, org_id) VALUES (1, 99)')),
        inTransaction: () =>
          transaction('BEGIN', async (inside) => {
            await inside("INSERT INTO orgs (id, slug) VALUES (4, 'initech')");
            await inside("INSERT INTO orgs (id, slug) VALUES (5, 'acme')");
          }),
        serialization: (rival) =>
          transaction('BEGIN ISOLATION LEVEL REPEATABLE READ', async (inside) => {
            await inside('SELECT * FROM orgs WHERE id = 1');
            await rival.change();
            await inside('UPDATE orgs SET version = version + 1 WHERE id = 1');
          }),
        deadlock: (rival) =>
          transaction('BEGIN', async (inside) => {
            await inside('UPDATE orgs SET version = version + 1 WHERE id = 1');
            await rival.lock();
            await inside('UPDATE orgs SET version = version + 1 WHERE id = 2');
          }),
        syntaxError: () => query('SELEC 1'),
      },
      insert: (table, row) => {
        const columns = Object.keys(row);
        const places = columns.map((_, at) => `$${at + 1}`);
        return query(`INSERT INTO ${table} (${columns}) VALUES (${places})`, Object.values(row));
      },
      countOrgs: async () => Number((await pool.query('SELECT count(*) FROM orgs')).rows[0].count),
      close: () => pool.end(),
    };
  },
});
