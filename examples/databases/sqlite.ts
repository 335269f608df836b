import { explainForeignKeys } from 'db-http-errors/catalog';
import { defineIdempotency } from 'db-http-errors/idempotency';
import { conflictsBy } from '../conflicts.ts';
import { makeRepositories } from '../repositories/repositories.ts';
import { type Database, KEYS, loadDriver, type Queries, readSchema } from './database.ts';

/** SQLite in memory, by better-sqlite3. */
export async function openSqlite(): Promise<Database> {
  const connection = await loadDriver('better-sqlite3', async () => {
    const { default: Sqlite } = await import('better-sqlite3');
    return new Sqlite(':memory:'); // only now is the native part loaded
  });
  connection.pragma('foreign_keys = ON');
  connection.exec(await readSchema('sqlite'));

  // SQLite tells of a foreign key neither its name nor the direction: found out when a statement fails.
  const conflicts = conflictsBy(explainForeignKeys(connection));
  const idempotency = defineIdempotency(connection, { conflicts, table: KEYS });

  // The driver is synchronous: `async` makes it look like the others.
  const queries: Queries = {
    async all<Row>(sql: string, ...values: (string | number)[]) {
      return connection.prepare(sql).all(...values) as Row[];
    },
    async change(sql, ...values) {
      return connection.prepare(sql).run(...values).changes;
    },
    async insert(sql, ...values) {
      return Number(connection.prepare(sql).run(...values).lastInsertRowid);
    },
    insertOnce(request, scope, { sql, values, answer }) {
      return idempotency.inTransaction(request, scope, (tx) =>
        answer(Number(tx.prepare(sql).run(...values).lastInsertRowid)),
      );
    },
  };

  return {
    engine: `SQLite ${connection.prepare('SELECT sqlite_version()').pluck().get()}`,
    conflicts,
    repositories: makeRepositories(queries),
    async close() {
      connection.close();
    },
  };
}
