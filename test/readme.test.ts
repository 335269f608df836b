import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { transformSync } from 'esbuild';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerErrorWithout } from '../examples/http/answer-error-without.ts';
import { fixtures } from '../fixtures/load.ts';
import { ERRNOS } from '../src/dialects/mysql.ts';
import { RESULT_CODES } from '../src/dialects/sqlite.ts';
import * as postgres from '../src/drivers/postgres.ts';
import * as fastify from '../src/frameworks/fastify.ts';
import * as library from '../src/index.ts';
import { CODES, type ProblemCode } from '../src/problem.ts';
import { SQLSTATES } from '../src/sqlstate.ts';
import { captured } from './violations.ts';

// What the README says is what the code does: its examples run and compile, its documents are what they give, and its
// tables, links and commands agree with the sources.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

interface Block {
  readonly language: string;
  readonly code: string;
  /** Of the first line of code in the README. */
  readonly line: number;
}

const blocks: Block[] = Array.from(
  README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm),
  ({ index, 1: language, 2: code }) => ({
    language: language as string,
    code: code as string,
    line: README.slice(0, index).split('\n').length + 1,
  }),
);

/** The guides, which have what the README has no room for. */
const GUIDES = readdirSync(join(ROOT, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => readFileSync(join(ROOT, 'docs', file), 'utf8'));

/** The code of adapters and guides, by title: it runs in the matrix, where frameworks and ORMs are installed. */
const adapted = new Map(
  execFileSync('git', ['ls-files', 'test/matrix/*.ts', 'test/recipes/*.ts'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '')
    .flatMap((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const regions = source.matchAll(/^( *)\/\/ #region readme: (.+)\n([\s\S]*?)^ *\/\/ #endregion/gm);
      return Array.from(regions, ([, indent, title, code = '']): [string, string] => [
        title as string,
        code.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim(),
      ]);
    }),
);

const examples = blocks.filter(
  ({ language, code }) => language === 'ts' && ![...adapted.values()].includes(code.trim()),
);

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

// ---- What the examples take for granted

/** A captured duplicate of MariaDB, with the key that the README has. */
function duplicate(): Error {
  const error = captured('mysql2/mariadb-10/unique') as Error & { sqlMessage: string };
  error.message = error.message.replace('users_email_key', 'users_email');
  error.sqlMessage = error.message;
  return error;
}

/** A repository as an application has it; nothing can be created twice. */
class Users {
  async create(): Promise<never> {
    throw duplicate();
  }
}

const rules = { users_email: { fields: ['email'], detail: 'This address is taken.' } };

/** What an answer is made of, whoever sends it. */
interface Sent {
  status?: number;
  headers?: Record<string, string>;
  text?: string;
  /** Given on to the framework. */
  passed?: unknown;
}

/** A reply of Fastify. */
class Reply implements Sent {
  status?: number;
  headers?: Record<string, string>;
  text?: string;
  passed?: unknown;

  readonly methods = {
    code: (status: number) => this.set({ status }),
    headers: (headers: Record<string, string>) => this.set({ headers }),
    hasHeader: () => false,
    send: (text: string) => this.set({ text }),
  };

  private set(sent: Sent): unknown {
    Object.assign(this, sent);
    return this.methods;
  }
}

type Handler = (error: unknown) => Promise<Sent>;

/** What an example gave. */
interface Outcome {
  readonly thrown?: unknown;
  /** Error handlers that it registered. */
  readonly handlers: readonly Handler[];
  /** Its own repository, or the one of the surroundings. */
  readonly users: Users;
  readonly conflicts: library.Conflicts;
}

const MODULES: Readonly<Record<string, object>> = {
  'db-http-errors': library,
  'db-http-errors/drivers/postgres': postgres,
  'db-http-errors/frameworks/fastify': fastify,
  'better-sqlite3': { default: Database },
};

/** Runs an example as a module in its surroundings; `// →` and `// throws` are expectations. */
async function run({ code, line }: Block): Promise<Outcome> {
  const handlers: Handler[] = [];
  const request = { method: 'PUT', headers: { 'if-match': '"v3"' }, log: { error: () => {} } };
  const surroundings: Record<string, unknown> = {
    ...library,
    Users,
    rules,
    request,
    pool: {},
    users: new Users(),
    error: duplicate(),
    thrown: library.conflict('version_mismatch', { current_version: 'v4' }),
    conflicts: library.defineConflicts({ rules }),
    translated: () => 'translated',
    console: { error: () => {} },
    app: {
      setErrorHandler(handler: (error: unknown, request: object, reply: object) => unknown) {
        handlers.push(async (error) => {
          const reply = new Reply();
          try {
            await handler(error, request, reply.methods);
          } catch (passed) {
            reply.passed = passed;
          }
          return reply;
        });
      },
      register(plugin: (app: object, options: object) => void, options: object) {
        plugin(surroundings.app as object, options);
      },
    },
    same: (actual: unknown, expected: unknown) => expect(actual, `README.md:${line}`).toEqual(expected),
    refused: (action: () => unknown, complaint: string) => {
      let thrown: unknown;
      try {
        action();
      } catch (error) {
        thrown = error;
      }
      expect(String(thrown), `README.md:${line}`).toBe(complaint);
    },
    modules: MODULES,
  };
  const names = Object.keys(surroundings);
  const { code: script } = transformSync(withExpectations(code), { loader: 'ts', target: 'node20' });
  const body = `{ ${withoutImports(script)}\nreturn { users, conflicts }; }`;
  const AsyncFunction = Object.getPrototypeOf(run).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<Pick<Outcome, 'users' | 'conflicts'>>;
  try {
    const own = await new AsyncFunction(...names, body)(...names.map((name) => surroundings[name]));
    return { ...own, handlers };
  } catch (thrown) {
    if (!library.isConflict(thrown)) throw thrown;
    return {
      thrown,
      handlers,
      users: surroundings.users as Users,
      conflicts: surroundings.conflicts as library.Conflicts,
    };
  }
}

/** Turns a statement and the comment about its result into a comparison. */
function withExpectations(code: string): string {
  return code
    .replace(/^(.+);\n\/\/ → (.+)$/gm, 'same($1, ($2));')
    .replace(
      /^(.+);\n\/\/ throws (.+)$/gm,
      (_, statement, text) => `refused(() => ${statement}, ${JSON.stringify(text)});`,
    );
}

/** Imports as destructuring of what is there. */
function withoutImports(code: string): string {
  return code
    .replace(/^import (\w+) from ["'](.+)["'];$/gm, "const { default: $1 } = modules['$2'];")
    .replace(/^import (\{.*\}) from ["'](.+)["'];$/gm, "const $1 = modules['$2'];");
}

/** What an example lets out: what it threw, or how its handler answers what its repository throws. */
async function answerOf(example: Block): Promise<Sent> {
  const { thrown, handlers, users } = await run(example);
  if (library.isConflict(thrown)) return sent(thrown);
  const [handle] = handlers;
  if (handle === undefined) throw new Error(`Expected README.md:${example.line} to throw or to handle an error`);
  return handle(await users.create().catch((error) => error));
}

function sent(error: library.ConflictError): Sent {
  return { status: error.status, headers: error.headers, text: JSON.stringify(error) };
}

const withoutInstance = (text: string): string => text.replace(/urn:uuid:[0-9a-f-]{36}/, 'urn:uuid');

/** The same document without spaces: the members in their order. */
const compact = (json: string): string => withoutInstance(JSON.stringify(JSON.parse(json)));

/** All code of a text. */
function codeIn(text: string): string[] {
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code = '']) => code.trim());
}

describe('the examples of adapters and guides', () => {
  test('are those that the matrix runs, each under its title', () => {
    const sections = README.matchAll(/^### (.+)\n[\s\S]*?^```ts\n([\s\S]*?)^```$/gm);
    const shown = Array.from(sections, ([, title, code = '']): [string, string] => [title as string, code.trim()]);
    expect(shown.length).toBeGreaterThan(20);
    for (const [title, code] of shown) expect(code, title).toBe(adapted.get(title));
  });

  test('are shown, all of them', () => {
    const shown = [README, ...GUIDES].flatMap(codeIn);
    const missing = [...adapted].filter(([, code]) => !shown.includes(code)).map(([title]) => title);
    expect(missing).toEqual([]);
  });
});

describe('the examples', () => {
  test('are there', () => {
    expect(examples.length).toBeGreaterThan(12);
  });

  test.each(examples)('run: line $line', async (example) => {
    const { handlers, users } = await run(example);
    for (const handle of handlers) {
      const error = await users.create().catch((thrown) => thrown);
      const answer = await handle(error);
      expect(answer).toMatchObject({
        status: 409,
        headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
      });
      expect(JSON.parse(answer.text as string)).toMatchObject({ code: 'duplicate', errors: [{ pointer: '#/email' }] });
    }
  });

  test.each(examples.filter(({ code }) => /app\./.test(code)))(
    'answer no other error with its text: line $line',
    async (example) => {
      const { handlers } = await run(example);
      const other = captured('mysql2/mariadb-10/syntax-error');
      for (const handle of handlers) {
        const { text, passed } = await handle(other);
        expect(text ?? '').not.toContain('SQL');
        expect([undefined, other]).toContain(passed);
      }
    },
  );

  const answered = blocks.flatMap((block, at) => {
    const before = blocks[at - 1];
    return before?.language === 'ts' && /^(json|http)$/.test(block.language) ? [{ block, example: before }] : [];
  });

  test.each(answered)('give the document that follows: line $block.line', async ({ block, example }) => {
    const answer = await answerOf(example);
    const [head = '', body = ''] = block.language === 'http' ? block.code.split('\n\n') : ['', block.code];
    expect(withoutInstance(answer.text ?? '')).toBe(compact(body));
    if (head === '') return;
    const [line, ...headers] = head.split('\n');
    expect(line).toBe(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status ?? 0]}`);
    const sort = (entries: [string, string][]): object =>
      Object.fromEntries(entries.map(([a, b]) => [a.toLowerCase(), b]));
    expect(sort(headers.map((header) => header.split(': ') as [string, string]))).toEqual(
      sort(Object.entries(answer.headers ?? {})),
    );
  });

  test('give every document but the one without the library', () => {
    const documents = blocks.filter(({ language }) => /^(json|http)$/.test(language));
    expect(answered.length).toBe(documents.length - 1);
  });

  test('show what is sent without the library', () => {
    const [without] = blocks;
    expect(answerErrorWithout(duplicate()).status).toBe(500);
    expect(JSON.stringify(answerErrorWithout(duplicate()).body)).toBe(compact(without?.code ?? ''));
  });

  test('of one rule give the same answer on SQLite', async () => {
    const [program] = examples.filter(({ code }) => code.includes('better-sqlite3'));
    const { thrown } = await run(program as Block);
    const document = blocks.find(({ language }) => language === 'http')?.code.split('\n\n')[1];
    expect(withoutInstance(sent(thrown as library.ConflictError).text ?? '')).toBe(compact(document ?? ''));
  });

  describe('compile', () => {
    const folder = mkdtempSync(join(tmpdir(), 'db-http-errors-readme-'));

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    test('as they are', () => {
      const guided = GUIDES.flatMap(codeIn).filter((code) => ![...adapted.values()].includes(code));
      const all = [...examples, ...guided.map((code, at) => ({ code, line: `guide-${at}` }))];
      for (const { code, line } of all) {
        // What is refused when it runs is refused by the compiler, too.
        const refused = code.replace(/^(?=.+;\n\/\/ throws )/gm, '// @ts-expect-error\n').replace(/^export /gm, '');
        // Braces keep the names of the surroundings apart from the example's own.
        const imports = Array.from(code.matchAll(/^import .*$/gm), ([text]) => text).join('\n');
        const module = `${imports}\nexport {};\n{\n${refused.replace(/^import .*$/gm, '')}}\n`;
        writeFileSync(join(folder, `line-${line}.ts`), module);
      }
      writeFileSync(join(folder, 'surroundings.d.ts'), SURROUNDINGS);
      const catalog = '{ "dialect": "postgresql", "constraints": [] }';
      writeFileSync(join(folder, 'catalog.json'), catalog);
      // What the command writes of an empty database.
      writeFileSync(
        join(folder, 'constraints.ts'),
        `export const catalog = ${catalog} as const;\nexport const rules = {};\n`,
      );
      const config = {
        extends: join(ROOT, 'tsconfig.json'),
        compilerOptions: {
          lib: ['es2022', 'dom'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
          types: ['node', 'better-sqlite3'],
          paths: {
            'db-http-errors': [join(ROOT, 'src/index.ts')],
            'db-http-errors/*': [join(ROOT, 'src/*.ts'), join(ROOT, 'src/*/index.ts')],
            'better-sqlite3': [join(ROOT, 'node_modules/@types/better-sqlite3/index.d.ts')],
          },
        },
        include: [folder],
      };
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      let output = '';
      try {
        execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], {
          stdio: 'pipe',
        });
      } catch (error) {
        output = String((error as { stdout: Buffer }).stdout);
      }
      expect(output).toBe('');
    }, 60_000);
  });
});

/** The types of what the examples take for granted. */
const SURROUNDINGS = `
import type * as library from 'db-http-errors';

declare global {
  type Rule = library.Rule;
  const conflict: typeof library.conflict;
  const classify: typeof library.classify;
  const defineConflicts: typeof library.defineConflicts;
  const isConflict: typeof library.isConflict;
  class Users {
    constructor(pool: object);
    create(user: { email: string }): Promise<void>;
  }
  const users: Users;
  const pool: { query(sql: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }> };
  const rules: Record<string, library.Rule>;
  const conflicts: library.Conflicts;
  const error: unknown;
  const thrown: unknown;
  const request: import('node:http').IncomingMessage;
  function translated(word: string, context: library.Context | undefined): string;
  const app: {
    register<Options>(plugin: (app: never, options: Options) => Promise<void>, options: Options): void;
  };
}
`;

/** The rows of the table whose header begins with a cell. */
function table(first: string): string[][] {
  const lines = README.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const rows = lines.slice(head + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const inCode = (cell = ''): string => cell.match(/^`(.+?)`/)?.[1] ?? '';

describe('the table of answers', () => {
  const rows = table('code');

  test('has every code', () => {
    expect(rows.map(([code]) => inCode(code)).sort()).toEqual(Object.keys(CODES).sort());
  });

  test.each(rows)('says what %s is', (code, _when, status, recovery, entry) => {
    const [defaultStatus, defaultRecovery, entryCode] = CODES[inCode(code) as ProblemCode];
    expect([status, inCode(recovery), inCode(entry)]).toEqual([String(defaultStatus), defaultRecovery, entryCode]);
  });
});

describe('the table of facts', () => {
  const FACTS =
    /\b(direction|schema|table|columns|constraint|primaryKey|referencedTable|referencedColumns|condition|retryable)\b/g;
  const DRIVERS = [
    { driver: 'pg', engine: 'postgresql', codes: SQLSTATES },
    { driver: 'mysql2', engine: 'mysql', codes: ERRNOS },
    { driver: 'mysql2', engine: 'mariadb', codes: ERRNOS },
    { driver: 'better-sqlite3', engine: 'sqlite', codes: RESULT_CODES },
  ];
  const rows = table('kind');

  test('has every kind', () => {
    const kinds = new Set(DRIVERS.flatMap(({ codes }) => [...codes.values()]));
    expect(new Set(rows.map(([kind]) => inCode(kind)))).toEqual(kinds);
  });

  test.each(rows)('says what is known of %s', (kind, ...cells) => {
    const direction = kind?.includes('missing') ? 'parent_missing' : 'still_referenced';
    for (const [at, { driver, engine, codes }] of DRIVERS.entries()) {
      const cell = cells[at] ?? '';
      const where = `${kind} of ${engine}: ${cell}`;
      const violations = fixtures(driver).flatMap(({ violation, captured: from }) => {
        if (from.engine !== engine || violation?.kind !== inCode(kind)) return [];
        // SQLite's references without a direction stand in the first of the two rows.
        return !('direction' in violation || engine === 'sqlite') ||
          violation.kind !== 'foreign_key_violation' ||
          (violation.direction ?? 'parent_missing') === direction
          ? [violation]
          : [];
      });
      const exists = [...codes.values()].includes(inCode(kind) as never);
      if (cell === '–') expect(violations, where).toEqual([]);
      else expect(exists, where).toBe(true);
      if (violations.length === 0) continue;
      const found = new Set(
        violations.flatMap((violation) => Object.keys(violation).filter((key) => key.match(FACTS))),
      );
      const said = cell.startsWith('the kind') ? [] : cell.match(FACTS);
      expect(new Set(said), where).toEqual(found);
    }
  });

  test('is about the servers that errors are captured from', () => {
    const folders = new Set(
      ['pg', 'mysql2', 'better-sqlite3'].flatMap((driver) => fixtures(driver).map(({ name }) => name.split('/')[0])),
    );
    expect([...folders].sort()).toEqual(
      ['mariadb-10', 'mysql-9', 'postgresql-15']
        .flatMap((server) => ['', '-de', '-fr', '-ja', '-ru'].map((language) => server + language))
        .concat('postgresql-18', 'sqlite-3')
        .sort(),
    );
  });
});

describe('the text', () => {
  test('names every option', () => {
    const source = readFileSync(join(ROOT, 'src/define-conflicts.ts'), 'utf8');
    const [options = ''] = source.match(/interface ConflictsOptions[ <][\s\S]*?^}/m) ?? [];
    const names = Array.from(options.matchAll(/^ {2}readonly (\w+)\?:/gm), ([, name]) => name);
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(README).toContain(`${name}`);
  });

  test('names the places where wrappers keep what they caught', () => {
    const source = readFileSync(join(ROOT, 'src/causes.ts'), 'utf8');
    const [wrapper = ''] = source.match(/interface Wrapper [\s\S]*?^}/m) ?? [];
    const known = Array.from(wrapper.matchAll(/readonly (\w+)\?:/g), ([, name]) => name);
    const [, sentence = ''] = README.match(/It is found in ([^:]+):/) ?? [];
    expect(Array.from(sentence.matchAll(/`(\w+)`/g), ([, name]) => name)).toEqual(known);
  });

  test('shows the test of a driver as it is', () => {
    const [, code = ''] = CONTRIBUTING.match(/^```ts\n([\s\S]*?)^```$/m) ?? [];
    expect(code).toBe(readFileSync(join(ROOT, 'test/drivers/pg.test.ts'), 'utf8'));
  });
});

describe('the figures', () => {
  test('are those of the last benchmark', () => {
    const rows = Array.from(
      readFileSync(join(ROOT, 'bench/README.md'), 'utf8').matchAll(/^\| P\d+ +\| (.+?) +\| ([\d.]+)/gm),
      ([, what = '', median]) => ({ what, median: Number(median) }),
    );
    const found = (end: string) => rows.filter(({ what }) => what.endsWith(end)).map(({ median }) => median);
    const translate = found('translate, with rules / bare Error').map((median) => median.toFixed(2));
    const [sooner = 0] = found('db-errors + http-errors, to text / ours').sort((a, b) => a - b);
    const [pass = 0] = found('TypeError: translate');
    const [get = 0] = found('get(): wrapped / bare');
    translate.sort();
    const [, numbers = ''] = /<!-- numbers -->([\s\S]*)<!-- \/numbers -->/.exec(README) ?? [];
    // The last one is the version of Node.
    expect(numbers.match(/\d+(?:\.\d+)?/g)?.slice(0, -1)).toEqual([
      ...[translate[0], translate.at(-1), String(Math.floor(sooner))],
      ...[String(Math.round(pass)), get.toFixed(2)],
    ]);
  });
});

describe('the promises', () => {
  test.each(table('promise'))('%s', (_promise, link = '') => {
    const [, title = '', path = ''] = link.match(/^\[(.+)\]\((.+)\)$/) ?? [];
    expect(title).not.toBe('');
    expect(readFileSync(join(ROOT, path), 'utf8')).toContain(`'${title}'`);
  });
});

/** The headings of a text as links name them. */
function headingsOf(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each([
  ['README.md', README],
  ['CONTRIBUTING.md', CONTRIBUTING],
])('%s', (_name, text) => {
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);

  test('has links that lead somewhere', () => {
    for (const target of links.filter((link) => !/^https?:/.test(link))) {
      const [path = '', heading] = target.split('#');
      if (path !== '') expect(existsSync(join(ROOT, path)), target).toBe(true);
      if (heading === undefined) continue;
      expect(headingsOf(path === '' ? text : readFileSync(join(ROOT, path), 'utf8')), target).toContain(heading);
    }
  });

  test('names scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = Array.from(text.matchAll(/npm (?:run ([\w:]+)|(start|test))\b/g), ([, a, b]) => a ?? b);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  test('names files that exist', () => {
    const named = Array.from(
      text.matchAll(/`((?:src|test|fixtures|examples|bench)\/[\w./-]+)`/g),
      ([, path = '']) => path,
    );
    for (const path of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});
