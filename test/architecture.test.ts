import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// A file imports only from earlier layers. The tree says which layer a file is in: adding a driver, a framework or an
// ORM changes nothing here.

/** Layers, first to last. A name that ends with a slash is a folder. */
const LAYERS: readonly (readonly string[])[] = [
  ['violation', 'context'],
  ['translator', 'causes', 'problem', 'entity-tag', 'graphql-error', 'dialects/facts'],
  ['sqlstate', 'policy', 'constraints'],
  ['dialects/', 'validate'],
  ['drivers/', 'conflict', 'conflict-error', 'optimistic-lock', 'wrap'],
  ['built-in'],
  ['define-conflicts'],
  ['answer'],
  ['transactions'],
  ['frameworks/', 'orms/', 'catalog/', 'concurrency/', 'retry/', 'idempotency/', 'client/', 'logging', 'openapi'],
  ['index', 'cli/'],
];

/** Who may import a layer's neighbours only in part. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  // The facts know no HTTP.
  'dialects/': ['violation', 'translator', 'sqlstate', 'dialects/facts'],
  'dialects/facts': ['violation'],
  'drivers/': ['violation', 'translator', 'dialects/', 'dialects/facts'],
  sqlstate: ['translator'],
  translator: ['violation'],
  causes: [],
  'built-in': ['translator', 'drivers/'],
  // The public words know no driver.
  problem: [],
  policy: ['context', 'problem', 'violation'],
  constraints: ['context', 'translator', 'violation'],
  validate: ['policy', 'problem'],
  conflict: ['context', 'problem', 'validate'],
  'entity-tag': [],
  'graphql-error': [],
  'conflict-error': ['entity-tag', 'problem', 'violation', 'http-errors'],
  // Wrapping knows neither.
  wrap: [],
  'optimistic-lock': [],
  // What leaves the process is put together in one place.
  'frameworks/': ['answer', 'conflict-error', 'context', 'define-conflicts', 'graphql-error'],
  // The client runs in a browser and shares nothing but types.
  'client/': ['problem'],
};

/** One thing in several files, which may import each other. */
const FOLDERS: readonly string[] = ['catalog/', 'concurrency/', 'retry/', 'idempotency/', 'client/', 'cli/'];

/** The packages that a file outside of any rule may import, and the files that may. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = { 'http-errors': ['conflict-error'] };

/** What belongs to the core: no Node API, so that it runs wherever JavaScript does. */
const CORE = LAYERS.slice(0, 8).flat().concat('index');

interface SourceFile {
  /** Path in src/ without the extension. */
  readonly name: string;
  readonly text: string;
}

/** Each broken rule as a sentence. */
function violations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ name, text }) => {
    const own = memberOf(name);
    if (own === undefined) return [`${name} is in no layer`];
    return importsOf(text).flatMap((specifier) => {
      const target = resolve(name, specifier);
      if (target === undefined) {
        if (PACKAGES[specifier]?.includes(own)) return [];
        if (specifier.startsWith('node:') && !CORE.includes(own)) return [];
        return [`${name} imports ${specifier}`];
      }
      const member = memberOf(target);
      if (member === undefined) return [`${name} imports ${target}, which is in no layer`];
      if (member === own && FOLDERS.includes(own)) return [];
      if (layerOf(member) >= layerOf(own)) return [`${name} imports ${target}, which is of no earlier layer`];
      if (ONLY[own] && !ONLY[own].includes(member)) return [`${name} imports ${target}, which it is not to know`];
      return [];
    });
  });
}

/** The member of a layer that a file is: itself, or its folder. */
function memberOf(name: string): string | undefined {
  const all = LAYERS.flat();
  return all.find((member) => member === name) ?? all.find((member) => member.endsWith('/') && name.startsWith(member));
}

function layerOf(member: string): number {
  return LAYERS.findIndex((layer) => layer.includes(member));
}

