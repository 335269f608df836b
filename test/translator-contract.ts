import { existsSync, readdirSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fixture, fixtures } from '../fixtures/load.ts';
import type { Translator } from '../src/translator.ts';
import type { Violation } from '../src/violation.ts';
import { runs } from './effort.ts';
import { hostile, nonErrors } from './hostile.ts';

/** What every translator promises, over its captured errors. A driver's test is a call of this. */
export function describeTranslator(translator: Translator): void {
  const own = fixtures(translator.name);
  const violations = own.filter((fixture) => fixture.violation !== null);
  const toldByText: ReadonlySet<unknown> = new Set(
    violations.map(({ violation }) => violation?.code).filter((code) => code === 'SQLITE_CONSTRAINT'),
  );

  describe(`${translator.name} translator`, () => {
    test('has captured errors of every engine that it speaks to, violations and others', () => {
      expect(violations.length).toBeGreaterThan(20);
      expect(own.length).toBeGreaterThan(violations.length);
    });

    test.each(own)('reads $name as the schema knows it', ({ error, violation, captured }) => {
      const found = translator.classify(error);
      // On a server that the error cannot tell, the application may say which; that may only add facts.
      const told = translator.classify(error, captured.engine);
      expect(found ?? null).toEqual(violation);
      if (violation !== null) expect(translator.owns(error)).toBe(true);
      if (violation !== null)
        expect(told).toMatchObject({ ...violation, ...(told?.dialect && { dialect: told.dialect }) });
    });

    test('carries each fact as own plain data, absent rather than empty', () => {
      for (const { error } of violations) {
        const violation = translator.classify(error) as Violation;
        expect(Object.getPrototypeOf(violation)).toBe(Object.prototype);
        expect(violation.driver).toBe(translator.name);
        for (const [field, value] of Object.entries(violation)) {
          expect(value, field).toSatisfy(
            (fact) =>
              fact === true ||
              (typeof fact === 'string' && fact !== '') ||
              (Array.isArray(fact) && fact.length > 0 && fact.every((name) => typeof name === 'string' && name !== '')),
          );
        }
        expect(structuredClone(violation)).toEqual(violation);
      }
    });

    test('leaves alone what other databases report', () => {
      for (const driver of otherDrivers(translator.name)) {
        for (const { name, error, captured } of fixtures(driver)) {
          if (own.some((fixture) => protocolOf(fixture) === protocolOf({ captured }))) continue;
          expect(translator.classify(error), `${driver}/${name}`).toBeUndefined();
        }
      }
    });

    test('leaves alone data that looks like its errors', () => {
      for (const { name, error } of own) {
        const parsed = JSON.parse(JSON.stringify({ ...error, message: error.message, name: error.name }));
        expect(translator.classify(parsed), name).toBeUndefined();
        expect(translator.owns(parsed), name).toBe(false);
      }
    });

    test('recognises errors of another realm', () => {
      const realm = createContext();
      for (const { name, error, violation } of violations) {
        const { message, name: className } = error;
        const foreign = Object.assign(runInContext('new Error()', realm), error, { message, name: className });
        expect(foreign instanceof Error).toBe(false);
        expect(translator.classify(foreign), name).toEqual(violation);
      }
    });

    test('takes the kind from the code alone: no text changes it', () => {
      const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...spoofs(own)));
      fc.assert(
        fc.property(fc.constantFrom(...own), texts, texts, ({ error, violation }, first, second) => {
          const changed = Object.assign(Object.create(error), { message: first, sqlMessage: first, detail: second });
          const found = translator.classify(changed);
          if (isToldByText(error.message, error) || isToldByText(first, error)) return;
          expect(found?.kind).toBe(violation?.kind);
        }),
        { numRuns: runs(500) },
      );
    });

    test('leaves a fact out rather than inventing one, whatever the texts hold', () => {
      const texts = fc.oneof(fc.string(), fc.constantFrom(...spoofs(own)));
      fc.assert(
        fc.property(fc.constantFrom(...violations), texts, ({ error }, text) => {
          const changed = Object.assign(Object.create(error), { message: text, sqlMessage: text, detail: text });
          const { kind, driver, dialect, code, sqlState, direction, retryable, primaryKey, ...names } = {
            ...translator.classify(changed),
          } as Record<string, unknown>;
          const said = [text, ...textsIn(error)];
          for (const name of Object.values(names).flat()) {
            const escaped = String(name).replaceAll('"', '""');
            const shown = [String(name), escaped, String(name).replaceAll("'", "''")];
            expect(name === 'rowid' || shown.some((form) => said.some((whole) => whole.includes(form)))).toBe(true);
          }
        }),
        { numRuns: runs(500) },
      );
    });

    test('answers nothing, and throws nothing, for anything else', () => {
      for (const value of [...nonErrors(), ...hostile()]) {
        expect(translator.owns(value)).toBe(false);
        expect(translator.classify(value)).toBeUndefined();
      }
      fc.assert(
        fc.property(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
          (value) => {
            expect(translator.classify(value)).toBeUndefined();
            expect(translator.owns(value)).toBe(false);
          },
        ),
      );
    });

    test('survives fields of every type', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...violations),
          fc.anything(),
          fc.anything(),
          ({ error, violation }, any, other) => {
            const fields = ['message', 'detail', 'schema', 'table', 'column', 'constraint', 'sqlMessage'];
            const changed = Object.create(error);
            for (const [at, field] of fields.entries()) {
              Object.defineProperty(changed, field, { value: at % 2 ? any : other, enumerable: true });
            }
            const found = translator.classify(changed);
            if (isToldByText(error.message, error)) return;
            expect(found?.kind).toBe(violation?.kind);
          },
        ),
        { numRuns: runs(300) },
      );
    });
  });

  /**
   * SQLite tells RESTRICT from RAISE by its text alone, and a driver that knows the primary code only tells every
   * constraint so: the two places where a text decides.
   */
  function isToldByText(message: string, error: Error): boolean {
    const { code } = translator.classify(error) ?? {};
    if (code === 'SQLITE_CONSTRAINT_TRIGGER')
      return /^(SQLITE_CONSTRAINT: )*FOREIGN KEY constraint failed$/.test(message);
    return toldByText.has((error as { code?: unknown }).code);
  }
}

/** Every text of an error, and of the object that Prisma keeps behind one. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Texts that real servers wrote, as an attacker would use them. */
function spoofs(own: readonly Fixture[]): string[] {
  return own.flatMap(({ error }) => {
    const { message, detail } = error as { message: string; detail?: string };
    return detail ? [message, detail] : [message];
  });
}

/** MariaDB speaks MySQL's: a driver that was recorded on one of them reads the errors of both. */
function protocolOf({ captured: { engine } }: Pick<Fixture, 'captured'>): string {
  return engine === 'mariadb' ? 'mysql' : engine;
}

function otherDrivers(name: string): string[] {
  return readdirSync(new URL('../fixtures/', import.meta.url), { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && entry.name !== name && entry.name !== 'schema' && entry.name !== 'scenarios',
    )
    .map((entry) => entry.name)
    .filter((driver) => existsSync(new URL(`../fixtures/${driver}/`, import.meta.url)));
}
