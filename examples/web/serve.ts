import { readdir, readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { readExcerpts } from './excerpts.ts';
import { escapeHtml, titleOf, toHtml } from './markdown.ts';

const WEB = new URL('./', import.meta.url);
const DOCS = new URL('../../docs/', import.meta.url);
const CLIENT = new URL('../../src/client/index.ts', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
};

/** Where the list of the problem types is. */
const PROBLEMS = '/problems/';

/** Nothing but the page's own files runs, and no text becomes markup. Source: https://www.w3.org/TR/CSP3/ */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
  Vary: 'Accept',
};

interface Resource {
  readonly type: string;
  readonly content: string;
}

/**
 * Puts the web page before the API: `/` for who accepts HTML, `/web/…` and the documents of the problem types.
 *
 * @param engine name and version of the database
 * @param listener answers every other request
 */
export async function servePage(engine: string, listener: RequestListener): Promise<RequestListener> {
  const resources = new Map([...(await readPage(engine)), ...(await readDocuments())]);
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] as string;
    const resource = resources.get(path);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    // The API has an index of its own at this address.
    const asksForHtml = path !== '/' || request.headers.accept?.includes('text/html');
    if (resource === undefined || !reads || !asksForHtml) {
      listener(request, response);
      return;
    }
    const { type, content } = resource;
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) });
    response.end(request.method === 'HEAD' ? undefined : content);
  };
}

/** The files of the page by their path. The sources of the server are none of them. */
async function readPage(engine: string): Promise<Map<string, Resource>> {
  const resources = new Map<string, Resource>();
  for (const name of await readdir(WEB)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const content = await readFile(new URL(name, WEB), 'utf8');
    resources.set(name === 'index.html' ? '/' : `/web/${name}`, { type, content });
  }
  resources.set('/web/client.js', { type: TYPES.js as string, content: await bundleClient() });
  const facts = { engine, excerpts: await readExcerpts(engine) };
  resources.set('/web/facts.json', { type: TYPES.json as string, content: JSON.stringify(facts) });
  return resources;
}

/** `db-http-errors/client` in one file, as a page's own bundler would make it. */
async function bundleClient(): Promise<string> {
  const entryPoints = [fileURLToPath(CLIENT)];
  const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: 'esm', write: false });
  return outputFiles[0]?.text ?? '';
}

/** Every document: `docs/problems/duplicate.md` at `/problems/duplicate`, `docs/status-codes.md` at `/docs/status-codes`. */
async function readDocuments(): Promise<Map<string, Resource>> {
  const names = await readdir(fileURLToPath(DOCS), { recursive: true }).catch(() => []);
  const files = names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
  const addresses = new Map(files.map((file) => [file, addressOf(file)]));
  addresses.set('problems', PROBLEMS);
  const resources = new Map<string, Resource>();
  const titles = new Map<string, string>();
  for (const file of files) {
    const address = addressOf(file);
    const markdown = await readFile(new URL(file, DOCS), 'utf8');
    const title = titleOf(markdown) ?? file;
    titles.set(address, title);
    const body = toHtml(markdown, (target) => {
      if (/^(?:https?:|#)/.test(target)) return target;
      const [path = '', hash] = target.split('#');
      const found = addresses.get(posix.join(posix.dirname(file), path));
      return found && found + (hash === undefined ? '' : `#${hash}`);
    });
    resources.set(address, toDocument(title, body));
  }
  const links = Array.from(titles, ([address, title]) => ({ address, title }))
    .filter(({ address }) => address.startsWith(PROBLEMS))
    .sort((a, b) => a.title.localeCompare(b.title))
    .map(({ address, title }) => `<li><a href="${escapeHtml(address)}">${escapeHtml(title)}</a></li>`)
    .join('');
  resources.set(PROBLEMS, toDocument('Problem types', `<h1>Problem types</h1><ul>${links}</ul>`));
  return resources;
}

function addressOf(file: string): string {
  const name = file.slice(0, -'.md'.length);
  if (name === 'README') return '/docs/';
  return name.startsWith('problems/') ? `/${name}` : `/docs/${name}`;
}

function toDocument(title: string, body: string): Resource {
  const content = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · db-http-errors</title>
<link rel="icon" href="/web/icon.svg">
<link rel="stylesheet" href="/web/style.css">
</head>
<body class="document">
<header><nav class="site" aria-label="Site"><a class="brand" href="/">db-http-errors</a> <a href="/problems/">Problem types</a> <a href="/docs/">Documents</a></nav></header>
<main>
${body}
</main>
</body>
</html>
`;
  return { type: TYPES.html as string, content };
}
