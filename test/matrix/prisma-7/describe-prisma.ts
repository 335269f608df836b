import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { answerOf } from '../../../src/answer.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../../src/index.ts';
import { prismaConflicts } from '../../../src/orms/prisma.ts';
import type { OrmDatabase } from '../orm-database.ts';
import type { Facts, Scenario } from '../orm-schema.ts';
import { describeEngines, describeOrm, type OrmSession } from '../orms.ts';

/** What is needed of a generated client. Source: https://www.prisma.io/docs/orm/reference/prisma-client-reference */
export interface PrismaClient {
  readonly org: Model;
  readonly member: Model;
  readonly note: Model;
  $executeRawUnsafe(sql: string): Promise<number>;
  $queryRawUnsafe(sql: string): Promise<unknown>;
  $extends<Extension>(extension: Extension): PrismaClient;
  $transaction<T>(
    run: (tx: PrismaClient) => Promise<T>,
    options?: { isolationLevel?: string; timeout?: number },
  ): Promise<T>;
  $transaction(operations: readonly Promise<unknown>[]): Promise<unknown[]>;
  $disconnect(): Promise<void>;
}

interface Model {
  create(args: object): Promise<unknown>;
  createMany(args: object): Promise<unknown>;
  upsert(args: object): Promise<unknown>;
  update(args: object): Promise<unknown>;
  delete(args: object): Promise<unknown>;
  count(): Promise<number>;
  findUnique(args: object): Promise<{ id: number } | null>;
}

export type PrismaClientConstructor = new (options: object) => PrismaClient;

const PROVIDERS: Readonly<Record<Engine, string>> = {
  postgresql: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
  sqlite: 'sqlite',
};

/** The tables of `orm-schema.ts`. `email` is NOT NULL in the database: Prisma itself would refuse a null of its model. */
const schemaOf = (provider: string, output: string): string => `
generator client {
  provider   = "prisma-client-js"
  output     = "${output}"
  engineType = "client"
}

datasource db {
  provider = "${provider}"
  url      = "file:unused"
}

model Org {
  id      Int      @id
  slug    String   @unique(map: "orgs_slug_key")
  version Int      @default(1)
  members Member[]
  notes   Note[]

  @@map("orgs")
}

model Member {
  id    Int     @id
  orgId Int     @map("org_id")
  email String?
  age   Int
  org   Org     @relation(fields: [orgId], references: [id])

  @@unique([orgId, email], map: "members_org_id_email_key")
  @@map("members")
}

model Note {
  id    Int @id
  orgId Int @map("org_id")
  org   Org @relation(fields: [orgId], references: [id])

  @@map("notes")
}
`;

/**
 * Generates the client of an engine into the project's `node_modules`, without the network: a client that runs on
 * driver adapters needs no engine, and the generator only asks whether the file of one exists.
 */
