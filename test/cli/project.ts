import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/.bin/tsc');

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's project: this package as it is built, and the drivers. */
export interface Project {
  readonly folder: string;
  /** Writes a file, and gives its path. */
  write(file: string, text: string): string;
  /** Runs the command in the project's folder. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Checks files with the real compiler, and gives what it says. */
  compile(...files: string[]): Promise<Ended>;
  remove(): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Another folder to be in. */
  readonly cwd?: string;
}

const DRIVERS = ['pg', 'mysql2', 'better-sqlite3'];

export async function makeProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'db-http-errors-cli-'));
  const installed = join(folder, 'node_modules/db-http-errors');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  // What does not compile is another test's business.
  const args = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(installed, 'dist')];
  await promisify(execFile)(TSC, args, { cwd: ROOT });
  for (const name of [...DRIVERS, 'http-errors', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const main = join(installed, 'dist/cli/main.js');

  const write = (file: string, text: string): string => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    return file;
  };
  write('package.json', '{ "type": "module" }');

  return {
    folder,
    write,
    run: (args, { env, input = '', cwd = folder } = {}) =>
      start(process.execPath, [main, ...args], { cwd, env: { NODE_ENV: 'test', ...env }, input }),
    compile(...files) {
      const options = {
        target: 'es2022',
        lib: ['es2022'],
        module: 'nodenext',
        types: ['node'],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        isolatedDeclarations: true,
        declaration: true,
        erasableSyntaxOnly: true,
        noUnusedLocals: true,
        noEmit: true,
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions: options, files }));
      return start(TSC, ['-p', folder, '--pretty', 'false'], { cwd: folder, env: {}, input: '' });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface StartOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

function start(file: string, args: readonly string[], { cwd, env, input }: StartOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(file, args, { cwd, env: { PATH, HOME, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}
