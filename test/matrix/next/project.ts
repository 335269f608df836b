import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('./', import.meta.url));

/** A copy of the app: Next.js writes into the folder that it runs in, and two cannot develop in one. */
export function copyApp(name: string): string {
  const folder = `${PROJECT}.run/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(`${PROJECT}app`, `${folder}/app`, { recursive: true });
  cpSync(`${PROJECT}next.config.mjs`, `${folder}/next.config.mjs`);
  cpSync(`${PROJECT}tsconfig.app.json`, `${folder}/tsconfig.json`);
  return folder;
}

/** The folder of the app as `next build` leaves it. */
export const BUILT: string = `${PROJECT}.run/production`;

/** What `next build` printed: it checks the types of the routes, too. */
export function build(): string {
  copyApp('production');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${PROJECT}node_modules/next/dist/bin/next`, 'build'],
    {
      cwd: BUILT,
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
    },
  );
  if (status !== 0) throw new Error(`Expected next build to succeed, got ${status}: ${stdout}${stderr}`);
  return stdout;
}
