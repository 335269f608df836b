import { defineIdempotency } from 'db-http-errors/idempotency';
import { conflicts } from '../conflicts.ts';
import { makeRepositories } from '../repositories/repositories.ts';
import {
  type Database,
  dropStatements,
  type Found,
  KEYS,
  loadDriver,
  type Queries,
  readSchema,
  TABLES,
} from './database.ts';

/** PostgreSQL, by pg. */
export async function openPostgresql(url: string): Promise<Database> {
  const { default: pg } = await loadDriver('pg', () => import('pg'));
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => {}); // an idle connection broke: the pool makes a new one
  const idempotency = defineIdempotency(pool, { conflicts, table: KEYS });

  const queries: Queries = {
    async all<Row>(sql: string, ...values: (string | number)[]) {
      return (await pool.query(numbered(sql), values)).rows as Row[];
    },
    async change(sql, ...values) {
      return (await pool.query(numbered(sql), values)).rowCount ?? 0;
    },
    async insert(sql, ...values) {
      return (await pool.query(`${numbered(sql)} RETURNING id`, values)).rows[0].id;
    },
    insertOnce(request, scope, { sql, values, answer }) {
      return idempotency.inTransaction(request, scope, async (client) =>
        answer((await client.query(`${numbered(sql)} RETURNING id`, [...values])).rows[0].id),
      );
    },
  };

  async function drop(): Promise<void> {
    const found = await queries.all<Found>(
      `SELECT relname AS name, obj_description(pg_class.oid, 'pg_class') AS mark
       FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = current_schema() AND relname IN (${TABLES.map(() => '?').join()})`,
      ...TABLES,
    );
    for (const statement of dropStatements(found)) await pool.query(statement);
  }

  try {
    await drop();
    await pool.query(await readSchema('postgresql')); // one message, one transaction
    const { rows } = await pool.query('SHOW server_version');
    return {
      engine: `PostgreSQL ${rows[0].server_version}`,
      conflicts,
      repositories: makeRepositories(queries),
      async close() {
        await drop().finally(() => pool.end());
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** `?` as `$1`, `$2`, … */
function numbered(sql: string): string {
  let number = 0;
  return sql.replaceAll('?', () => `$${++number}`);
}
