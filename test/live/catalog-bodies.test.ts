import { readFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { explainForeignKeys, loadCatalog } from '../../src/catalog/index.ts';
import {
  type Catalog,
  type Context,
  defineConflicts,
  isConflict,
  type Rule,
  type Translator,
} from '../../src/index.ts';
import { ownName } from '../catalog/databases.ts';
import type { Database } from './databases.ts';
import { describeLive } from './describe-live.ts';

/** One object for the four engines, with keys by name and by columns. */
const rules: Readonly<Record<string, Rule>> = {
  demo_users_email_key: { resource: 'user', fields: ['email'], detail: 'This address is taken.' },
  'demo_rooms(id)': { resource: 'room', fields: ['number'], detail: 'This room exists.' },
  'demo_users(name)': { required: { resource: 'user', fields: ['name'], detail: 'A user has a name.', status: 422 } },
  demo_orders_customer_id_fkey: {
    reference_missing: { resource: 'order', fields: ['customer'], detail: 'This customer does not exist.' },
    reference_in_use: { resource: 'customer', detail: 'The customer still has orders.' },
  },
  'demo_bookings(room_id)': {
    reference_missing: { resource: 'booking', fields: ['room'], detail: 'This room does not exist.' },
    reference_in_use: { resource: 'room', detail: 'The room has bookings.' },
  },
  demo_orders_quantity_check: { resource: 'order', fields: ['quantity'], detail: 'Too few.', status: 422 },
  demo_bookings_dates_check: { resource: 'booking', fields: ['to'], detail: 'The end is before the start.' },
  demo_bookings_overlap: { code: 'overlap', resource: 'booking', fields: ['from', 'to'], detail: 'Booked already.' },
};

const SEED = [
  `INSERT INTO demo_users (email, name) VALUES ('alice@example.com', 'Alice')`,
  `INSERT INTO demo_customers (name) VALUES ('Acme')`,
  'INSERT INTO demo_orders (customer_id, quantity) VALUES (1, 3)',
  'INSERT INTO demo_rooms (id) VALUES (101)',
  `INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (101, '2027-03-01', '2027-03-05')`,
];

const NIGHT = `INSERT INTO demo_booking_nights (booking_id, room_id, night) VALUES (1, 101, '2027-03-01')`;

interface Case {
  readonly sql: string | { readonly [Each in Engine]: string };
  readonly context?: Context;
  /** The whole body, as every engine gives it. */
  readonly body: string;
}

const body = (status: number, title: string, rest: string): string =>
  `{"type":"about:blank","title":"${title}","status":${status},${rest}}`;
const CHANGE = '"retryable":false,"recovery":"change_input"';
const NONE = '"retryable":false,"recovery":"none"';

const OVERLAP = `INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (101, '2027-03-04', '2027-03-07')`;

const CASES: Readonly<Record<string, Case>> = {
  'a unique key': {
    sql: `INSERT INTO demo_users (email, name) VALUES ('alice@example.com', 'Other')`,
    body: body(
      409,
      'Conflict',
      `"detail":"This address is taken.","code":"duplicate","resource":"user","errors":[{"pointer":"#/email","code":"taken"}],${CHANGE}`,
    ),
  },
  'a primary key, by its columns': {
    sql: 'INSERT INTO demo_rooms (id) VALUES (101)',
    context: { operation: 'insert', table: 'demo_rooms' },
    body: body(
      409,
      'Conflict',
      `"detail":"This room exists.","code":"duplicate","resource":"room","errors":[{"pointer":"#/number","code":"taken"}],${CHANGE}`,
    ),
  },
  'a primary key that was to be new': {
    sql: 'INSERT INTO demo_rooms (id) VALUES (101)',
    context: { method: 'PUT', headers: { 'if-none-match': '*' }, table: 'demo_rooms' },
    body: body(
      412,
      'Precondition Failed',
      `"detail":"This room exists.","code":"duplicate","resource":"room","errors":[{"pointer":"#/number","code":"taken"}],${CHANGE}`,
    ),
  },
  'a missing parent': {
    sql: 'INSERT INTO demo_orders (customer_id, quantity) VALUES (99, 1)',
    body: body(
      409,
      'Conflict',
      `"detail":"This customer does not exist.","code":"reference_missing","resource":"order","errors":[{"pointer":"#/customer","code":"not_found"}],${CHANGE}`,
    ),
  },
  'a parent that is in use': {
    sql: 'DELETE FROM demo_customers WHERE id = 1',
    body: body(
      409,
      'Conflict',
      `"detail":"The customer still has orders.","code":"reference_in_use","resource":"customer",${NONE}`,
    ),
  },
  'a missing parent, by its columns': {
    sql: `INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (7, '2027-03-01', '2027-03-05')`,
    body: body(
      409,
      'Conflict',
      `"detail":"This room does not exist.","code":"reference_missing","resource":"booking","errors":[{"pointer":"#/room","code":"not_found"}],${CHANGE}`,
    ),
  },
  'a parent that is in use, by its columns': {
    sql: 'DELETE FROM demo_rooms',
    body: body(
      409,
      'Conflict',
      `"detail":"The room has bookings.","code":"reference_in_use","resource":"room",${NONE}`,
    ),
  },
  'a check': {
    sql: 'INSERT INTO demo_orders (customer_id, quantity) VALUES (1, 0)',
    body: body(
      422,
      'Unprocessable Content',
      `"detail":"Too few.","code":"check_failed","resource":"order","errors":[{"pointer":"#/quantity","code":"invalid"}],${CHANGE}`,
    ),
  },
  'a check of two columns': {
    sql: `INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (101, '2028-03-05', '2028-03-01')`,
    body: body(
      409,
      'Conflict',
      `"detail":"The end is before the start.","code":"check_failed","resource":"booking","errors":[{"pointer":"#/to","code":"invalid"}],${CHANGE}`,
    ),
  },
  'a missing value': {
    sql: `INSERT INTO demo_users (email, name) VALUES ('bob@example.com', NULL)`,
    context: { operation: 'insert', table: 'demo_users' },
    body: body(
      422,
      'Unprocessable Content',
      `"detail":"A user has a name.","code":"required","resource":"user","errors":[{"pointer":"#/name","code":"required"}],${CHANGE}`,
    ),
  },
  'an overlap': {
    sql: { postgresql: OVERLAP, sqlite: OVERLAP, mysql: NIGHT, mariadb: NIGHT },
    body: body(
      409,
      'Conflict',
      `"detail":"Booked already.","code":"overlap","resource":"booking","errors":[{"pointer":"#/from","code":"overlaps"},{"pointer":"#/to","code":"overlaps"}],${CHANGE}`,
    ),
  },
};

/** The demo's schema in a database of its own. */
interface Demo {
  readonly catalog: Catalog;
  readonly drivers: readonly Translator[];
  readonly run: (sql: string) => Promise<unknown>;
  readonly drop: () => Promise<void>;
}

const schemaOf = (name: string) => readFileSync(new URL(`../../examples/schema/${name}.sql`, import.meta.url), 'utf8');

const OPEN: { readonly [Each in Engine]: (url: string) => Promise<Demo> } = {
  async postgresql(url) {
    const name = ownName();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`CREATE SCHEMA ${name}; SET search_path = ${name}`);
    await client.query(`${schemaOf('postgresql')} ${SEED.join('; ')}`);
    return {
      catalog: await loadCatalog(client, { schemas: [name] }),
      drivers: [],
      run: (sql) => client.query(sql),
      async drop() {
        await client.query(`DROP SCHEMA ${name} CASCADE`);
        await client.end();
      },
    };
  },
  mysql: openMysql,
  mariadb: openMysql,
  async sqlite() {
    const database = new BetterSqlite3(':memory:');
    database.exec(`PRAGMA foreign_keys = ON; ${schemaOf('sqlite')} ${SEED.join('; ')}`);
    return {
      catalog: await loadCatalog(database),
      drivers: [explainForeignKeys(database)],
      run: async (sql) => database.prepare(sql).run(),
      drop: async () => void database.close(),
    };
  },
};

