import BetterSqlite3 from 'better-sqlite3';
import { expect, test } from 'vitest';
import { defineConflicts, isConflict } from '../../src/index.ts';
import { parsed, serve, serveFailing, withoutIds } from './attack.ts';

// T5: whether a value exists must not show in text, status, headers or length, where a rule conceals it.

const CONCEALED = { conceal: true } as const;

function database(): BetterSqlite3.Database {
  const opened = new BetterSqlite3(':memory:');
  opened.exec(`CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT UNIQUE, phone TEXT UNIQUE, nick TEXT UNIQUE);
    INSERT INTO accounts (email, phone, nick) VALUES ('known@example.com', '123', 'known')`);
  return opened;
}

const signUp = (accounts: BetterSqlite3.Database, email: string, phone = null as string | null) =>
  accounts.prepare('INSERT INTO accounts (email, phone) VALUES (?, ?)').run(email, phone);

test('a sign-up answers a known and a new address with the same bytes', async () => {
  const accounts = database();
  const { translate } = defineConflicts({ rules: { 'accounts(email)': CONCEALED } });
  const attack = await serve((request, response) => {
    try {
      signUp(accounts, String(request.headers['x-email']));
    } catch (error) {
      const conflict = translate(error, request);
      if (!isConflict(conflict) || conflict.rule !== 'accounts(email)') throw conflict;
    }
    response.writeHead(202, { 'Cache-Control': 'no-store' }).end('{"message":"We have sent you a mail."}');
  });
  const known = await attack({ headers: ['X-Email: known@example.com'] });
  const fresh = await attack({ headers: ['X-Email: fresh@example.com'] });
  expect(known).toMatch(/^HTTP\/1\.1 202 /);
  expect(known.length).toBe(fresh.length);
  expect(withoutIds(known)).toBe(withoutIds(fresh));
});

test('a concealed answer is the same for every concealed constraint, and nothing that a client can act on', async () => {
  const accounts = database();
  const rules = {
    'accounts(email)': CONCEALED,
    'accounts(phone)': { ...CONCEALED, detail: 'Taken.', fields: ['phone'] },
  };
  const conflicts = defineConflicts({ rules, exposeColumns: true });
  const byEmail = await serveFailing(() => signUp(accounts, 'known@example.com'), conflicts);
  const byPhone = await serveFailing(() => signUp(accounts, 'fresh@example.com', '123'), conflicts);
  const [first, second] = [await byEmail(), await byPhone()];
  expect(withoutIds(second)).toBe(withoutIds(first));
  expect(second).toHaveLength(first.length);
  const { status, body } = parsed(first);
  expect([status, Object.keys(JSON.parse(body))]).toEqual([
    409,
    ['type', 'title', 'status', 'detail', 'instance', 'code', 'retryable', 'recovery'],
  ]);
  expect(JSON.parse(body)).toMatchObject({ code: 'conflict', recovery: 'none' });
});

test('no precondition in the request tells a concealed duplicate from another', async () => {
  const accounts = database();
  const conflicts = defineConflicts({ rules: { 'accounts(email)': CONCEALED, 'accounts(phone)': CONCEALED } });
  const attack = await serveFailing(() => signUp(accounts, 'known@example.com'), conflicts);
  const plain = withoutIds(await attack());
  for (const header of ['If-Match: "1"', 'If-Match: *', 'Accept-Language: de']) {
    for (const method of ['POST', 'PUT', 'PATCH']) {
      expect(withoutIds(await attack({ method, headers: [header] })), `${method} ${header}`).toBe(plain);
    }
  }
});
