import type { IncomingMessage } from 'node:http';
import type BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { assertUpdated } from '../../src/concurrency/index.ts';
import { isConflict } from '../../src/index.ts';
import { conflicts } from '../recipes/conflicts.ts';
import { buy as buyMysql, renameByTime as renameByTimeMysql, saveAccount as saveMysql } from '../recipes/mysql.ts';
import {
  buy as buyPostgresql,
  cancel,
  loadWithXmin,
  register,
  renameByTime as renameByTimePostgresql,
  renameByXmin,
  rename as renamePostgresql,
  saveAccount as savePostgresql,
} from '../recipes/postgresql.ts';
import { putPost, transfer } from '../recipes/readme.ts';
import { MYSQL, POSTGRESQL, type Schema, SQLITE } from '../recipes/schema.ts';
import { buy as buySqlite, rename as renameSqlite, saveAccount as saveSqlite } from '../recipes/sqlite.ts';
import { describeLive } from './describe-live.ts';
import { openSession, type Session } from './session.ts';

// The code of docs/recipes, run by fifty at once.

vi.setConfig({ testTimeout: 20_000 });

const WRITERS = 50;

/** By code, how the runs ended. */
async function outcomes(runs: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const codes: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(runs)) {
    let code = 'done';
    if (outcome.status === 'rejected') {
      const answer = conflicts.translate(outcome.reason);
      code = isConflict(answer) ? answer.code : String(answer);
    }
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return codes;
}

const ON_MYSQL = { saveAccount: saveMysql, buy: buyMysql };
const RECIPES = {
  postgresql: { saveAccount: savePostgresql, buy: buyPostgresql },
  mysql: ON_MYSQL,
  mariadb: ON_MYSQL,
  sqlite: { saveAccount: saveSqlite, buy: buySqlite },
};

