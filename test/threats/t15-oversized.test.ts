import { beforeEach, expect, test, vi } from 'vitest';
import { conflict, defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';
import { parsed, serveFailing } from './attack.ts';

// T15: however much a database or an application says, the answer is small and quick.

const KIB = 1024;

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

const columns = Array.from({ length: 10_000 }, (_, at) => `column_${at}`);

const HUGE: Readonly<Record<string, () => unknown>> = {
  'a detail of 32 KB': () =>
    Object.assign(captured('pg/postgresql-18/unique'), {
      detail: `Key (email)=(${'x'.repeat(32 * KIB)}) already exists.`,
    }),
  'a message of 10 MB': () =>
    Object.assign(captured('mysql2/mysql-9/unique'), {
      message: `Duplicate entry '${'x'.repeat(10 * KIB * KIB)}' for key 'a.b'`,
    }),
  'ten thousand columns': () =>
    Object.assign(captured('pg/postgresql-18/unique'), { detail: `Key (${columns.join(', ')})=(1) already exists.` }),
  'ten thousand columns of SQLite': () =>
    Object.assign(captured('better-sqlite3/sqlite-3/unique'), {
      message: `UNIQUE constraint failed: ${columns.map((column) => `a.${column}`).join(', ')}`,
    }),
  'a name of 1 MB': () => Object.assign(captured('pg/postgresql-18/unique'), { constraint: 'x'.repeat(KIB * KIB) }),
  'members of 1 MB': () =>
    conflict('duplicate', { resource: 'x'.repeat(KIB * KIB), fields: columns, detail: 'y'.repeat(KIB * KIB) }),
};

test.each(Object.entries(HUGE))(
  '%s is answered with 8 KiB at most, within half a second of work',
  async (_name, make) => {
    for (const options of [
      {},
      { exposeColumns: true },
      { exposeColumns: true, format: 'jsonapi' },
      { format: 'simple' },
    ] as const) {
      const error = make();
      const attack = await serveFailing(() => Promise.reject(error), defineConflicts(options));
      const from = process.cpuUsage();
      const { status, body } = parsed(await attack());
      expect(process.cpuUsage(from).user).toBeLessThan(500_000);
      expect(status).toBe(409);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(8 * KIB);
      expect(JSON.parse(body)).toBeTypeOf('object');
    }
  },
);
