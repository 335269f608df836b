import { fileURLToPath } from 'node:url';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { describeUpdated } from '../updated.ts';
import { generateClient, type PrismaClient } from './describe-prisma.ts';

const PROJECT = fileURLToPath(new URL('.', import.meta.url));

/** What `PrismaClient` of the contract has no need of. */
interface Edited extends PrismaClient {
  readonly org: PrismaClient['org'] & { updateMany(args: object): Promise<{ count: number }> };
}

describeUpdated(
  'Prisma 7',
  ['postgresql', 'mysql', 'mariadb', 'sqlite'],
  ({ engine, url, host, port, user, password, name }) => {
    const Client = generateClient(PROJECT, 7, engine === 'mariadb' ? 'mysql' : engine, './updated');
    const adapter =
      engine === 'postgresql'
        ? new PrismaPg({ connectionString: url, max: 2 })
        : engine === 'sqlite'
          ? new PrismaBetterSqlite3({ url: `file:${url}` })
          : new PrismaMariaDb({ host, port, user, password, database: name, connectionLimit: 2 });
    const prisma = new Client({ adapter }) as Edited;
    return {
      ways: {
        'updateMany()': (id, version) =>
          prisma.org.updateMany({ where: { id, version }, data: { version: { increment: 1 } } }),
        '$executeRawUnsafe()': (id, version) =>
          prisma.$executeRawUnsafe(`UPDATE orgs SET version = version + 1 WHERE id = ${id} AND version = ${version}`),
      },
      close: () => prisma.$disconnect(),
    };
  },
);
