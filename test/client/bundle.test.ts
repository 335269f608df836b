import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

// What a page loads: one small file that needs nothing but a browser.

const FOLDER = fileURLToPath(new URL('../../src/client/', import.meta.url));

interface Bundle {
  readonly code: string;
  /** Bytes, minified and gzipped. */
  readonly size: number;
  /** The sources that it is made of. */
  readonly inputs: readonly string[];
}

async function bundle(contents: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: FOLDER },
    absWorkingDir: FOLDER,
    bundle: true,
    minify: true,
    format: 'esm',
    // Anything of Node, or of a package, would not resolve.
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    logLevel: 'error',
    write: false,
  });
  const { text = '', contents: bytes = new Uint8Array() } = outputFiles[0] ?? {};
  return { code: text, size: gzipSync(bytes, { level: 9 }).length, inputs: Object.keys(metafile.inputs) };
}

/** Runs a module in a context that has what a browser has, and nothing of Node; gives what it reports. */
async function runInBrowser(code: string): Promise<unknown> {
  const script = `
    const vm = require('node:vm');
    const browser = { fetch, Response, Headers, Request, ReadableStream, TextDecoder, AbortController, crypto, setTimeout, clearTimeout };
    const context = vm.createContext({ ...browser, report: (value) => process.stdout.write(value) });
    const module = new vm.SourceTextModule(${JSON.stringify(code)}, { context });
    const nothing = (name) => { throw new Error('imports ' + name) };
    module.link(nothing).then(() => module.evaluate()).catch((error) => { console.error(error); process.exitCode = 1; });
  `;
  const args = ['--no-warnings', '--experimental-vm-modules', '--input-type=commonjs', '-e', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('the client', () => {
  test('is at most 3 kB without the adapters', async () => {
    const { size, inputs } = await bundle(
      "export { conflictOf, fieldErrors, isRecoverable, parseConflict, resolveConflict, retryDelay } from './index.ts';",
    );
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThanOrEqual(3000);
    expect(inputs.filter((input) => input.includes('/') && !input.startsWith('./'))).toEqual([]);
  });

  test('leaves out what nobody imports', async () => {
    expect((await bundle("import './index.ts';")).code).toBe('');
    expect((await bundle("export { retryDelay, isRecoverable } from './index.ts';")).size).toBeLessThan(250);
    expect((await bundle("export { fieldErrors } from './index.ts';")).size).toBeLessThan(350);
    const { code } = await bundle("export { parseConflict } from './index.ts';");
    expect(code).not.toMatch(/Idempotency-Key|afterResponse/);
  });

  test('runs from a script of a page, without anything of Node', async () => {
    const { code } = await bundle(`
      import * as client from './index.ts';
      const problem = { code: 'duplicate', errors: [{ pointer: '#/email', code: 'taken' }], detail: 'Taken.' };
      const conflict = await client.parseConflict(new Response(JSON.stringify(problem), { status: 409 }));
      const busy = { code: 'busy', retry_after: 0, retryable: true, recovery: 'retry' };
      let runs = 0;
      const run = async () => new Response(JSON.stringify(busy), { status: ++runs < 2 ? 503 : 200 });
      const { status } = await client.resolveConflict(run);
      const again = await client.fetchConflicts(run)('/');
      report(JSON.stringify({
        fields: client.fieldErrors(conflict), status, runs, again: again.status,
        node: [typeof process, typeof Buffer, typeof global],
      }));
    `);
    expect(await runInBrowser(code)).toEqual({
      fields: [{ name: 'email', path: ['email'], code: 'taken', message: 'Taken.' }],
      status: 200,
      runs: 3,
      again: 200,
      node: ['undefined', 'undefined', 'undefined'],
    });
  });
});
