import { defineIdempotency } from 'db-http-errors/idempotency';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { conflicts } from '../conflicts.ts';
import { type Booking, Bookings } from '../repositories/bookings.ts';
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

/** MySQL or MariaDB, by mysql2. */
export async function openMysql(url: string): Promise<Database> {
  if (new URL(url).pathname.length < 2) {
    throw new Error('Expected DATABASE_URL to name a database, like mysql://root@localhost/test');
  }
  const { createPool } = await loadDriver('mysql2', () => import('mysql2/promise'));
  const pool = createPool(url);
  const idempotency = defineIdempotency(pool, { conflicts, table: KEYS });

  const queries: Queries = {
    async all<Row>(sql: string, ...values: (string | number)[]) {
      return (await pool.execute<RowDataPacket[]>(sql, values))[0] as Row[];
    },
    async change(sql, ...values) {
      return (await pool.execute<ResultSetHeader>(sql, values))[0].affectedRows;
    },
    async insert(sql, ...values) {
      return (await pool.execute<ResultSetHeader>(sql, values))[0].insertId;
    },
    insertOnce(request, scope, { sql, values, answer }) {
      return idempotency.inTransaction(request, scope, async (connection) =>
        answer((await connection.execute<ResultSetHeader>(sql, [...values]))[0].insertId),
      );
    },
  };

  async function drop(): Promise<void> {
    const found = await queries.all<Found>(
      `SELECT table_name AS name, table_comment AS mark
       FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_name IN (${TABLES.map(() => '?').join()})`,
      ...TABLES,
    );
    for (const statement of dropStatements(found)) await pool.query(statement);
  }

  try {
    await drop();
    const statements = (await readSchema('mysql')).split(/;$/m).filter((statement) => statement.trim() !== '');
    for (const statement of statements) await pool.query(statement);
    const [{ version } = { version: '' }] = await queries.all<{ version: string }>('SELECT VERSION() AS version');
    return {
      engine: version.includes('MariaDB') ? `MariaDB ${version.replace(/-MariaDB.*/, '')}` : `MySQL ${version}`,
      conflicts,
      repositories: { ...makeRepositories(queries), bookings: new MysqlBookings(queries, pool) },
      async close() {
        await drop().finally(() => pool.end());
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

const DAY = 86_400_000;

/** Bookings whose nights are rows of their own, because a unique key is all that MySQL has against an overlap. */
class MysqlBookings extends Bookings {
  readonly #pool: Pool;

  constructor(queries: Queries, pool: Pool) {
    super(queries);
    this.#pool = pool;
  }

  override async create({ room, from, to }: Omit<Booking, 'id'>): Promise<Booking> {
    const connection = await this.#pool.getConnection();
    try {
      await connection.beginTransaction();
      const [{ insertId: id }] = await connection.execute<ResultSetHeader>(
        'INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (?, ?, ?)',
        [room, from, to],
      );
      for (let night = Date.parse(from); night < Date.parse(to); night += DAY) {
        await connection.execute('INSERT INTO demo_booking_nights (booking_id, room_id, night) VALUES (?, ?, ?)', [
          id,
          room,
          new Date(night).toISOString().slice(0, 10),
        ]);
      }
      await connection.commit();
      return { id, room, from, to };
    } catch (error) {
      await connection.rollback().catch(() => {}); // the first error is the one to tell
      throw error;
    } finally {
      connection.release();
    }
  }
}
