import { createClient } from '@libsql/client';
import BetterSqlite3 from 'better-sqlite3';
import { and, eq } from 'drizzle-orm';
import { drizzle as drizzleBetterSqlite3 } from 'drizzle-orm/better-sqlite3';
import { drizzle as drizzleLibsql } from 'drizzle-orm/libsql';
import * as mysql from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import * as pgCore from 'drizzle-orm/pg-core';
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js';
import * as sqlite from 'drizzle-orm/sqlite-core';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import postgresJs from 'postgres';
import { describeUpdated } from '../updated.ts';

const pgOrgs = pgCore.pgTable('orgs', { id: pgCore.integer(), version: pgCore.integer() });
const mysqlOrgs = mysql.mysqlTable('orgs', { id: mysql.int(), version: mysql.int() });
const sqliteOrgs = sqlite.sqliteTable('orgs', { id: sqlite.integer(), version: sqlite.integer() });

describeUpdated('Drizzle with pg', ['postgresql'], ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const edit = (id: number, version: number) =>
    drizzlePg(pool)
      .update(pgOrgs)
      .set({ version: version + 1 })
      .where(and(eq(pgOrgs.id, id), eq(pgOrgs.version, version)));
  return {
    ways: { 'update()': edit, 'returning()': (id, version) => edit(id, version).returning() },
    close: () => pool.end(),
  };
});

describeUpdated('Drizzle with postgres.js', ['postgresql'], ({ url }) => {
  const client = postgresJs(url, { max: 2 });
  const edit = (id: number, version: number) =>
    drizzlePostgres(client)
      .update(pgOrgs)
      .set({ version: version + 1 })
      .where(and(eq(pgOrgs.id, id), eq(pgOrgs.version, version)));
  return {
    ways: { 'update()': edit, 'returning()': (id, version) => edit(id, version).returning() },
    close: () => client.end(),
  };
});

describeUpdated('Drizzle with mysql2', ['mysql', 'mariadb'], ({ url }) => {
  const pool = createPool({ uri: url, connectionLimit: 2 });
  const edit = (id: number, version: number) =>
    drizzleMysql2(pool)
      .update(mysqlOrgs)
      .set({ version: version + 1 })
      .where(and(eq(mysqlOrgs.id, id), eq(mysqlOrgs.version, version)));
  return { ways: { 'update()': edit }, close: () => pool.end() };
});

describeUpdated('Drizzle with better-sqlite3', ['sqlite'], ({ url }) => {
  const database = new BetterSqlite3(url);
  const edit = (id: number, version: number) =>
    drizzleBetterSqlite3(database)
      .update(sqliteOrgs)
      .set({ version: version + 1 })
      .where(and(eq(sqliteOrgs.id, id), eq(sqliteOrgs.version, version)));
  return {
    ways: {
      'update()': edit,
      'run()': (id, version) => edit(id, version).run(),
      'returning().all()': (id, version) => edit(id, version).returning().all(),
    },
    close: () => database.close(),
  };
});

describeUpdated('Drizzle with libsql', ['sqlite'], ({ url }) => {
  const client = createClient({ url: `file:${url}` });
  const edit = (id: number, version: number) =>
    drizzleLibsql(client)
      .update(sqliteOrgs)
      .set({ version: version + 1 })
      .where(and(eq(sqliteOrgs.id, id), eq(sqliteOrgs.version, version)));
  return { ways: { 'update()': edit }, close: () => client.close() };
});
