import { createClient } from '@libsql/client';
import BetterSqlite3 from 'better-sqlite3';
import { eq, sql } from 'drizzle-orm';
import { drizzle as drizzleBetterSqlite3 } from 'drizzle-orm/better-sqlite3';
import { drizzle as drizzleLibsql } from 'drizzle-orm/libsql';
import * as mysql from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import * as postgres from 'drizzle-orm/pg-core';
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js';
import * as sqlite from 'drizzle-orm/sqlite-core';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import postgresJs from 'postgres';
import { describeDrizzle } from './describe-drizzle.ts';

describeDrizzle({
  title: 'Drizzle 0.45',
  sql,
  eq,
  tables: {
    pg: {
      orgs: postgres.pgTable('orgs', {
        id: postgres.integer().primaryKey(),
        slug: postgres.varchar({ length: 64 }).notNull(),
        version: postgres.integer().notNull().default(1),
      }),
      members: postgres.pgTable('members', {
        id: postgres.integer().primaryKey(),
        orgId: postgres.integer('org_id').notNull(),
        email: postgres.varchar({ length: 64 }).notNull(),
        age: postgres.integer().notNull(),
      }),
      notes: postgres.pgTable('notes', {
        id: postgres.integer().primaryKey(),
        orgId: postgres.integer('org_id').notNull(),
      }),
    },
    mysql: {
      orgs: mysql.mysqlTable('orgs', {
        id: mysql.int().primaryKey(),
        slug: mysql.varchar({ length: 64 }).notNull(),
        version: mysql.int().notNull().default(1),
      }),
      members: mysql.mysqlTable('members', {
        id: mysql.int().primaryKey(),
        orgId: mysql.int('org_id').notNull(),
        email: mysql.varchar({ length: 64 }).notNull(),
        age: mysql.int().notNull(),
      }),
      notes: mysql.mysqlTable('notes', { id: mysql.int().primaryKey(), orgId: mysql.int('org_id').notNull() }),
    },
    sqlite: {
      orgs: sqlite.sqliteTable('orgs', {
        id: sqlite.integer().primaryKey(),
        slug: sqlite.text().notNull(),
        version: sqlite.integer().notNull().default(1),
      }),
      members: sqlite.sqliteTable('members', {
        id: sqlite.integer().primaryKey(),
        orgId: sqlite.integer('org_id').notNull(),
        email: sqlite.text().notNull(),
        age: sqlite.integer().notNull(),
      }),
      notes: sqlite.sqliteTable('notes', {
        id: sqlite.integer().primaryKey(),
        orgId: sqlite.integer('org_id').notNull(),
      }),
    },
  },
  connect: {
    pg: async ({ url }) => {
      const pool = new pg.Pool({ connectionString: url, max: 2 });
      return { db: drizzlePg({ client: pool }), close: () => pool.end() };
    },
    mysql2: async ({ url }) => {
      const pool = createPool({ uri: url, connectionLimit: 2 });
      return { db: drizzleMysql2({ client: pool }), close: () => pool.end() };
    },
    'better-sqlite3': async ({ url }) => {
      const client = new BetterSqlite3(url);
      client.pragma('foreign_keys = ON');
      return { db: drizzleBetterSqlite3({ client }), close: () => client.close() };
    },
    postgres: async ({ url }) => {
      const client = postgresJs(url, { max: 2, onnotice: () => undefined });
      return { db: drizzlePostgres({ client }), close: () => client.end() };
    },
    libsql: async ({ url }) => {
      const client = createClient({ url: `file:${url}` });
      await client.execute('PRAGMA foreign_keys = ON');
      return {
        db: drizzleLibsql({ client }),
        stale: async (rival) => {
          const own = createClient({ url: `file:${url}` });
          const transaction = await own.transaction('deferred');
          try {
            await transaction.execute('SELECT * FROM orgs');
            await rival.change();
            await transaction.execute('UPDATE orgs SET version = 2 WHERE id = 1');
          } finally {
            transaction.close();
            own.close();
          }
        },
        close: () => client.close(),
      };
    },
  },
});
