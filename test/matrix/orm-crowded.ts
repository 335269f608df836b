import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { onTestFinished } from 'vitest';

/** The address of a PostgreSQL database for a user who may not have one connection, until the test ends. */
export async function crowded(url: string): Promise<string> {
  const name = `crowded_${randomBytes(6).toString('hex')}`;
  const address = new URL(url);
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`CREATE ROLE ${name} LOGIN PASSWORD '${name}' CONNECTION LIMIT 0`);
  onTestFinished(() => run(`DROP ROLE ${name}`));
  address.username = name;
  address.password = name;
  return address.href;
}