/** Everything that a file names in an import or export, a type or a dynamic import included. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/(?:(?<=[\s}*])from|(?<!\.)\bimport\s*\(?|(?<!\.)\brequire\s*\()\s*(['"])([^'"\n]+)\1/g);
  return Array.from(found, ([, , specifier = '']) => specifier);
}

/** The path in src/ of a relative specifier. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1).replace(/\.ts$/, '');
}

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));

const sources: SourceFile[] = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({
    name: path.slice(0, -'.ts'.length).replaceAll('\\', '/'),
    text: readFileSync(`${SOURCE}${path}`, 'utf8'),
  }));

describe('the sources', () => {
  test('import only from earlier layers, and only what they are to know', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(violations(sources)).toEqual([]);
  });

  test('take no line of theirs out of coverage or out of mutants', () => {
    const ignoring = sources.filter(({ text }) => /\b(?:v8|c8|istanbul) ignore\b|\bStryker disable\b/.test(text));
    expect(ignoring.map(({ name }) => name)).toEqual([]);
  });

  test('name http-errors in one file', () => {
    expect(sources.filter(({ text }) => importsOf(text).includes('http-errors')).map(({ name }) => name)).toEqual([
      'conflict-error',
    ]);
  });

  test('name no package that is no dependency', () => {
    const { dependencies } = JSON.parse(readFileSync(`${SOURCE}../package.json`, 'utf8')) as { dependencies: object };
    const named = sources.flatMap(({ text }) => importsOf(text)).filter((specifier) => !/^(\.|node:)/.test(specifier));
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(named));
  });

  test('import each other with the extension of the source', () => {
    const relative = sources.flatMap(({ text }) => importsOf(text)).filter((specifier) => specifier.startsWith('.'));
    expect(relative.length).toBeGreaterThan(40);
    expect(relative.filter((specifier) => !/\.ts$/.test(specifier))).toEqual([]);
  });

  test('use no global of Node in the core without looking whether it is there', () => {
    const core = sources.filter(({ name }) => CORE.includes(memberOf(name) ?? ''));
    const NODE = /(?<![.\w])(Buffer|__dirname|__filename|require|setImmediate|global|process)(?=[.([])/;
    const uses = core.filter(({ text }) => NODE.test(text.replace(/\/\*[\s\S]*?\*\//g, '')));
    expect(uses.map(({ name }) => name)).toEqual([]);
  });
});

describe('the check of the dependency rule', () => {
  const plant = (name: string, text: string): string[] => violations([{ name, text }]);

  test.each([
    ['drivers/new', "import { pg } from './pg.ts';", 'drivers/new imports drivers/pg, which is of no earlier layer'],
    [
      'drivers/new',
      "import type { Problem } from '../problem.ts';",
      'drivers/new imports problem, which it is not to know',
    ],
    ['drivers/new', "import type { Pool } from 'pg';", 'drivers/new imports pg'],
    ['drivers/new', "import { readFile } from 'node:fs';", 'drivers/new imports node:fs'],
    ['drivers/new', "const pg = await import('pg');", 'drivers/new imports pg'],
    ['drivers/new', "type Pool = import('pg').Pool;", 'drivers/new imports pg'],
    ['drivers/new', "const pg = require('pg');", 'drivers/new imports pg'],
    ['drivers/new', "import 'pg';", 'drivers/new imports pg'],
    ['drivers/new', "export { Pool } from 'pg';", 'drivers/new imports pg'],
    ['drivers/new', "import {\n  a,\n  b,\n} from 'pg';", 'drivers/new imports pg'],
    ['dialects/new', "import '../policy.ts';", 'dialects/new imports policy, which it is not to know'],
    ['frameworks/new', "import type { Request } from 'express';", 'frameworks/new imports express'],
    ['frameworks/new', "import createError from 'http-errors';", 'frameworks/new imports http-errors'],
    [
      'orms/new',
      "import '../frameworks/express.ts';",
      'orms/new imports frameworks/express, which is of no earlier layer',
    ],
    ['retry/new', "import { translate } from '../index.ts';", 'retry/new imports index, which is of no earlier layer'],
    ['client/new', "import '../conflict-error.ts';", 'client/new imports conflict-error, which it is not to know'],
    [
      'policy',
      "import type { Translator } from './translator.ts';",
      'policy imports translator, which it is not to know',
    ],
    ['violation', "import './context.ts';", 'violation imports context, which is of no earlier layer'],
    ['helpers', '', 'helpers is in no layer'],
    ['index', "export * from './helpers.ts';", 'index imports helpers, which is in no layer'],
  ])('catches %s with %j', (name, text, sentence) => {
    expect(plant(name, text)).toEqual([sentence]);
  });

  test.each([
    ['drivers/new', "import { isError, type Translator } from '../translator.ts';"],
    ['drivers/new', "import { postgresqlViolation } from '../dialects/postgresql.ts';"],
    ['drivers/new', "// import { Pool } from 'pg';\n/** import { Pool } from 'pg' */"],
    ['frameworks/new', "import { unbound } from '../define-conflicts.ts';"],
    ['orms/new', "import { causes } from '../causes.ts';"],
    ['drivers/new', "const bytes = Uint8Array.from('text'); loader.import('pg');"],
    ['cli/new', "import { readFile } from 'node:fs/promises';"],
    ['index', "export { defineConflicts } from './define-conflicts.ts';"],
  ])('lets %s have %j', (name, text) => {
    expect(plant(name, text)).toEqual([]);
  });
});