export function generateClient(
  project: string,
  major: 6 | 7,
  provider: string,
  output = './client',
): PrismaClientConstructor {
  const folder = join(project, 'node_modules/.generated', `${provider}${output.replace(/\W/g, '')}`);
  const schema = join(folder, 'schema.prisma');
  mkdirSync(folder, { recursive: true });
  // Prisma 7 has the address in its configuration, and refuses it here.
  const text = schemaOf(provider, output);
  writeFileSync(schema, major === 7 ? text.replace(/ +url .*\n/, '') : text);
  execFileSync(
    process.execPath,
    [join(project, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schema],
    {
      cwd: folder,
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const client: { readonly PrismaClient: PrismaClientConstructor } = createRequire(schema)(output);
  return client.PrismaClient;
}

/** How an adapter is made. */
export type ConnectAdapter = (database: OrmDatabase) => unknown;

/** Runs a generated client on every engine. */
export function describePrisma(project: string, major: 6 | 7, connectAdapter: ConnectAdapter): void {
  const clients = new Map<string, PrismaClientConstructor>();

  function open(database: OrmDatabase, conflicts: Conflicts | undefined): PrismaClient {
    const provider = PROVIDERS[database.engine];
    const Client = clients.get(provider) ?? generateClient(project, major, provider);
    clients.set(provider, Client);
    const client = new Client({ adapter: connectAdapter(database), errorFormat: 'minimal' });
    return conflicts ? client.$extends(prismaConflicts(conflicts)) : client;
  }

  describeOrm({
    title: `Prisma ${major}`,
    engines: ['postgresql', 'mysql', 'mariadb', 'sqlite'],
    connect: async (database, conflicts): Promise<OrmSession> => {
      const prisma = open(database, conflicts);
      const bump = (client: PrismaClient, id: number) =>
        client.org.update({ where: { id }, data: { version: { increment: 1 } } });
      let id = 10;
      const isPostgres = database.engine === 'postgresql';
      const isSqlite = database.engine === 'sqlite';
      return {
        scenarios: {
          unique: () => prisma.org.create({ data: { id: 3, slug: 'acme' } }),
          uniqueComposite: () =>
            prisma.member.create({ data: { id: 2, orgId: 1, email: 'alice@example.com', age: 40 } }),
          parentMissing: () => prisma.member.create({ data: { id: 3, orgId: 99, email: 'bob@example.com', age: 40 } }),
          stillReferenced: () => prisma.org.delete({ where: { id: 1 } }),
          check: () => prisma.member.create({ data: { id: 4, orgId: 1, email: 'carol@example.com', age: 5 } }),
          notNull: () => prisma.member.create({ data: { id: 5, orgId: 1, email: null, age: 40 } }),
          deferred: async () => {
            // A COMMIT that SQLite refuses leaves the transaction open, and Prisma leaves it so: the client is lost.
            const client = isSqlite ? open(database, conflicts) : prisma;
            try {
              await client.$transaction((tx) => tx.note.create({ data: { id: 1, orgId: 99 } }));
            } finally {
              if (isSqlite) await client.$disconnect();
            }
          },
          inTransaction: () =>
            prisma.$transaction(async (tx) => {
              await tx.org.create({ data: { id: 4, slug: 'initech' } });
              await tx.org.create({ data: { id: 5, slug: 'acme' } });
            }),
          serialization: (rival) =>
            prisma.$transaction(
              async (tx) => {
                await tx.org.findUnique({ where: { id: 1 } });
                await rival.change();
                await bump(tx, 1);
              },
              isPostgres ? { isolationLevel: 'RepeatableRead' } : {},
            ),
          deadlock: (rival) =>
            prisma.$transaction(
              async (tx) => {
                await bump(tx, 1);
                await rival.lock();
                await bump(tx, 2);
              },
              { timeout: 20_000 },
            ),
          syntaxError: () => prisma.$queryRawUnsafe('SELEC 1'),
        },
        // One statement where it changes something, and never on MySQL. Else two of them may meet, as Prisma says itself.
        ...((isPostgres || isSqlite) && {
          findOrCreate: (slug: string) =>
            prisma.org.upsert({ where: { slug }, update: { version: 1 }, create: { id: id++, slug } }),
        }),
        insert: (table, { org_id: orgId, ...row }) =>
          table === 'orgs' ? prisma.org.create({ data: row }) : prisma.member.create({ data: { ...row, orgId } }),
        countOrgs: () => prisma.org.count(),
        close: () => disconnect(prisma, major),
      };
    },
    tells: (facts, scenario, engine) => tells(major, facts, scenario, engine),
    past: (scenario) => scenario === 'deferred',
  });
  describeMore(major, open);
}

/** Prisma 6 loses a connection with each error that it has no word for, and would wait for it: it is left to the end. */
async function disconnect(prisma: PrismaClient, major: 6 | 7): Promise<void> {
  const disconnected = prisma.$disconnect();
  await (major === 6 ? Promise.race([disconnected, sleep(1000)]) : disconnected);
}

/** What the adapters keep of the truth. */
function tells(major: 6 | 7, facts: Facts, scenario: Scenario, engine: Engine): Facts {
  const { schema, referencedColumns, sqlState, ...rest } = { ...facts, driver: 'prisma' } as Record<string, unknown>;
  switch (engine) {
    case 'postgresql': {
      const { table, columns, ...others } = rest;
      if (facts.kind === 'unique_violation') {
        // Prisma 6 tells the columns, Prisma 7 the table, and neither both.
        return { ...others, sqlState, ...(major === 6 ? { columns } : { table }) } as Facts;
      }
      if (facts.kind === 'foreign_key_violation') {
        const { referencedTable, ...missing } = others;
        const known = facts.direction === 'still_referenced' ? others : missing;
        return { ...known, sqlState, table } as Facts;
      }
      return { ...rest, sqlState } as Facts;
    }
    case 'sqlite':
      // Where Prisma 6 has no word, its adapter throws SQLite's own error.
      if (major === 6 && (scenario === 'check' || scenario === 'serialization')) return facts;
      return { ...facts, driver: 'prisma' };
    default: {
      // MySQL's SQLSTATE is kept where Prisma has no word for the error. The text of a foreign key has everything.
      const kept = facts.kind === 'check_violation' ? { sqlState } : {};
      const { sqlState: _sqlState, ...others } = facts as Facts & { readonly sqlState?: unknown };
      return { ...others, driver: 'prisma', ...kept };
    }
  }
}

/** What the adapter's documentation says besides. */
function describeMore(major: 6 | 7, open: (database: OrmDatabase, conflicts: Conflicts) => PrismaClient): void {
  describeEngines(`Prisma ${major}, extended,`, ['postgresql', 'mysql', 'mariadb', 'sqlite'], (database, engine) => {
    const conflicts = defineConflicts({ onUnregistered: () => undefined });
    let prisma: PrismaClient;

    beforeAll(() => {
      prisma = open(database(), conflicts);
    });

    afterAll(() => disconnect(prisma, major));

    const acme = { id: 5, slug: 'acme' };

    test('every way to write throws the conflict', async () => {
      const ways: Record<string, () => Promise<unknown>> = {
        create: () => prisma.org.create({ data: acme }),
        createMany: () => prisma.org.createMany({ data: [{ id: 4, slug: 'initech' }, acme] }),
        update: () => prisma.org.update({ where: { id: 2 }, data: { slug: 'acme' } }),
        'a nested create': () =>
          prisma.org.update({
            where: { id: 1 },
            data: { members: { create: { id: 9, email: 'alice@example.com', age: 30 } } },
          }),
        'a raw statement': () => prisma.$executeRawUnsafe("INSERT INTO orgs (id, slug) VALUES (5, 'acme')"),
        'a batch': () =>
          prisma.$transaction([
            prisma.org.create({ data: { id: 4, slug: 'initech' } }),
            prisma.org.create({ data: acme }),
          ]),
        'a transaction': () =>
          prisma.$transaction((tx) => tx.$executeRawUnsafe("INSERT INTO orgs (id, slug) VALUES (5, 'acme')")),
      };
      for (const [way, run] of Object.entries(ways))
        expect(isConflict(await thrownBy(run), 'duplicate'), way).toBe(true);
      expect(await prisma.org.count()).toBe(2);
    });

    test('a transaction goes on after a conflict that it caught, where the engine lets it', async () => {
      const run = prisma.$transaction(async (tx) => {
        await tx.org.create({ data: { id: 4, slug: 'initech' } });
        await tx.org.create({ data: acme }).catch((error) => {
          if (!isConflict(error)) throw error;
        });
        await tx.org.create({ data: { id: 6, slug: 'hooli' } });
      });
      if (engine === 'postgresql') await expect(run).rejects.toThrow();
      else await run;
      expect(await prisma.org.count()).toBe(engine === 'postgresql' ? 2 : 4);
    });

    test.runIf(engine === 'postgresql')('COMMIT is covered in a batch, and by wrap', async () => {
      const note = { id: 1, orgId: 99 };
      const batch = await thrownBy(() => prisma.$transaction([prisma.note.create({ data: note })]));
      expect(isConflict(batch, 'reference_missing')).toBe(true);
      const create = conflicts.wrap((data: object) => prisma.$transaction((tx) => tx.note.create({ data })));
      expect(isConflict(await thrownBy(() => create(note)), 'reference_missing')).toBe(true);
      expect(await prisma.note.count()).toBe(0);
    });

    test('what no database has reported is left to the application', async () => {
      const stale = () => prisma.org.update({ where: { id: 1, version: 7 }, data: { version: 8 } });
      const required = () => prisma.org.update({ where: { id: 1 }, data: { members: { disconnect: [{ id: 1 }] } } });
      const wrong = () => prisma.org.create({ data: { id: 'secret' } });
      const codes: unknown[] = [];
      for (const run of [stale, required, wrong]) {
        const error = await thrownBy(run);
        expect(isConflict(error)).toBe(false);
        expect(conflicts.classify(error)).toBeUndefined();
        expect(conflicts.translate(error)).toBe(error);
        const { code } = error as { code?: unknown };
        // Without a code its message has the lines of the source and what was sent.
        expect(answerOf(error)?.status).toBe(code === undefined ? 500 : undefined);
        codes.push(code);
      }
      expect(codes).toEqual(['P2025', 'P2014', undefined]);
    });
  });
}
