import { createPool, type PoolConnection } from 'mysql2/promise';
import { describeOrm } from '../orms.ts';

type Value = string | number | null;

describeOrm({
  title: 'mysql2 3',
  engines: ['mysql', 'mariadb'],
  connect: async ({ url }, conflicts) => {
    const pool = createPool({ uri: url, connectionLimit: 2 });
    const repository = {
      query: (sql: string) => pool.query(sql),
      execute: (sql: string, values: Value[] = []) => pool.execute(sql, values),
      async transaction(work: (connection: PoolConnection) => Promise<unknown>): Promise<void> {
        const connection = await pool.getConnection();
        try {
          await connection.beginTransaction();
          await work(connection);
          await connection.commit();
        } catch (error) {
          await connection.rollback();
          throw error;
        } finally {
          connection.release();
        }
      },
    };
    const { query, execute, transaction } = conflicts ? conflicts.wrap(repository) : repository;
    const insertMember = (...values: Value[]) => execute('INSERT INTO members VALUES (?, ?, ?, ?)', values);
    return {
      scenarios: {
        unique: () => execute('INSERT INTO orgs (id, slug) VALUES (?, ?)', [3, 'acme']),
        uniqueComposite: () => insertMember(2, 1, 'alice@example.com', 40),
        parentMissing: () => insertMember(3, 99, 'bob@example.com', 40),
        stillReferenced: () => execute('DELETE FROM orgs WHERE id = ?', [1]),
        check: () => insertMember(4, 1, 'carol@example.com', 5),
        notNull: () => insertMember(5, 1, null, 40),
        inTransaction: () =>
          transaction(async (inside) => {
            await inside.query("INSERT INTO orgs (id, slug) VALUES (4, 'initech')");
            await inside.query("INSERT INTO orgs (id, slug) VALUES (5, 'acme')");
          }),
        deadlock: (rival) =>
          transaction(async (inside) => {
            await inside.query('UPDATE orgs SET version = version + 1 WHERE id = 1');
            await rival.lock();
            await inside.query('UPDATE orgs SET version = version + 1 WHERE id = 2');
          }),
        syntaxError: () => query('SELEC 1'),
      },
      insert: (table, row) => {
        const columns = Object.keys(row);
        const places = columns.map(() => '?');
        return execute(`INSERT INTO ${table} (${columns}) VALUES (${places})`, Object.values(row));
      },
      countOrgs: async () => {
        const [rows] = await pool.query('SELECT count(*) AS count FROM orgs');
        return (rows as { count: number }[])[0]?.count ?? 0;
      },
      close: () => pool.end(),
    };
  },
});
