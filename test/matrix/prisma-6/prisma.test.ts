import { fileURLToPath } from 'node:url';
import { PrismaBetterSQLite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import { describePrisma } from '../prisma-7/describe-prisma.ts';

describePrisma(fileURLToPath(new URL('.', import.meta.url)), 6, ({ engine, url, host, port, user, password, name }) => {
  if (engine === 'postgresql') return new PrismaPg({ connectionString: url, max: 2 });
  if (engine === 'sqlite') return new PrismaBetterSQLite3({ url: `file:${url}` });
  return new PrismaMariaDb({ host, port, user, password, database: name, connectionLimit: 2 });
});
