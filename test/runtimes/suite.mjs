// What has to hold in every runtime: plain JavaScript, of the installed package, with nothing but the runtime.
// Prints the runtime with its version, and `N passed, M failed`.

import * as root from 'db-http-errors';

const { Bun, Deno, process } = globalThis;
const runtime = Bun ? `Bun ${Bun.version}` : Deno ? `Deno ${Deno.version.deno}` : `Node ${process.versions.node}`;
/** Subpaths of the package, given by the runner, which reads them from package.json and dist. */
const paths = process.argv.slice(2);

let passed = 0;
let failed = 0;

async function test(name, run) {
  try {
    await run();
    passed++;
  } catch (error) {
    failed++;
    console.log(`  FAILED ${name}: ${error?.stack ?? error}`);
  }
}

function equal(actual, expected) {
  const [first, second] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (first !== second) throw new Error(`Expected ${second}, got ${first}`);
}

const BODY = {
  ...{ type: 'about:blank', title: 'Conflict', status: 409, detail: 'Taken.', code: 'duplicate', resource: 'user' },
  ...{ errors: [{ pointer: '#/email', code: 'taken' }], retryable: false, recovery: 'change_input' },
};
const rules = { 'users(email)': { resource: 'user', fields: ['email'], detail: 'Taken.' } };

function withoutId({ instance, ...body }) {
  if (!/^urn:uuid:[0-9a-f-]{36}$/.test(instance)) throw new Error(`Expected an id, got ${instance}`);
  return body;
}

await test('the root has its exports', () =>
  equal(Object.keys(root).sort(), [
    ...['ConflictError', 'classify', 'conflict', 'defineConflicts', 'isConflict', 'translate', 'wrap'],
  ]));

for (const path of paths) {
  await test(`import ${path}`, async () => {
    const module = await import(path);
    if (!Object.values(module).some((value) => typeof value === 'function' || typeof value?.classify === 'function')) {
      throw new Error(`Expected exports of ${path}, got ${Object.keys(module)}`);
    }
  });
}

const { createRequire } = await import('node:module');
const require = createRequire(import.meta.url);
await test('require gives what import gives', () => {
  const required = require('db-http-errors');
  const { ConflictError, ...functions } = root;
  equal(required.ConflictError === ConflictError, true);
  for (const name of Object.keys(functions)) equal([name, required[name] === functions[name]], [name, true]);
});
for (const path of paths) {
  await test(`require ${path}`, () => equal(Object.keys(require(path)).length > 0, true));
}

await test('a captured error is answered by a Response', async () => {
  const error = Object.assign(new Error('UNIQUE constraint failed: users.email'), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
  const response = root.defineConflicts({ rules }).translate(error).getResponse();
  equal([response.status, response.headers.get('content-type')], [409, 'application/problem+json']);
  equal(response.headers.get('cache-control'), 'no-store');
  equal(withoutId(await response.json()), BODY);
});

await test('a conflict is an error of http-errors, native, and says nothing of its cause', async () => {
  const error = root.conflict('version_mismatch', { current_version: 'v4' }, { cause: new Error('s3cr3t') });
  equal(
    [error instanceof Error, error instanceof root.ConflictError, error.status, error.expose],
    [true, true, 409, true],
  );
  equal(Object.prototype.toString.call(error), '[object Error]');
  const { default: createError } = await import('http-errors');
  equal([createError.isHttpError(error), error instanceof createError.Conflict], [true, true]);
  equal(error.headers.ETag, '"v4"');
  const { inspect } = await import('node:util');
  const shown = [JSON.stringify(error), `${error}`, error.stack, inspect(error), JSON.stringify({ ...error })].join();
  equal(shown.includes('s3cr3t'), false);
});

await test('a rejected method of a repository is a conflict', async () => {
  class Users {
    #code = 'SQLITE_CONSTRAINT_UNIQUE';
    async create() {
      throw Object.assign(new Error('UNIQUE constraint failed: users.email'), { code: this.#code });
    }
  }
  const error = await root
    .wrap(new Users())
    .create()
    .catch((reason) => reason);
  equal([root.isConflict(error, 'duplicate'), error.violation.columns], [true, ['email']]);
});

/** SQLite of the runtime: what opens it, and the translator it needs. */
async function openDatabase() {
  const SCHEMA = 'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)';
  const [major = 0] = (process?.versions?.node ?? '').split('.').map(Number);
  if (Bun) {
    const { Database } = await import('bun:sqlite');
    const { betterSqlite3 } = await import('db-http-errors/drivers/better-sqlite3');
    const database = new Database(':memory:');
    database.run(SCHEMA);
    return {
      driver: 'bun:sqlite',
      drivers: [betterSqlite3],
      insert: (email) => database.run('INSERT INTO users (email) VALUES (?)', [email]),
    };
  }
  if (Deno || major >= 22) {
    const { DatabaseSync } = await import('node:sqlite');
    const { nodeSqlite } = await import('db-http-errors/drivers/node-sqlite');
    const database = new DatabaseSync(':memory:');
    database.exec(SCHEMA);
    return {
      driver: 'node:sqlite',
      drivers: [nodeSqlite],
      insert: (email) => database.prepare('INSERT INTO users (email) VALUES (?)').run(email),
    };
  }
  // Compiled for this Node in the root of the repository.
  const Database = createRequire(process.env.ROOT_PACKAGE)('better-sqlite3');
  const database = new Database(':memory:');
  database.exec(SCHEMA);
  return {
    driver: 'better-sqlite3',
    drivers: [],
    insert: (email) => database.prepare('INSERT INTO users (email) VALUES (?)').run(email),
  };
}

let driver = 'no SQLite';
await test('a duplicate in a real database is answered over HTTP', async () => {
  const database = await openDatabase();
  driver = database.driver;
  const conflicts = root.defineConflicts({ rules, drivers: database.drivers });
  const { createServer } = await import('node:http');
  const { nodeHttpConflicts } = await import('db-http-errors/frameworks/node-http');
  const server = createServer(
    nodeHttpConflicts(conflicts)(async (_request, response) => {
      await database.insert('alice@example.com');
      response.writeHead(201).end();
    }),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${server.address().port}/`;
    const first = await fetch(url, { method: 'POST' });
    await first.arrayBuffer();
    const second = await fetch(url, { method: 'POST' });
    equal([first.status, second.status, second.headers.get('content-type')], [201, 409, 'application/problem+json']);
    equal(withoutId(await second.json()), BODY);
    const { parseConflict } = await import('db-http-errors/client');
    equal((await parseConflict(await fetch(url, { method: 'POST' })))?.code, 'duplicate');
  } finally {
    server.close();
    server.closeAllConnections?.();
  }
});

console.log(`${runtime} (${driver}): ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
