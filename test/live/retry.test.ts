import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { answerOf } from '../../src/answer.ts';
import { isConflict } from '../../src/index.ts';
import { type IsolationLevel, type Retry, withTransactionRetry } from '../../src/retry/index.ts';
import { deferred } from '../deferred.ts';
import { describeLive } from './describe-live.ts';

// Races that happen: real connections, real deadlocks, real serialization failures.

interface Client {
  query(sql: string): Promise<unknown>;
}

type Run = (client: Client) => Promise<unknown>;

/** One engine's pool, as the tests need it. */
interface Pool {
  retry(
    run: Run,
    options?: { isolation?: IsolationLevel; attempts?: number; onRetry?: (retry: Retry) => void },
  ): Promise<unknown>;
  /** The first column of the first row. */
  value(sql: string, client?: Client): Promise<number>;
  run(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

const NAME = `retry_${process.pid}`;

async function postgres(url: string): Promise<Pool> {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  pool.on('error', () => undefined);
  const first = (result: unknown) => Number(Object.values((result as pg.QueryResult).rows[0])[0]);
  return {
    retry: (run, options) => withTransactionRetry(pool, run, { budget: 30_000, ...options }),
    value: async (sql, client = pool) => first(await client.query(sql)),
    run: (sql) => pool.query(sql),
    end: () => pool.end(),
  };
}

async function mysqlPool(url: string): Promise<Pool> {
  const pool = mysql.createPool({ uri: new URL('/mysql', url).href, connectionLimit: 20 });
  const first = (result: unknown) => Number(Object.values((result as [Record<string, unknown>[]])[0][0] ?? {})[0]);
  return {
    retry: (run, options) => withTransactionRetry(pool, run, { budget: 30_000, ...options }),
    value: async (sql, client = pool) => first(await client.query(sql)),
    run: (sql) => pool.query(sql),
    end: () => pool.end(),
  };
}

/** Stands between a pool and its server, and loses a connection at COMMIT: before the server gets it, or its answer. */
async function losing(url: string, when: () => 'never' | 'before' | 'after') {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    let isOver = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (sent) => {
      isOver = when() !== 'never' && sent.includes('COMMIT');
      if (isOver && when() === 'before') end();
      else server.write(sent);
    });
    server.on('data', (sent) => (isOver ? end() : client.write(sent)));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = new URL(url);
  address.hostname = '127.0.0.1';
  address.port = String((proxy.address() as AddressInfo).port);
  return {
    url: address.href,
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

for (const engine of ['postgresql', 'mysql', 'mariadb'] as const) {
  describeLive(engine, ({ url = '' }) => {
    let pool: Pool;

    beforeAll(async () => {
      pool = await (engine === 'postgresql' ? postgres(url) : mysqlPool(url));
      await pool.run(`CREATE TABLE ${NAME} (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)`);
      await pool.run(`INSERT INTO ${NAME} VALUES (1, 0), (2, 0)`);
    });

    afterAll(async () => {
      await pool?.run(`DROP TABLE ${NAME}`);
      await pool?.end();
    });

    test('loses no update when several write what they have read', async () => {
      await pool.run(`UPDATE ${NAME} SET n = 0`);
      let retries = 0;
      const increment: Run = async (client) => {
        const n = await pool.value(`SELECT n FROM ${NAME} WHERE id = 1`, client);
        await client.query(`UPDATE ${NAME} SET n = ${n + 1} WHERE id = 1`);
      };
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          pool.retry(increment, { isolation: 'serializable', attempts: 10, onRetry: () => retries++ }),
        ),
      );
      const losers = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      expect(losers.filter(({ reason }) => !isConflict(reason, 'contention'))).toEqual([]);
      expect(await pool.value(`SELECT n FROM ${NAME} WHERE id = 1`)).toBe(8 - losers.length);
      expect(retries).toBeGreaterThan(0);
    });

    test('survives a deadlock', async () => {
      await pool.run(`UPDATE ${NAME} SET n = 0`);
      const violations: string[] = [];
      const onRetry = ({ violation }: Retry) => void violations.push(violation.kind);
      let waiting = 0;
      const [met, meet] = deferred();
      const both = (first: number, second: number) =>
        pool.retry(
          async (client) => {
            await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = ${first}`);
            if (++waiting === 2) meet();
            await met;
            await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = ${second}`);
          },
          { onRetry },
        );
      await Promise.all([both(1, 2), both(2, 1)]);
      // Now and then the victim is back before the survivor has woken up, and they meet once more.
      expect([...new Set(violations)]).toEqual(['deadlock_detected']);
      expect(await pool.value(`SELECT sum(n) FROM ${NAME}`)).toBe(4);
    });

    test.each([
      ['before', 0],
      ['after', 1],
    ] as const)(
      'is never run again when its connection is lost at COMMIT: %s the server has it',
      async (when, committed) => {
        await pool.run(`UPDATE ${NAME} SET n = 0`);
        let loses: 'never' | 'before' | 'after' = when;
        const proxy = await losing(url, () => loses);
        const lost = await (engine === 'postgresql' ? postgres(proxy.url) : mysqlPool(proxy.url));
        try {
          const increment = vi.fn((client: Client) => client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = 1`));
          const thrown = await lost.retry(increment).catch((error: unknown) => error);
          expect(thrown).toBeInstanceOf(Error);
          // Not a conflict, and nothing that says that the request may be sent again.
          expect(isConflict(thrown) || answerOf(thrown)?.isConflict === true).toBe(false);
          expect(increment).toHaveBeenCalledTimes(1);
          expect(await pool.value(`SELECT n FROM ${NAME} WHERE id = 1`)).toBe(committed);
          // The connection was not given back, and the next transaction has another one.
          loses = 'never';
          await lost.retry(increment);
          expect(await pool.value(`SELECT n FROM ${NAME} WHERE id = 1`)).toBe(committed + 1);
        } finally {
          await lost.end();
          proxy.close();
        }
      },
    );

    test('gives every connection back', async () => {
      const fail = () => pool.retry((client) => client.query(`INSERT INTO ${NAME} VALUES (1, 0)`));
      for (let time = 0; time < 25; time++) {
        await expect(fail()).rejects.toMatchObject({ code: 'duplicate' });
      }
      expect(await pool.value(`SELECT count(*) FROM ${NAME}`)).toBe(2);
    });

    test('complains when an error that ended the transaction was swallowed', async () => {
      await pool.run(`UPDATE ${NAME} SET n = 0`);
      let waiting = 0;
      const [met, meet] = deferred();
      let swallowed = 0;
      const both = (first: number, second: number) =>
        pool.retry(async (client) => {
          await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = ${first}`);
          if (++waiting === 2) meet();
          await met;
          await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = ${second}`).catch(() => swallowed++);
        });
      const outcomes = await Promise.allSettled([both(1, 2), both(2, 1)]);
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
      expect([swallowed, reasons.length]).toEqual([1, 1]);
      expect(reasons[0]).toContain('The transaction was rolled back: a statement in it had failed');
      expect(await pool.value(`SELECT sum(n) FROM ${NAME}`)).toBe(2);
    });

    if (engine !== 'postgresql') {
      test('complains when DDL has committed it before its end', async () => {
        const create: Run = (client) => client.query(`CREATE TABLE ${NAME}_ddl (id INTEGER)`);
        try {
          await expect(pool.retry(create)).rejects.toThrow('committed before its end');
        } finally {
          await pool.run(`DROP TABLE ${NAME}_ddl`);
        }
      });

      test('leaves nothing of an attempt whose statement has waited too long for a lock', async () => {
        await pool.run(`UPDATE ${NAME} SET n = 0`);
        const [isOver, letGo] = deferred();
        const [isLocked, lock] = deferred();
        const holder = pool.retry(async (client) => {
          await client.query(`UPDATE ${NAME} SET n = 0 WHERE id = 2`);
          lock();
          await isOver;
        });
        await isLocked;
        const codes: string[] = [];
        const onRetry = ({ violation }: Retry) => {
          codes.push(violation.code);
          letGo();
        };
        // The server takes back the statement that failed, and not the one before it.
        const both: Run = async (client) => {
          await client.query('SET SESSION innodb_lock_wait_timeout = 1');
          await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = 1`);
          await client.query(`UPDATE ${NAME} SET n = n + 1 WHERE id = 2`);
          await client.query('SET SESSION innodb_lock_wait_timeout = DEFAULT');
        };
        await pool.retry(both, { onRetry });
        await holder;
        expect(codes).toEqual(['1205']);
        expect(await pool.value(`SELECT sum(n) FROM ${NAME}`)).toBe(2);
      });

      test('may have savepoints of its own', async () => {
        await pool.run(`UPDATE ${NAME} SET n = 0`);
        await pool.retry(async (client) => {
          await client.query(`UPDATE ${NAME} SET n = 1 WHERE id = 1`);
          await client.query('SAVEPOINT own');
          await client.query(`UPDATE ${NAME} SET n = 2 WHERE id = 1`);
          await client.query('ROLLBACK TO SAVEPOINT own');
        });
        expect(await pool.value(`SELECT n FROM ${NAME} WHERE id = 1`)).toBe(1);
      });
    }
  });
}
