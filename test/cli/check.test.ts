import { expect, test } from 'vitest';
import type { Catalog, Constraint } from '../../src/catalog/index.ts';
import { driftOf } from '../../src/cli/check.ts';

// How rules and a schema differ, as `check` finds it.

const NONE: ReadonlySet<string> = new Set();

function unique(table: string, name: string, column: string): Constraint {
  return { kind: 'unique', name, schema: 'shop', table, columns: [column] };
}

/** The catalog and the rules of 9,000 tables, of which the rules know other names. */
function manyOf(renamed: (at: number) => string) {
  const rules: Record<string, object> = {};
  const constraints: Constraint[] = [];
  for (let at = 0; at < 9000; at++) {
    constraints.push(unique(`things_${at}`, `things_${at}_name_key`, `name_${at}`));
    rules[renamed(at)] = { detail: 'Taken.' };
  }
  return { rules, catalog: { dialect: 'postgresql', constraints } as Catalog };
}

test('9,000 rules of what is gone are compared with 9,000 constraints in seconds', () => {
  const { rules, catalog } = manyOf((at) => `things_${at}_name_unique`);
  const started = performance.now();
  const { gone, missing } = driftOf(catalog, [], { rules }, NONE);
  expect(performance.now() - started).toBeLessThan(5000);
  expect([gone.length, missing.length]).toEqual([9000, 9000]);
  expect(gone.every(({ rule, nearest }) => nearest === rule.replace('unique', 'key'))).toBe(true);
});

test('names of another database have no nearest, and take no longer', () => {
  const { rules, catalog } = manyOf((at) => `widget${at.toString(36)}_${'x'.repeat(40)}`);
  const started = performance.now();
  const { gone } = driftOf(catalog, [], { rules }, NONE);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(gone).toHaveLength(9000);
  expect(gone.filter(({ nearest }) => nearest !== undefined)).toEqual([]);
});
