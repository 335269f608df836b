import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });

function change(file: string, change: (text: string) => string): void {
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
}

function release(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH };
  const { status, stdout, stderr } = spawnSync('.ci/release', args, { cwd: folder, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'db-http-errors-release-'));
  mkdirSync(join(folder, '.ci'));
  for (const file of ['.ci/release', 'package.json', 'package-lock.json', 'CHANGELOG.md']) {
    copyFileSync(join(ROOT, file), join(folder, file));
  }
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'First');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a release says what is missing, one thing after the other, and publishes nothing without it', () => {
  const complaint = (text: string) => ({ status: 1, stdout: '', stderr: `release: ${text}\n` });
  const commit = () => git('commit', '--quiet', '--all', '--message', 'Next');

  change('package.json', (text) => text.replace(/"version": ".*"/, '"version": "9.8.7"'));
  expect(release('check')).toEqual(complaint('the work tree has changes that are in no commit'));
  commit();
  expect(release('check')).toEqual(complaint('package-lock.json has another version than 9.8.7'));
  change('package-lock.json', (text) => text.replace(/"version": ".*"/, '"version": "9.8.7"'));
  commit();
  expect(release('check')).toEqual(complaint("CHANGELOG.md has no line '## 9.8.7 - <date>'"));
  change('CHANGELOG.md', (text) => text.replace('## Unreleased', '## 9.8.7 - 2026-11-22'));
  commit();
  expect(release('check')).toEqual(complaint('the tag v9.8.7 is not on this commit'));
  git('tag', 'v9.8.7');
  expect(release('check')).toEqual(complaint('package.json has no repository, which provenance names'));
  change('package.json', (text) => text.replace('{', '{ "repository": { "url": "git+https://example.com/a.git" },'));
  commit();
  git('tag', '--force', 'v9.8.7');
  expect(release('check')).toEqual({ status: 0, stdout: '9.8.7 can be released\n', stderr: '' });
  expect(release()).toEqual(complaint('this machine has no OIDC token: set id-token: write'));
  expect(release('now')).toEqual(complaint("'check' or nothing, not 'now'"));
});
