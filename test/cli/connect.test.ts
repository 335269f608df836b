import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect } from '../../src/cli/connect.ts';
import { Failure } from '../../src/cli/failure.ts';
import { startDebianPostgres } from '../servers/postgresql.ts';

// Why a database cannot be opened, in the words of the command. The drivers and the sockets are real.

/** What a URL has to have in other words. */
const SECRET = 's3cret@%/x';
const USER = `app:${encodeURIComponent(SECRET)}`;

/** A server of PostgreSQL's protocol that refuses everybody, with this code and these words. */
async function makeRefusing(code: string, message: string) {
  const server = createServer((socket) => {
    const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
    const length = Buffer.alloc(4);
    length.writeInt32BE(fields.length + 4);
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, fields])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** All that the command would print. */
async function refusalOf(url: string): Promise<string> {
  const error = await connect(url).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Failure);
  const { message, hint } = error as Failure;
  expect(message).not.toContain('\n');
  return `${message} ${hint ?? ''}`;
}

const NONE = 'got one that is none';
const KEYWORDS = 'got a list of keywords';
const NO_FILE = 'There is no file to read';

describe('never tells a password', () => {
  test.each([
    ['host=localhost user=me password=s3cret dbname=x', KEYWORDS],
    ["host = 'localhost' password = 's3cret'", KEYWORDS],
    ['Server=localhost;Password=s3cret', KEYWORDS],
    ['Data Source=localhost;Password=s3cret', KEYWORDS],
    ['Server=tcp:localhost,1433;Password=s3cret', KEYWORDS],
    ['password=s3cret', KEYWORDS],
    ['localhost;password=s3cret', NO_FILE],
    ['localhost/shop?password=s3cret', NO_FILE],
    ['//me:s3cret@localhost/shop', NO_FILE],
    ['u:s3cret@h/d', NO_FILE],
    ['u:s3cret', NO_FILE],
    ['sqlite:s3cret@h/d', NO_FILE],
    ['sqlite:///no/such.db?key=s3cret', 'There is no file /no/such.db to read'],
    ['file:no-such.db?key=s3cret', 'There is no file no-such.db to read'],
    ['file:no-such.db;key=s3cret', NO_FILE],
    ['localhost:5432:shop:me:s3cret', 'or a file of SQLite'],
    ['s3cret:x', 'or a file of SQLite'],
    ['jdbc:postgresql://localhost/shop?password=s3cret', 'or a file of SQLite'],
    ['mongodb://u:s3cret@h/d', 'got one of mongodb:'],
    ['mysql://Server=localhost;Password=s3cret', NONE],
    ['postgres://localhost/shop;password=s3cret', NONE],
    ['postgres://user=me;password=s3cret@localhost/shop', NONE],
    ['postgres://host=localhost password=s3cret', NONE],
    ['postgres:host=localhost password=s3cret', NONE],
    [`postgres://app:${SECRET}@127.0.0.1/shop`, NONE],
    [`mysql://${USER}@127.0.0.1:99999/shop`, NONE],
  ])('%s', async (url, reason) => {
    const shown = await refusalOf(url);
    expect(shown).toContain(reason);
    expect(shown).not.toMatch(/s3cret|s3%63ret/);
  });

  test('says which file is not there', async () => {
    expect(await refusalOf('no-such.db')).toContain('There is no file no-such.db to read');
    expect(await refusalOf('C:\\shop\\no-such.db')).toContain('There is no file C:\\shop\\no-such.db to read');
  });

  test('of what a server says', async () => {
    const [wrong, telling] = await Promise.all([
      makeRefusing('28P01', 'password authentication failed for user "app"'),
      makeRefusing('XX000', `who says ${SECRET} is no friend`),
    ]);
    const shown = await Promise.all(
      [
        `postgres://${USER}@127.0.0.1:${wrong.port}/shop`,
        `postgresql://127.0.0.1:${wrong.port}/shop?user=app&password=${encodeURIComponent(SECRET)}`,
        `postgres://${USER}@127.0.0.1:${telling.port}/shop`,
        `postgres://${USER}@127.0.0.1:1/shop`,
        `mysql://${USER}@127.0.0.1:1/shop`,
        `mariadb://${USER}@no-such-host.invalid/shop`,
      ].map(refusalOf),
    );
    wrong.close();
    telling.close();
    expect(shown.map((line) => line.trim().replaceAll(/:\d{4,5}/g, ':PORT'))).toEqual([
      '127.0.0.1:PORT refuses the user "app": the password is wrong, or there is no such user',
      '127.0.0.1:PORT refuses the user "app": the password is wrong, or there is no such user',
      '127.0.0.1:PORT cannot be used: XX000',
      'No server answers at 127.0.0.1:1: the connection was refused',
      'No server answers at 127.0.0.1:1: the connection was refused',
      'There is no host of the name in no-such-host.invalid',
    ]);
  });
});

const debian = existsSync('/usr/lib/postgresql');

describe.skipIf(!debian)('a PostgreSQL that wants passwords', () => {
  let url: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    // Under load a start fails now and then.
    const server = await startDebianPostgres().catch(startDebianPostgres);
    stop = server.stop;
    url = server.url;
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`CREATE ROLE app LOGIN PASSWORD '${SECRET}'; CREATE TABLE users (id integer PRIMARY KEY)`);
    await client.query(`COPY (SELECT 'host all all 127.0.0.1/32 scram-sha-256') TO '${await hbaFileOf(client)}'`);
    await client.query('SELECT pg_reload_conf()');
    await client.end();
  }, 60_000);
  afterAll(() => stop?.());

  const as = (user: string, path = '/postgres') => url.replace('postgres@', `${user}@`).replace(/\/postgres$/, path);

  test('takes the right one', async () => {
    const { close, dialect } = await connect(as(USER));
    await close();
    expect(dialect).toBe('postgresql');
  });

  test('refuses another one, none, and whoever is not there', async () => {
    const shown = await Promise.all([
      refusalOf(as('app:wr0ng')),
      refusalOf(as('nobody:wr0ng')),
      refusalOf(as('app')),
      refusalOf(as(USER, '/nowhere')),
    ]);
    expect(shown.map((line) => line.trim().replaceAll(/:\d{4,5}/g, ':PORT'))).toEqual([
      '127.0.0.1:PORT refuses the user "app": the password is wrong, or there is no such user',
      '127.0.0.1:PORT refuses the user "nobody": the password is wrong, or there is no such user',
      '127.0.0.1:PORT wants a password of the user "app"',
      '127.0.0.1:PORT has no database "nowhere"',
    ]);
  });
});

async function hbaFileOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query('SHOW hba_file');
  return rows[0].hba_file;
}

test('a server of something else is told apart', async () => {
  const closes = createServer((socket) => socket.once('data', () => socket.end()).on('error', () => {}));
  await new Promise<void>((resolve) => closes.listen(0, '127.0.0.1', resolve));
  const { port } = closes.address() as AddressInfo;
  expect(await refusalOf(`postgres://${USER}@127.0.0.1:${port}/shop`)).toContain(
    'does not answer as a server of PostgreSQL does',
  );
  closes.close();
});

describe('a warning of a driver', () => {
  afterEach(() => vi.restoreAllMocks());

  test('of mysql2 is not printed', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await refusalOf('mysql://root@127.0.0.1:1/shop?sslmode=require');
    expect(error).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
    expect(console.error).toBe(error);
  });
});
