import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeHttpConflicts } from '../../src/frameworks/node-http.ts';
import { conflict } from '../../src/index.ts';
import { executable, startBrowser } from './chromium.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A page as somebody writes it by hand: the files of the package as they are, no bundler and no import map. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>waiting</title>
<link rel="icon" href="data:,">
<script type="module">
  import { fieldErrors, isRecoverable, parseConflict, resolveConflict } from '/client/index.js';
  const conflict = await parseConflict(await fetch('/users', { method: 'POST' }));
  const { status } = await resolveConflict(({ headers }) => fetch('/busy', { method: 'POST', headers }));
  window.seen = { conflict, fields: fieldErrors(conflict), isRecoverable: isRecoverable(conflict), status };
  document.title = 'done';
</script>`;

/** The one that the documents show. */
const SHOWN = /^```html\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'docs/client.md'), 'utf8'))?.[1] ?? '';

describe.skipIf(executable === undefined)('a plain page without a bundler', () => {
  let browser: Browser;
  let server: Server;
  let folder: string;
  const keys: unknown[] = [];
  const loaded: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
    folder = mkdtempSync(join(tmpdir(), 'db-http-errors-plain-'));
    execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', folder], { cwd: ROOT });
    const handle = nodeHttpConflicts()((request, response) => {
      const path = request.url ?? '/';
      if (path === '/') return response.setHeader('Content-Type', 'text/html').end(PAGE);
      if (path === '/shown') return response.setHeader('Content-Type', 'text/html').end(`<!doctype html>${SHOWN}`);
      if (path === '/users')
        throw conflict('duplicate', { fields: ['email'], detail: 'Taken.', instance: 'urn:uuid:1' });
      if (path === '/busy') {
        if (keys.push(request.headers['idempotency-key']) === 1) throw conflict('busy', { retry_after: 0 });
        return response.end('{}');
      }
      if (!path.startsWith('/client/')) return response.writeHead(404).end();
      loaded.push(path);
      return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(join(folder, path)));
    });
    server = createServer(handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('imports the client from a script, and needs nothing else of the package', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.title === 'done', undefined, { timeout: 10_000 }).catch(() => undefined);
    expect(complaints).toEqual([]);
    expect(await page.evaluate(() => (window as unknown as { seen: unknown }).seen)).toEqual({
      conflict: {
        type: 'about:blank',
        title: 'Conflict',
        status: 409,
        detail: 'Taken.',
        instance: 'urn:uuid:1',
        code: 'duplicate',
        errors: [{ pointer: '#/email', code: 'taken' }],
        retryable: false,
        recovery: 'change_input',
      },
      fields: [{ name: 'email', path: ['email'], code: 'taken', message: 'Taken.' }],
      isRecoverable: false,
      status: 200,
    });
    expect([keys.length, typeof keys[0], keys[1] === keys[0]]).toEqual([2, 'string', true]);
    expect(loaded.sort()).toEqual(
      ['adapters', 'conflict', 'fields', 'index', 'recovery'].map((name) => `/client/${name}.js`),
    );
    await page.close();
  });

  test('runs the page of the documents, which shows the message at its field', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/shown`);
    const email = page.getByLabel('E-mail');
    const message = (): Promise<string> => email.evaluate((input: HTMLInputElement) => input.validationMessage);
    await email.fill('ada@example.com');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await expect.poll(message).toBe('Taken.');
    expect(await page.getByRole('alert').textContent()).toBe('');
    await email.fill('free@example.com');
    expect(await message()).toBe('');
    expect(complaints).toEqual([]);
    await page.close();
  });
});
