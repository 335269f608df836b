import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readExcerpts } from '../examples/web/excerpts.ts';
import { titleOf, toHtml } from '../examples/web/markdown.ts';
import { servePage } from '../examples/web/serve.ts';
import { CODES, type ProblemCode, toProblem } from '../src/problem.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DOCS = join(ROOT, 'docs');

const { merge } = (await import(join(ROOT, 'examples/web/merge.js'))) as {
  merge(base: string, theirs: string, mine: string): { text: string; undecided: number };
};

const codes = Object.keys(CODES) as ProblemCode[];
const files = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));

describe('a document for each problem type', () => {
  test('and none that is for no code', () => {
    const names = readdirSync(join(DOCS, 'problems')).sort();
    expect(names).toEqual(codes.map((code) => `${code.replaceAll('_', '-')}.md`).sort());
  });

  test.each(codes)('%s says what the code says', (code) => {
    const [status, recovery, , title, detail] = CODES[code];
    const text = readFileSync(join(DOCS, 'problems', `${code.replaceAll('_', '-')}.md`), 'utf8');
    expect(titleOf(text)).toBe(title);
    expect(text).toContain(`\n| \`${code}\` | ${status} | \`${recovery}\` | ${recovery === 'retry'} |\n`);
    expect(text).toContain(`“${detail}”`);
    expect(Array.from(text.matchAll(/^## (.+)$/gm), ([, heading]) => heading)).toEqual([
      'What the client does',
      'What the server does',
    ]);
    expect(text.includes('`Retry-After`')).toBe(recovery === 'retry');
  });
});

describe.each(files)('docs/%s', (file) => {
  const text = readFileSync(join(DOCS, file), 'utf8');

  test('has one title, and links that lead somewhere', () => {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
    expect(prose.match(/^# /gm)).toHaveLength(1);
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(?:https?:|#)/.test(target)) continue;
      const [path = ''] = target.split('#');
      expect(existsSync(join(DOCS, dirname(file), path)), target).toBe(true);
    }
  });
});

test('the guide to status codes has a row for each', () => {
  const text = readFileSync(join(DOCS, 'status-codes.md'), 'utf8');
  const named = Array.from(text.matchAll(/^\|.*\*\*(\d+)\*\*/gm), ([, status]) => Number(status)).sort();
  expect(named).toEqual([400, 401, 403, 404, 405, 409, 412, 422, 428, 429, 503]);
});

test('the guide to the client has each code beside its recovery', () => {
  const text = readFileSync(join(DOCS, 'client.md'), 'utf8');
  const rows = Array.from(text.matchAll(/^\| `(\w+)` \| (`.+`) \| (?!what)/gm), ([, recovery, names = '']) => [
    recovery,
    Array.from(names.matchAll(/`(\w+)`/g), ([, code]) => code),
  ]);
  const recoveries = ['change_input', 'refetch_and_retry', 'retry', 'none'];
  expect(rows).toEqual(recoveries.map((each) => [each, codes.filter((code) => CODES[code][1] === each)]));
});

test('the index leads to every guide, every recipe and the problem types', () => {
  const text = readFileSync(join(DOCS, 'README.md'), 'utf8');
  const targets = Array.from(text.matchAll(/\]\(([^)#]+)/g), ([, target]) => target as string);
  const wanted = files.filter((name) => name !== 'README.md' && !name.startsWith('problems'));
  expect(wanted.filter((name) => !targets.includes(name))).toEqual([]);
  expect(targets).toContain('problems');
});

test('every function of the recipes is called by a test', () => {
  const sources = ['test/recipes', 'test/live', 'test/concurrency'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
  /** `import { a, b as c } from '…/file.ts'` as `file.ts: a`, where the name by which it is known is called. */
  const called = new Set(
    sources.flatMap((source) =>
      Array.from(source.matchAll(/import \{([^}]*)\} from '[./]*(?:recipes\/)?([\w-]+\.ts)'/g)).flatMap(
        ([, names = '', file]) =>
          names.split(',').flatMap((each) => {
            const [name = '', alias = name] = each.trim().split(' as ');
            const uses = source.match(new RegExp(`\\b${alias || '$'}\\b`, 'g')) ?? [];
            return uses.length > 1 ? [`${file}: ${name}`] : [];
          }),
      ),
    ),
  );
  const folder = join(ROOT, 'test/recipes');
  const shown = readdirSync(folder).flatMap((file) => {
    const code = Array.from(
      readFileSync(join(folder, file), 'utf8').matchAll(/^\/\/ #region [\s\S]*?^\/\/ #endregion/gm),
      ([region]) => region,
    ).join('\n');
    return Array.from(code.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm), ([, name]) => `${file}: ${name}`);
  });
  expect(shown.length).toBeGreaterThan(20);
  expect(shown.filter((name) => !called.has(name))).toEqual([]);
});

describe('the page of the demo', () => {
  test.each(['SQLite 3', 'PostgreSQL 18', 'MySQL 9', 'MariaDB 11'])('shows code that runs on %s', async (engine) => {
    const excerpts = await readExcerpts(engine);
    const page = readFileSync(join(ROOT, 'examples/web/index.html'), 'utf8');
    const sections = Array.from(page.matchAll(/<section id="([\w-]+)"/g), ([, id]) => id as string);
    expect(sections.length).toBe(6);
    for (const id of sections) {
      expect(excerpts[id]?.length, id).toBeGreaterThan(0);
      for (const { file, code } of excerpts[id] ?? []) {
        const source = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^ +/gm, '');
        expect(source).toContain(code.replaceAll(/^ +/gm, ''));
        expect(code.length).toBeGreaterThan(20);
      }
    }
  });

  test('answers every type with its document', async () => {
    const listener: RequestListener = (_request, response) => response.writeHead(404).end();
    const server = createServer(await servePage('SQLite 3', listener)).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const code of codes) {
        const { type, title } = toProblem(code, CODES[code][0], {}, '/problems/');
        const response = await fetch(origin + type);
        expect(response.status, type).toBe(200);
        expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
        expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(await response.text()).toContain(`<title>${title} · db-http-errors</title>`);
      }
      const index = await (await fetch(`${origin}/docs/`)).text();
      expect(index).toContain('<a href="/problems/">');
      expect(index).toContain('<a href="/docs/recipes/duplicates">');
      expect((await fetch(`${origin}/problems/duplicate`, { method: 'POST' })).status).toBe(404);
      expect((await fetch(`${origin}/problems/toString`)).status).toBe(404);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('escapes what a document says', () => {
    const html = toHtml(
      '# A `<b>` & "c"\n\n[x](y"z) *<script>* 2 * 3 * 4\n\n```\n<i>\n```\n\n| a |\n| --- |\n| <u> [b_c](d_e) |',
      (to) => to,
    );
    expect(html).toBe(
      [
        '<h1 id="a-b--c">A <code>&lt;b&gt;</code> &amp; &quot;c&quot;</h1>',
        '<p><a href="y&quot;z">x</a> <em>&lt;script&gt;</em> 2 * 3 * 4</p>',
        '<pre tabindex="0"><code>&lt;i&gt;</code></pre>',
        '<div class="table" role="region" aria-label="Table" tabindex="0"><table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>&lt;u&gt; <a href="d_e">b_<wbr>c</a></td></tr></tbody></table></div>',
      ].join('\n'),
    );
  });

  test.each([
    ['a\nb\nc', 'A\nb\nc', 'a\nb\nC', 'A\nb\nC', 0],
    ['a\nb', 'a\nb', 'a\nB', 'a\nB', 0],
    ['a\nb', 'a\nX', 'a\nY', 'a\nX\nY', 1],
    ['a', 'a\nb', 'a', 'a\nb', 0],
    ['a\nb', 'a', 'a\nb', 'a', 0],
    ['a', 'A', 'A', 'A', 0],
  ])('merges %j, changed to %j and %j', (base, theirs, mine, text, undecided) => {
    expect(merge(base, theirs, mine)).toEqual({ text, undecided });
  });
});
