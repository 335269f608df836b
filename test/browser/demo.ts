import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { createService } from '../../examples/service.ts';

/** The demo, listening. */
export interface Demo {
  readonly origin: string;
  readonly server: Server;
  close(): Promise<void>;
}

/**
 * Starts the demo in a database of its own.
 *
 * @param url of the server; SQLite in memory without it
 */
export async function startDemo(url?: string): Promise<Demo> {
  const own = url === undefined ? undefined : await createDatabase(url);
  const service = await createService(own?.url);
  await once(service.server.listen(0, '127.0.0.1'), 'listening');
  return {
    server: service.server,
    origin: `http://127.0.0.1:${(service.server.address() as AddressInfo).port}`,
    async close() {
      service.server.closeAllConnections();
      await service.close();
      await own?.drop();
    },
  };
}

async function createDatabase(url: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `db_http_errors_page_${randomUUID().slice(0, 8)}`;
  const run = async (statement: string): Promise<void> => {
    if (url.startsWith('postgres')) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(statement).finally(() => client.end());
    } else {
      const connection = await createConnection(url);
      await connection.query(statement).finally(() => connection.end());
    }
  };
  await run(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = name;
  return { url: own.href, drop: () => run(`DROP DATABASE ${name}`) };
}
