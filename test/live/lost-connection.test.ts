import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withTransactionRetry } from '../../src/retry/index.ts';
import { describeLive } from './describe-live.ts';

describeLive('postgresql', ({ url = '' }) => {
  let proxy: Server;
  /** While true, what the server says is kept, and sent at once when the server closes the connection. */
  let isHeld = false;
  let pool: pg.Pool;

  beforeAll(async () => {
    const { hostname, port } = new URL(url);
    proxy = createServer((client) => {
      const server = createConnection(Number(port || 5432), hostname);
      const kept: Buffer[] = [];
      client.on('data', (chunk) => server.write(chunk));
      server.on('data', (chunk) => (isHeld ? kept.push(chunk) : client.write(chunk)));
      server.on('close', () => client.end(Buffer.concat(kept)));
      for (const socket of [client, server]) socket.on('error', () => undefined);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const through = new URL(url);
    through.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    pool = new pg.Pool({ connectionString: through.href, max: 1, application_name: 'lost_connection' });
    pool.on('error', () => undefined);
  });

  afterAll(async () => {
    await pool?.end();
    proxy?.close();
  });

  test('does not end the process when a connection is lost in the moment in which it is handed over', async () => {
    await pool.query('SELECT 1');
    isHeld = true;
    // The answer of this query and the server's farewell arrive together: the pool hands the connection on in between.
    const first = pool.query('SELECT 2 AS two');
    const waiting = withTransactionRetry(pool, () => Promise.resolve('done')).catch((error: unknown) => error);
    const admin = new pg.Client(url);
    await admin.connect();
    const asked = `FROM pg_stat_activity WHERE application_name = 'lost_connection' AND query LIKE '%two' AND state = 'idle'`;
    for (let killed = 0; killed === 0; ) {
      killed = (await admin.query(`SELECT pg_terminate_backend(pid) ${asked}`)).rowCount ?? 0;
    }
    await admin.end();
    expect((await first).rows).toEqual([{ two: 2 }]);
    isHeld = false;
    const error = await waiting;
    expect(error).toMatchObject({ message: expect.stringContaining('not queryable') });
    expect((await pool.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
  });
});