async function openMysql(url: string): Promise<Demo> {
  const name = ownName();
  const connection = await createConnection({ uri: url, multipleStatements: true });
  await connection.query(`CREATE DATABASE ${name}; USE ${name}; ${schemaOf('mysql')} ${SEED.join('; ')}; ${NIGHT}`);
  return {
    catalog: await loadCatalog(connection),
    drivers: [],
    run: (sql) => connection.query(sql),
    async drop() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}

function describeBodies(engine: Engine): void {
  describeLive(engine, ({ url = '' }: Pick<Database, 'url'>) => {
    let demo: Demo | undefined;
    afterAll(() => demo?.drop());

    test.each(Object.entries(CASES))('the same rules give the same body for %s', async (_, { sql, context, body }) => {
      demo ??= await OPEN[engine](url);
      const { translate } = defineConflicts({ rules, catalog: demo.catalog, drivers: demo.drivers });
      const statement = typeof sql === 'string' ? sql : sql[engine];
      const error = await demo.run(statement).then(
        () => 'nothing failed',
        (cause: unknown) => translate(cause, context),
      );
      if (!isConflict(error)) throw error;
      expect(JSON.stringify(error).replace(/"instance":"urn:uuid:[-0-9a-f]{36}",/, '')).toBe(body);
    });
  });
}

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) describeBodies(engine);