const SCHEMAS: Readonly<Record<string, Schema>> = {
  postgresql: POSTGRESQL,
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: SQLITE,
};

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    const schema = SCHEMAS[engine] as Schema;
    let db: Session;

    beforeAll(async () => {
      db = await openSession(database, 25);
      const { posts, orders, domains, accounts, products, notes } = schema;
      await db.script(...posts, ...orders, ...domains, ...accounts, ...products, ...notes);
    });

    beforeEach(async () => {
      await db.script('DELETE FROM posts', 'DELETE FROM accounts', 'DELETE FROM products', 'DELETE FROM orders');
      await db.script(`INSERT INTO posts (id, title) VALUES (1, 'Draft')`, 'INSERT INTO products VALUES (1, 20)');
    });

    afterAll(() => db?.close());

    const pool = () => db.pool as pg.Pool & mysql.Pool & BetterSqlite3.Database;
    const one = async (sql: string) => Object.values((await db.rows<Record<string, unknown>>(sql))[0] ?? {})[0];

    test('an upsert updates its own row, and tells of a duplicate of another key', async () => {
      const recipe = RECIPES[engine];
      const save = async (id: number, email: string, name = 'N') => recipe.saveAccount(pool(), { id, email, name });
      await save(1, 'one@example.com');
      await save(1, 'uno@example.com', 'Uno');
      expect(await db.rows('SELECT id, email, name FROM accounts')).toEqual([
        { id: 1, email: 'uno@example.com', name: 'Uno' },
      ]);
      await save(2, 'two@example.com');
      for (const id of [2, 3]) {
        const thrown = await save(id, 'uno@example.com', 'Mine').catch((error: unknown) => conflicts.translate(error));
        expect(isConflict(thrown, 'duplicate') && thrown.problem).toMatchObject({
          ...{ status: 409, resource: 'account', detail: 'This address is taken.' },
          errors: [{ pointer: '#/email', code: 'taken' }],
        });
      }
      expect(await db.rows('SELECT id, email, name FROM accounts ORDER BY id')).toEqual([
        { id: 1, email: 'uno@example.com', name: 'Uno' },
        { id: 2, email: 'two@example.com', name: 'N' },
      ]);
    });

    test('an upsert of fifty at once gives an address to one of five', async () => {
      const recipe = RECIPES[engine];
      const runs = Array.from({ length: WRITERS }, async (_, at) =>
        recipe.saveAccount(pool(), { id: at % 5, email: at % 2 ? `${at % 5}@example.com` : 'wanted', name: `${at}` }),
      );
      const { done = 0, duplicate = 0, contention = 0, ...others } = await outcomes(runs);
      expect(others).toEqual({});
      expect(done + duplicate + contention).toBe(WRITERS);
      expect(duplicate).toBeGreaterThan(0);
      const rows = await db.rows<{ id: number; email: string }>('SELECT id, email FROM accounts');
      expect(rows.filter(({ email }) => email === 'wanted').length).toBeLessThanOrEqual(1);
      expect(new Set(rows.map(({ email }) => email)).size).toBe(rows.length);
      // Nobody's address has come to another's account.
      for (const { id, email } of rows) expect([`${id}@example.com`, 'wanted']).toContain(email);
    });

    test('a locked row is sold as often as it is there', async () => {
      const recipe = RECIPES[engine];
      const buyers: Promise<void>[] = [];
      for (let buyer = 0; buyer < WRITERS; buyer++) {
        buyers.push(recipe.buy(pool(), 1, 1));
        // One connection has one transaction.
        if (engine === 'sqlite') await buyers[buyer]?.catch(() => undefined);
      }
      expect(await outcomes(buyers)).toEqual({ done: 20, invalid_state: 30 });
      expect(Number(await one('SELECT stock FROM products WHERE id = 1'))).toBe(0);
    });

    if (engine === 'postgresql' || engine === 'sqlite') {
      test('a version column lets one of fifty through', async () => {
        const rename = engine === 'sqlite' ? renameSqlite : renamePostgresql;
        const runs = Array.from({ length: WRITERS }, async (_, at) => rename(pool(), 1, `By ${at}`, 1));
        expect(await outcomes(runs)).toEqual({ done: 1, version_mismatch: 49 });
        expect(await one('SELECT version FROM posts')).toBe(2);
      });
    }

    if (engine === 'postgresql') {
      test('xmin lets one of fifty through', async () => {
        const { version } = await loadWithXmin(pool(), 1);
        const runs = Array.from({ length: WRITERS }, (_, at) => renameByXmin(pool(), 1, `${at}`, version));
        expect(await outcomes(runs)).toEqual({ done: 1, version_mismatch: 49 });
        const later = (await loadWithXmin(pool(), 1)).version;
        expect(later).not.toBe(version);
        await db.script('VACUUM FREEZE posts');
        expect((await loadWithXmin(pool(), 1)).version).toBe(later);
        await renameByXmin(pool(), 1, 'Mine', later);
      });

      test('the route of the README lets one of fifty through, and asks for a version', async () => {
        const request = (headers: object) => ({ method: 'PUT', headers }) as IncomingMessage;
        const ifMatch = request({ 'if-match': '"1"' });
        const runs = Array.from({ length: WRITERS }, (_, at) => putPost(ifMatch, pool(), 1, `By ${at}`));
        expect(await outcomes(runs)).toEqual({ done: 1, version_mismatch: 49 });
        await expect(putPost(ifMatch, pool(), 1, 'Mine')).rejects.toMatchObject({
          status: 412,
          headers: { ETag: '"2"' },
        });
        await expect(putPost(request({}), pool(), 1, 'Mine')).rejects.toMatchObject({ status: 428 });
        await expect(putPost(ifMatch, pool(), 7, 'Mine')).rejects.toMatchObject({ status: 404 });
        expect((await putPost(request({ 'if-match': '"2"' }), pool(), 1, 'Mine')).headers.get('etag')).toBe('"3"');
      });

      test('the transfers of the README lose nothing when they cross', { timeout: 30_000 }, async () => {
        await db.script('CREATE TABLE wallets (id integer PRIMARY KEY, balance integer NOT NULL)');
        await db.script('INSERT INTO wallets SELECT id, 100 FROM generate_series(1, 4) AS id');
        // Few, for the server looks for a deadlock after a second only.
        const runs = Array.from({ length: 8 }, (_, at) => transfer(pool(), 1 + (at % 4), 1 + ((at * 3 + 1) % 4), 1));
        const { done = 0, contention = 0, ...others } = await outcomes(runs);
        expect(others).toEqual({});
        expect(done + contention).toBe(8);
        expect(done).toBeGreaterThan(4);
        expect(Number(await one('SELECT sum(balance) FROM wallets'))).toBe(400);
      });

      test('a transition is made by one of fifty', async () => {
        await db.script(`INSERT INTO orders (id, status) VALUES (1, 'paid')`);
        const runs = Array.from({ length: WRITERS }, () => cancel(pool(), 1));
        expect(await outcomes(runs)).toEqual({ done: 1, invalid_state: 49 });
      });

      test('a look before writing does not stand in for the constraint', async () => {
        const runs = Array.from({ length: WRITERS }, () => register(pool(), 'example.com', 'me'));
        expect(await outcomes(runs)).toEqual({ done: 1, duplicate: 49 });
      });
    }

    if (engine !== 'sqlite') {
      test('a time lets one of fifty through where it is compared as text', async () => {
        const renameByTime = engine === 'postgresql' ? renameByTimePostgresql : renameByTimeMysql;
        const text = engine === 'postgresql' ? 'updated_at::text' : 'CAST(updated_at AS CHAR)';
        await db.script(`INSERT INTO notes (id, title) VALUES (1, 'Draft')`);
        const version = String(await one(`SELECT ${text} FROM notes`));
        expect(version).toMatch(/\.\d+/);
        const runs = Array.from({ length: WRITERS }, (_, at) => renameByTime(pool(), 1, `By ${at}`, version));
        expect(await outcomes(runs)).toEqual({ done: 1, version_mismatch: 49 });
        // The trap: a Date has milliseconds, the column has microseconds.
        await db.script(`UPDATE notes SET updated_at = '2027-01-01 00:00:00.123456'`);
        const { at } = (await db.rows<{ at: Date }>('SELECT updated_at AS at FROM notes'))[0] as { at: Date };
        expect(at.getMilliseconds()).toBe(123);
        const same = await db.rows('SELECT 1 FROM notes WHERE updated_at = ?', at as never);
        expect(same).toEqual([]);
      });
    }

    if (engine === 'mysql' || engine === 'mariadb') {
      test('rows that are found are counted by default, rows that are changed with -FOUND_ROWS', async () => {
        const [name] = Object.values((await db.rows<{ name: string }>('SELECT DATABASE() AS name'))[0] ?? {});
        const uri = new URL(`/${name}`, database.url).href;
        const [found, changed] = [
          await mysql.createConnection(uri),
          await mysql.createConnection({ uri, flags: ['-FOUND_ROWS'] }),
        ];
        const options = { current: () => 1, expected: 1, conflicts };
        const same = `UPDATE posts SET title = 'Draft' WHERE id = 1 AND version = 1`;
        expect(assertUpdated(await found.query(same), options)).toBeUndefined();
        const [result] = await changed.query(same);
        expect(() => assertUpdated(result, options)).toThrow();
        // What always changes something is counted either way.
        const bump = `UPDATE posts SET title = 'Draft', version = version + 1 WHERE id = 1 AND version = 1`;
        expect(assertUpdated(await changed.query(bump), options)).toBeUndefined();
        await Promise.all([found.end(), changed.end()]);
      });
    }
  });
}
