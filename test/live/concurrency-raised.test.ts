import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/index.ts';
import { type Catalog, type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import { MYSQL, POSTGRESQL, type Schema, SQLITE } from '../recipes/schema.ts';
import { describeLive } from './describe-live.ts';
import { openSession, type Session } from './session.ts';

// What triggers and procedures raise, by everything that a server lets them say.

const RULE = { resource: 'order', detail: 'The order has already been shipped.' };
const SCHEMAS: Readonly<Record<string, Schema>> = {
  postgresql: POSTGRESQL,
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: SQLITE,
};

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    let db: Session;
    let catalog: Catalog;

    beforeAll(async () => {
      db = await openSession(database);
      await db.script(...(SCHEMAS[engine] as Schema).accounts);
      const schemas = db.driver === 'pg' ? { schemas: [await one('SELECT current_schema()')] } : {};
      catalog = await loadCatalog(db.pool as never, schemas);
    });

    afterAll(() => db?.close());

    const one = async (sql: string) => String(Object.values((await db.rows<Record<string, unknown>>(sql))[0] ?? {})[0]);

    /** What the driver throws for a statement, or for one that fires a trigger. */
    async function thrown(sql: string): Promise<Error> {
      try {
        await db.script(sql);
      } catch (error) {
        return error as Error;
      }
      throw new Error(`Expected an error of ${sql}`);
    }

    /** Code and status of the answer; `undefined` for what is passed through. */
    function answered(conflicts: Pick<Conflicts, 'translate'>, error: Error): unknown {
      const answer = conflicts.translate(error);
      if (!isConflict(answer)) return answer === error ? undefined : answer;
      expect(JSON.stringify(answer)).not.toContain('s3cret');
      return [answer.code, answer.status];
    }

    test('has its constraints in the catalog', () => {
      const names = catalog.constraints.map(({ name, columns }) => name ?? columns?.join());
      expect(names).toContain(engine === 'sqlite' ? 'email' : 'accounts_email_key');
    });

    if (engine === 'postgresql') {
      const raise = (using: string, message = 'The order has been shipped, s3cret.') =>
        thrown(`DO $$ BEGIN RAISE EXCEPTION '${message}' USING DETAIL = 's3cret', HINT = 's3cret', ${using}; END $$`);

      test.each([
        ['order_shipped', `CONSTRAINT = 'order_shipped'`, 409],
        ['orders.order_shipped', `CONSTRAINT = 'order_shipped', TABLE = 'orders', COLUMN = 's3cret'`, 409],
        ['OR001', `ERRCODE = 'OR001'`, 409],
        ['PT422', `ERRCODE = 'PT422'`, 422],
        ['order_shipped', `ERRCODE = 'PT402', CONSTRAINT = 'order_shipped'`, 402],
      ])('finds the rule %s of RAISE … USING %s', async (key, using, status) => {
        const error = await raise(using);
        expect(answered(defineConflicts({ rules: { [key]: RULE } }), error)).toEqual(['invalid_state', status]);
        expect(answered(defineConflicts({ rules: { other: RULE } }), error)).toBeUndefined();
      });

      test.each([
        ['unique_violation', 'duplicate'],
        ['foreign_key_violation', 'reference_conflict'],
        ['check_violation', 'check_failed'],
        ['exclusion_violation', 'overlap'],
      ])('believes no raised %s of a constraint that does not exist', async (state, code) => {
        const forged = await raise(`ERRCODE = '${state}', TABLE = 'accounts', CONSTRAINT = 'no_such_key'`);
        expect(answered(defineConflicts({ catalog }), forged)).toBeUndefined();
        const rules = { no_such_key: { ...RULE, code: 'invalid_state' } } as const;
        expect(answered(defineConflicts({ catalog, rules }), forged)).toEqual(['invalid_state', 409]);
        // Without a catalog nobody knows: it is what it says.
        expect(answered(defineConflicts({ onUnregistered: () => {} }), forged)).toEqual([code, 409]);
      });

      test('believes a raised code of a constraint that exists', async () => {
        const raised = await raise(
          `ERRCODE = 'unique_violation', TABLE = 'accounts', CONSTRAINT = 'accounts_email_key'`,
        );
        expect(answered(defineConflicts({ catalog, onUnregistered: () => {} }), raised)).toEqual(['duplicate', 409]);
      });
    }

    if (engine === 'mysql' || engine === 'mariadb') {
      const signal = (state: string, items: string) => thrown(`SIGNAL SQLSTATE '${state}' SET ${items}`);

      test.each([
        ['order_shipped', '45000', `MESSAGE_TEXT = 'order_shipped'`],
        ['31001', '45000', `MESSAGE_TEXT = 'Shipped, s3cret.', MYSQL_ERRNO = 31001`],
        ['45001', '45001', `MESSAGE_TEXT = 'Shipped, s3cret.'`],
      ])('finds the rule %s of SIGNAL %s SET %s', async (key, state, items) => {
        const error = await signal(state, items);
        expect(answered(defineConflicts({ rules: { [key]: RULE } }), error)).toEqual(['invalid_state', 409]);
        expect(answered(defineConflicts({ rules: { other: RULE } }), error)).toBeUndefined();
      });

      test('does not send CONSTRAINT_NAME to the client', async () => {
        const error = await signal('45000', `MESSAGE_TEXT = 'Shipped.', CONSTRAINT_NAME = 'order_shipped'`);
        expect(
          Object.values(error)
            .map(String)
            .filter((text) => !text.startsWith('SIGNAL'))
            .join(),
        ).not.toContain('order_shipped');
        expect(answered(defineConflicts({ rules: { order_shipped: RULE } }), error)).toBeUndefined();
      });

      test.each([1062, 1452, 1213])('is nothing but a SIGNAL with the state 45000 and the number %i', async (errno) => {
        const text = `Duplicate entry ''s3cret'' for key ''accounts.accounts_email_key''`;
        const error = await signal('45000', `MESSAGE_TEXT = '${text}', MYSQL_ERRNO = ${errno}`);
        expect(answered(defineConflicts({ catalog }), error)).toBeUndefined();
        expect(answered(defineConflicts({ catalog, rules: { accounts_email_key: RULE } }), error)).toBeUndefined();
      });
    }

    if (engine === 'sqlite') {
      test.each([
        ['order_shipped', ['invalid_state', 409]],
        ['The order has been shipped, s3cret.', undefined],
        ['UNIQUE constraint failed: accounts.email', undefined],
      ])('answers RAISE of %s by its rule, or not at all', async (text, answer) => {
        const refuse = `CREATE TEMP TRIGGER refuse BEFORE DELETE ON accounts BEGIN SELECT RAISE(ABORT, '${text}'); END`;
        await db.script(`INSERT OR IGNORE INTO accounts VALUES (1, 'a', 'A')`, refuse);
        const error = await thrown('DELETE FROM accounts');
        await db.script('DROP TRIGGER refuse');
        const rules = { order_shipped: RULE, 'accounts(email)': RULE };
        expect(answered(defineConflicts({ catalog, rules }), error)).toEqual(answer);
        expect(answered(defineConflicts({ catalog }), error)).toBeUndefined();
      });
    }
  });
}
