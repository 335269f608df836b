import { readFileSync } from 'node:fs';
import { fromRoot, rootUrl } from './from-root.js';

/**
 * Native errors as the drivers make them: pg's parser and mysql2's packet reader get the bytes that a server sends,
 * and SQLite refuses real statements.
 */

const { Parser } = fromRoot('pg-protocol/dist/parser');
const Packet = fromRoot('./node_modules/mysql2/lib/packets/packet.js');
const Database = fromRoot('better-sqlite3');

/** Letters of PostgreSQL's error fields. Source: https://www.postgresql.org/docs/current/protocol-error-fields.html */
const LETTERS = {
  severity: 'S',
  code: 'C',
  message: 'M',
  detail: 'D',
  hint: 'H',
  position: 'P',
  where: 'W',
  schema: 's',
  table: 't',
  column: 'c',
  constraint: 'n',
  file: 'F',
  line: 'L',
  routine: 'R',
};

/** Makes an error of `pg` from its fields. */
export function pgError(fields) {
  return parsed(pgBytes(fields));
}

function parsed(bytes) {
  let error;
  new Parser().parse(bytes, (message) => {
    error = message;
  });
  return error;
}

function pgBytes(fields) {
  const parts = Object.entries(fields)
    .filter(([name]) => LETTERS[name])
    .map(([name, value]) => `${LETTERS[name]}${value}\0`);
  const body = Buffer.from(`${parts.join('')}\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The fields of a captured error of `pg`, for {@link pgError}. */
export function pgFields(name) {
  return JSON.parse(readFileSync(rootUrl(`fixtures/pg/postgresql-18/${name}.json`), 'utf8')).error;
}

/** Makes an error of `mysql2` from what the server sends. */
export function mysqlError(errno, sqlState, text) {
  const head = Buffer.from([0, 0, 0, 0, 0xff, errno & 0xff, errno >> 8]);
  const packet = Buffer.concat([head, Buffer.from(`#${sqlState}${text}`)]);
  const error = new Packet(0, packet, 0, packet.length).asError('utf8');
  error.sql = 'INSERT INTO users (email) VALUES (?)';
  return error;
}

/** A database in memory with users and orders. */
export function openSqlite() {
  const database = new Database(':memory:');
  database.pragma('foreign_keys = ON');
  database.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
    INSERT INTO users VALUES (1, 'alice@example.com');
  `);
  return database;
}

/** What a call throws. */
export function thrownBy(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Expected the statement to fail');
}

/** Makers of fresh errors: a taken key and a missing parent, by driver. */
export function makers(database = openSqlite()) {
  const pgUnique = pgBytes(pgFields('unique'));
  const pgReference = pgBytes(pgFields('foreign-key-parent-missing'));
  const insertUser = database.prepare('INSERT INTO users (email) VALUES (?)');
  const insertOrder = database.prepare('INSERT INTO orders (user_id) VALUES (?)');
  return {
    pg: { unique: () => parsed(pgUnique), reference: () => parsed(pgReference) },
    mysql2: {
      unique: () => mysqlError(1062, '23000', "Duplicate entry 'alice@example.com' for key 'users.users_email_key'"),
      reference: () =>
        mysqlError(
          1452,
          '23000',
          'Cannot add or update a child row: a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `orders_user_id_fkey` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`))',
        ),
    },
    'better-sqlite3': {
      unique: () => thrownBy(() => insertUser.run('alice@example.com')),
      reference: () => thrownBy(() => insertOrder.run(42)),
    },
  };
}
