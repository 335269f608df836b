import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { fromRoot, rootUrl } from '../from-root.js';
import { row } from '../measure.js';

const { build } = fromRoot('esbuild');

/** P15: what a bundle grows by, minified and gzipped. */
export default async function () {
  const entries = [
    ['the root, without http-errors', 'index', ['http-errors'], 6],
    ['the root, with http-errors', 'index', [], 10.5],
    ['drivers/pg', 'drivers/pg', [], 1.5],
    ['drivers/mysql2', 'drivers/mysql2', [], 1.5],
    ['drivers/better-sqlite3', 'drivers/better-sqlite3', [], 1.5],
  ];
  const rows = [];
  for (const [what, entry, external, atMost] of entries) {
    const { text, inputs } = await bundle(entry, external);
    rows.push(row('P15', `${what}, gzipped`, gzipSync(text, { level: 9 }).length / 1000, 'kB', { atMost }));
    if (process.env.SIZES) {
      for (const [path, { bytesInOutput }] of inputs) console.error(`${entry} ${path} ${bytesInOutput}`);
    }
  }
  return rows;
}

async function bundle(entry, external) {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(rootUrl(`dist/${entry}.js`))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    external,
  });
  const [output] = Object.values(metafile.outputs);
  return { text: outputFiles[0].contents, inputs: Object.entries(output.inputs) };
}
