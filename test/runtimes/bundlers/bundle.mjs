import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import nodeResolve from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';

// node bundle.mjs <bundler> <entry> <output>: one ES module for Node, minified where the bundler does that itself.

const [bundler, entry, output] = process.argv.slice(2);

const BUNDLERS = {
  async esbuild() {
    // http-errors is CommonJS and asks for `util` by require().
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    const options = { bundle: true, minify: true, platform: 'node', format: 'esm', target: 'es2022', banner };
    await esbuild.build({ ...options, entryPoints: [entry], outfile: output });
  },
  async rollup() {
    const plugins = [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs(), json()];
    const bundle = await rollup({ input: entry, plugins, external: [/^node:/, 'util'] });
    await bundle.write({ file: output, format: 'es' });
    await bundle.close();
  },
  webpack: () =>
    new Promise((resolve, reject) => {
      const options = {
        ...{ mode: 'production', target: 'node20', entry, experiments: { outputModule: true } },
        output: { path: dirname(output), filename: basename(output), module: true, chunkFormat: 'module' },
      };
      webpack(options, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
        else resolve();
      });
    }),
};

await BUNDLERS[bundler]();
const manifest = new URL(`./node_modules/${bundler}/package.json`, import.meta.url);
console.log(`${bundler} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`);
