import postgres from 'postgres';
import { postgres as translator } from '../../../src/drivers/postgres.ts';
import { describeOrm } from '../orms.ts';

// postgres.js has no hook, and its queries begin when they are awaited: the functions around them are wrapped.

describeOrm({
  title: 'postgres.js 3',
  engines: ['postgresql'],
  drivers: [translator],
  tells: (facts) => ({ ...facts, driver: 'postgres' }),
  connect: async ({ url }, conflicts) => {
    const sql = postgres(url, { max: 2, onnotice: () => {} });
    const repository = {
      async insertOrg(id: number, slug: string) {
        await sql`INSERT INTO orgs (id, slug) VALUES (${id}, ${slug})`;
      },
      async insertMember(id: number, orgId: number, email: string | null, age: number) {
        await sql`INSERT INTO members VALUES (${id}, ${orgId}, ${email}, ${age})`;
      },
      async deleteOrg(id: number) {
        await sql`DELETE FROM orgs WHERE id = ${id}`;
      },
      async transaction(options: string, work: (sql: postgres.TransactionSql) => Promise<unknown>) {
        await sql.begin(options, work);
      },
      async raw(statement: string) {
        await sql.unsafe(statement);
      },
    };
    const { insertOrg, insertMember, deleteOrg, transaction, raw } = conflicts
      ? conflicts.wrap(repository)
      : repository;
    const bump = (inside: postgres.TransactionSql, id: number) =>
      inside`UPDATE orgs SET version = version + 1 WHERE id = ${id}`;
    return {
      scenarios: {
        unique: () => insertOrg(3, 'acme'),
        uniqueComposite: () => insertMember(2, 1, 'alice@example.com', 40),
        parentMissing: () => insertMember(3, 99, 'bob@example.com', 40),
        stillReferenced: () => deleteOrg(1),
        check: () => insertMember(4, 1, 'carol@example.com', 5),
        notNull: () => insertMember(5, 1, null, 40),
        deferred: () => transaction('', (inside) => inside`INSERT INTO notes VALUES (1, 99)`),
        inTransaction: () =>
          transaction('', async (inside) => {
            await inside`INSERT INTO orgs (id, slug) VALUES (4, 'initech')`;
            await inside`INSERT INTO orgs (id, slug) VALUES (5, 'acme')`;
          }),
        serialization: (rival) =>
          transaction('isolation level repeatable read', async (inside) => {
            await inside`SELECT * FROM orgs WHERE id = 1`;
            await rival.change();
            await bump(inside, 1);
          }),
        deadlock: (rival) =>
          transaction('', async (inside) => {
            await bump(inside, 1);
            await rival.lock();
            await bump(inside, 2);
          }),
        syntaxError: () => raw('SELEC 1'),
      },
      insert: (table, row) =>
        table === 'orgs'
          ? insertOrg(Number(row.id), String(row.slug))
          : insertMember(Number(row.id), Number(row.org_id), String(row.email), Number(row.age)),
      countOrgs: async () => Number((await sql`SELECT count(*) FROM orgs`)[0]?.count),
      close: () => sql.end(),
    };
  },
});
