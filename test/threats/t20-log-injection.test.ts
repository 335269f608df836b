import { format, inspect } from 'node:util';
import { beforeEach, expect, test, vi } from 'vitest';
import { ConflictError, classify, defineConflicts } from '../../src/index.ts';
import { conflictLogFields, pinoConflicts } from '../../src/logging.ts';
import { captured } from '../violations.ts';

// T20: a value or a name must not write a line of the log.

const FORGED = '\r\n{"level":30,"msg":"admin logged in"}\n\u001b[2J\u2028';

let warnings: string[] = [];

beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});

function attacks(): Error[] {
  const unique = captured('pg/postgresql-18/unique') as Error & { detail?: string };
  unique.message += FORGED;
  const named = Object.assign(captured('pg/postgresql-18/unique'), { constraint: `c${FORGED}`, table: `t${FORGED}` });
  const mysql = captured('mysql2/mysql-9/unique') as Error & { sqlMessage?: string };
  mysql.message = mysql.message.replace("'", `'${FORGED}`);
  const sqlite = Object.assign(captured('better-sqlite3/sqlite-3/unique'), {
    message: `UNIQUE constraint failed: t.c${FORGED}`,
  });
  return [Object.assign(unique, { detail: `Key (email)=(${FORGED}) already exists.` }), named, mysql, sqlite];
}

test.each(attacks().map((error) => [classify(error)?.driver, error] as const))(
  'nothing that %s reports begins a line',
  (_driver, error) => {
    const answer = defineConflicts().translate(error);
    expect(answer).toBeInstanceOf(ConflictError);
    const { serializers } = pinoConflicts();
    const lines = [
      JSON.stringify(conflictLogFields(answer)),
      JSON.stringify(conflictLogFields(error)),
      JSON.stringify(serializers.err(error)),
      JSON.stringify(serializers.err(answer)),
      inspect(answer, { depth: null }),
      format('%s', answer),
      format('%o', answer),
      String((answer as Error).stack),
      ...warnings,
    ].join('\n');
    expect(warnings.length).toBeGreaterThan(0);
    expect(lines.split(/[\r\n\u2028]/).filter((line) => line.startsWith('{"level"'))).toEqual([]);
    expect(lines).not.toContain('\u001b');
  },
);
