import type { ForeignKeyExplanation } from '../../src/catalog/index.ts';

// A schema of SQLite with references of every sort, and what breaks which of them.

export const ORDERS: ForeignKeyExplanation = {
  ...{ table: 'orders', columns: ['customer_id'], constraint: 'orders_customer_fkey' },
  ...{ referencedTable: 'customers', referencedColumns: ['id'] },
};
const ITEMS: ForeignKeyExplanation = {
  ...{ table: 'items', columns: ['order_id'], constraint: 'items_order_fkey' },
  ...{ referencedTable: 'orders', referencedColumns: ['id'] },
};
const CITIES: ForeignKeyExplanation = {
  ...{ table: 'cities', columns: ['land', 'region'], constraint: "the city's region" },
  ...{ referencedTable: 'Regions', referencedColumns: ['country', 'code'] },
};
const STAFF: ForeignKeyExplanation = {
  ...{ table: 'staff', columns: ['boss'], constraint: 'staff_boss_fkey' },
  ...{ referencedTable: 'staff', referencedColumns: ['id'] },
};
export const MISSING: ForeignKeyExplanation = { direction: 'parent_missing' };
export const REFERENCED: ForeignKeyExplanation = { direction: 'still_referenced' };

export const SCHEMA: string = `
PRAGMA foreign_keys = ON;
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, note TEXT,
  CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers);
CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER CONSTRAINT items_order_fkey REFERENCES ORDERS (ID) ON DELETE CASCADE);
CREATE TABLE labels (item_id INTEGER CONSTRAINT labels_item_fkey REFERENCES items (id) ON DELETE RESTRICT);
CREATE TABLE "Regions" (country TEXT COLLATE NOCASE, code INTEGER, PRIMARY KEY (country, code)) WITHOUT ROWID;
CREATE TABLE cities (name TEXT, land TEXT, region TEXT,
  CONSTRAINT "the city's region" FOREIGN KEY (land, region) REFERENCES regions (country, code) ON DELETE RESTRICT);
CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER CONSTRAINT staff_boss_fkey REFERENCES staff (id));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_id INTEGER
  CONSTRAINT invoices_customer_fkey REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE jobs (id INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER jobs_order AFTER INSERT ON jobs BEGIN INSERT INTO orders (customer_id) VALUES (42); END;
CREATE TABLE bonuses (id INTEGER PRIMARY KEY, details TEXT, staff_id INTEGER AS (CAST(json_extract(details, '$.staff') AS INTEGER)) STORED
  CONSTRAINT bonuses_staff_fkey REFERENCES staff (id));
INSERT INTO customers VALUES (1, 'a@example.com'), (2, 'b@example.com');
INSERT INTO orders VALUES (1, 1, NULL);
INSERT INTO items VALUES (1, 1);
INSERT INTO labels VALUES (1);
INSERT INTO "Regions" VALUES ('de', 1);
INSERT INTO cities VALUES ('Hamburg', 'DE', '1');
INSERT INTO staff VALUES (1, NULL), (2, 1);
INSERT INTO bonuses (id, details) VALUES (1, '{"staff":1}');
`;

export const STATEMENTS: readonly (readonly [sql: string, explanation: ForeignKeyExplanation])[] = [
  ['INSERT INTO orders VALUES (9, 42, NULL)', { ...ORDERS, ...MISSING }],
  ["INSERT INTO orders VALUES (8, 1, NULL), (9, 42, 'last')", { ...ORDERS, ...MISSING }],
  ['UPDATE orders SET customer_id = 42', { ...ORDERS, ...MISSING }],
  ['DELETE FROM customers WHERE id = 1', { ...ORDERS, ...REFERENCED }],
  ['UPDATE customers SET id = 9 WHERE id = 1', { ...ORDERS, ...REFERENCED }],
  ["REPLACE INTO customers VALUES (9, 'a@example.com')", { ...ORDERS, ...REFERENCED }],
  [
    'INSERT INTO orders VALUES (1, 42, NULL) ON CONFLICT (id) DO UPDATE SET customer_id = 43',
    { ...ORDERS, ...MISSING },
  ],
  // A cascade runs into RESTRICT, which has a code of its own.
  [
    'DELETE FROM orders',
    {
      ...{ table: 'labels', columns: ['item_id'], constraint: 'labels_item_fkey' },
      ...{ referencedTable: 'items', referencedColumns: ['id'], ...REFERENCED },
    },
  ],
  // Names that differ in their case, a key of two columns without a rowid, text that is compared as a number.
  ["INSERT INTO cities VALUES ('Bremen', 'de', '2')", { ...CITIES, ...MISSING }],
  ['DELETE FROM "Regions"', { ...CITIES, ...REFERENCED }],
  ['UPDATE items SET order_id = 7', { ...ITEMS, ...MISSING }],
  ['INSERT INTO staff VALUES (9, 42)', { ...STAFF, ...MISSING }],
  // A trigger writes to another table than the statement.
  ["INSERT INTO jobs VALUES (1, 'order')", { ...ORDERS, ...MISSING }],
  // A generated column.
  [
    `UPDATE bonuses SET details = '{"staff":42}'`,
    {
      ...{ table: 'bonuses', columns: ['staff_id'], constraint: 'bonuses_staff_fkey' },
      ...{ referencedTable: 'staff', referencedColumns: ['id'], ...MISSING },
    },
  ],
];

/** Tables whose triggers are made to end the transaction. */
export const RESTRICTED: string = `
  CREATE TABLE log (id INTEGER PRIMARY KEY);
  CREATE TABLE p (id INTEGER PRIMARY KEY, x);
  CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE RESTRICT);
  CREATE TABLE u (x UNIQUE ON CONFLICT ROLLBACK);
  CREATE TABLE filled (x NOT NULL ON CONFLICT ROLLBACK);
  CREATE TABLE once (x UNIQUE);
  INSERT INTO p VALUES (1, 1), (2, 2), (3, 3);
  INSERT INTO c VALUES (1, 1);
  INSERT INTO once VALUES (0);`;

/** Bodies of such a trigger. */
export const ENDING: readonly (readonly [what: string, body: string])[] = [
  ['RAISE(ROLLBACK)', "SELECT RAISE(ROLLBACK, 'no_delete');"],
  ['ON CONFLICT ROLLBACK of a key', 'INSERT INTO u VALUES (0); INSERT INTO u VALUES (0);'],
  ['ON CONFLICT ROLLBACK of NOT NULL', 'INSERT INTO filled VALUES (NULL);'],
  ['OR ROLLBACK', 'INSERT OR ROLLBACK INTO once VALUES (0);'],
];
