import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { causes } from '../src/causes.ts';
import { classify } from '../src/index.ts';
import { captured } from './violations.ts';

const native = Object.assign(new Error('native'), { code: '23505' });

/** What the walk finds: the first candidate that has a code. */
function find(error: unknown): unknown {
  return causes(error, (candidate) => ('code' in candidate ? candidate : undefined));
}

/** As many errors, each the cause of the next. */
function chain(length: number): object {
  let error = {};
  for (let depth = 1; depth < length; depth++) error = { cause: error };
  return error;
}

describe('causes', () => {
  test.each([
    ['the error itself', native],
    ['cause', { cause: native }],
    ['a cause that is not enumerable', new Error('outer', { cause: native })],
    ['driverError (TypeORM)', { driverError: native }],
    ['original and parent (Sequelize 6)', { parent: native, original: native }],
    ['nativeError (Objection)', { nativeError: native }],
    ['first (pg-promise)', { first: native }],
    ['originalError (GraphQL)', { originalError: native }],
    ['error (event objects)', { error: native }],
    ['meta.driverAdapterError.cause (Prisma)', { meta: { driverAdapterError: { cause: native } } }],
    ['errors (AggregateError)', new AggregateError([new Error('a'), native])],
    ['errors within errors (Sequelize bulk)', { errors: [{ errors: [] }, { original: native }] }],
    ['several wrappers', { cause: { error: { cause: { cause: native } } } }],
  ])('finds the native error in %s', (_where, error) => {
    expect(find(error)).toBe(native);
  });

  test('takes the outermost of two', () => {
    const outer = { code: 'outer', cause: native };
    expect(find({ cause: outer })).toBe(outer);
  });

  test('finds nothing in what is no object', () => {
    for (const value of [undefined, null, 'cause', 1, Symbol('cause'), () => native])
      expect(find(value)).toBeUndefined();
  });

  test('ends on cycles, deep chains and long lists, after a bounded number of looks', () => {
    let reads = 0;
    const counted = (target: object): object =>
      new Proxy(target, {
        get(object, key) {
          reads++;
          return Reflect.get(object, key);
        },
      });
    const cycle: { cause?: unknown } = {};
    cycle.cause = counted({ cause: counted({ cause: cycle }) });
    let deep = counted({});
    for (let depth = 0; depth < 1000; depth++) deep = counted({ cause: deep });
    const wide = counted({ errors: Array.from({ length: 100_000 }, () => counted({})) });
    for (const error of [cycle, deep, wide]) {
      reads = 0;
      let looks = 0;
      causes(error, () => {
        looks++;
        return undefined;
      });
      expect(looks).toBeLessThanOrEqual(17);
      expect(reads).toBeLessThanOrEqual(17 * 11);
    }
  });

  test.each([
    ['nothing that is a function', () => 1, 0],
    ['nothing that is null', null, 0],
    [
      'the error alone, where its properties wrap no objects',
      { cause: null, error: null, meta: 'meta', errors: 'ab' },
      1,
    ],
    ['the error alone, where what looks like a list is none', { errors: { length: 1, 0: native } }, 1],
    ['an error once that is wrapped twice', { cause: native, driverError: native, errors: [native] }, 2],
    [
      'five of a list, and what is behind the cause',
      { cause: native, errors: Array.from({ length: 20 }, () => ({})) },
      7,
    ],
    ['ten that are wrapped', chain(100), 11],
  ])('looks at %s', (_what, error, looks) => {
    const seen: object[] = [];
    expect(causes(error, (candidate) => void seen.push(candidate))).toBeUndefined();
    expect(seen).toHaveLength(looks);
  });

  test('reads no deprecated getter of an error that has a cause (Sequelize 7)', () => {
    const error = new Error('outer', { cause: native });
    const touched: string[] = [];
    for (const key of ['original', 'parent']) Object.defineProperty(error, key, { get: () => touched.push(key) });
    expect(find(error)).toBe(native);
    expect(find({ cause: null, original: native })).toBe(native);
    expect(touched).toEqual([]);
  });

  test('goes on after a property that throws', () => {
    const error = new Error('outer', { cause: native });
    Object.defineProperty(error, 'driverError', {
      get: () => {
        throw new Error('touched');
      },
    });
    expect(find(error)).toBe(native);
  });

  test('goes on after a candidate that cannot be read', () => {
    const error = { cause: new Error('unreadable', { cause: native }) };
    const found = causes(error, (candidate) => {
      if (candidate === error.cause) throw new Error('touched');
      return candidate === native ? candidate : undefined;
    });
    expect(found).toBe(native);
  });

  test('never throws, whatever is wrapped', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (a, b) => {
        expect(() => find({ cause: a, errors: b, meta: { cause: b } })).not.toThrow();
      }),
    );
  });
});

test('what throws when it is read hides nothing else', () => {
  const native = captured('pg/postgresql-18/unique');
  const error = Object.defineProperty(Object.assign(new Error('failed'), { driverError: native }), 'cause', {
    get() {
      throw new Error('hostile');
    },
  });
  expect(classify(error)?.kind).toBe('unique_violation');
});

test('a long list of errors does not hide what is behind the cause', () => {
  const cause = new Error('batch', { cause: captured('pg/postgresql-18/unique') });
  const errors = Array.from({ length: 20 }, (_, at) => new Error(`row ${at}`));
  expect(classify(Object.assign(new Error('failed', { cause }), { errors }))?.kind).toBe('unique_violation');
});
