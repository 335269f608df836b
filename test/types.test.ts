import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type ConflictError,
  type Conflicts,
  type ConflictsOptions,
  classify,
  conflict,
  type Dialect,
  defineConflicts,
  type ForeignKeyViolation,
  isConflict,
  type Problem,
  type ProblemCode,
  type ProblemError,
  type ProblemOf,
  type Recovery,
  type Rule,
  type Translator,
  translate,
  type UniqueViolation,
  type Violation,
  type ViolationKind,
  wrap,
} from '../src/index.ts';
import { captured } from './violations.ts';

// The compiler checks the types of this file; run, it checks that what the compiler refuses is refused as well.

describe('a violation', () => {
  test('is a union on kind that a switch exhausts', () => {
    function sentence(violation: Violation): string {
      switch (violation.kind) {
        case 'unique_violation':
          expectTypeOf(violation).toEqualTypeOf<UniqueViolation>();
          expectTypeOf(violation.primaryKey).toEqualTypeOf<true | undefined>();
          return `unique ${violation.columns?.join()}`;
        case 'foreign_key_violation':
          expectTypeOf(violation).toEqualTypeOf<ForeignKeyViolation>();
          expectTypeOf(violation.direction).toEqualTypeOf<'parent_missing' | 'still_referenced' | undefined>();
          return `reference ${violation.referencedTable}`;
        case 'check_violation':
        case 'exclusion_violation':
        case 'not_null_violation':
          expectTypeOf(violation.constraint).toEqualTypeOf<string | undefined>();
          return `constraint ${violation.constraint}`;
        case 'raise_exception':
          return `raised ${violation.condition}`;
        case 'serialization_failure':
        case 'deadlock_detected':
        case 'lock_not_available':
        case 'query_canceled':
        case 'too_many_connections':
        case 'string_data_right_truncation':
        case 'numeric_value_out_of_range':
        case 'invalid_text_representation':
        case 'read_only_sql_transaction':
        case 'connection_failure':
        case 'transaction_resolution_unknown':
          return `other ${violation.code}`;
        default:
          expectTypeOf(violation).toBeNever();
          return violation satisfies never;
      }
    }
    expect(sentence(classify(captured('pg/postgresql-18/unique')) as Violation)).toBe('unique email');
    expectTypeOf<ViolationKind>().toEqualTypeOf<Violation['kind']>();
    expectTypeOf<Dialect>().toEqualTypeOf<'postgresql' | 'mysql' | 'mariadb' | 'sqlite'>();
  });

  test('is read-only', () => {
    const violation = classify(captured('pg/postgresql-18/unique'));
    expectTypeOf(violation).toEqualTypeOf<Violation | undefined>();
    expectTypeOf<Violation['columns']>().toEqualTypeOf<readonly string[] | undefined>();
    // @ts-expect-error: facts are not written
    const write = (facts: Violation): string => (facts.code = '23505');
    expect(write).toBeInstanceOf(Function);
  });
});

describe('a problem', () => {
  test('is a union on code that a switch exhausts', () => {
    function action(problem: Problem): Recovery {
      switch (problem.code) {
        case 'duplicate':
        case 'reference_missing':
        case 'reference_conflict':
        case 'check_failed':
        case 'overlap':
        case 'required':
        case 'invalid_value':
        case 'idempotency_key_reused':
        case 'idempotency_key_missing':
          expectTypeOf(problem.recovery).toEqualTypeOf<'change_input'>();
          expectTypeOf(problem.retryable).toEqualTypeOf<false>();
          return problem.recovery;
        case 'version_mismatch':
        case 'precondition_required':
        case 'merge_conflict':
          expectTypeOf(problem.recovery).toEqualTypeOf<'refetch_and_retry'>();
          expectTypeOf(problem.current_version).toEqualTypeOf<string | undefined>();
          return problem.recovery;
        case 'invalid_state':
          expectTypeOf(problem.allowed_transitions).toEqualTypeOf<readonly string[] | undefined>();
          return problem.recovery;
        case 'contention':
        case 'busy':
        case 'idempotency_in_progress':
          expectTypeOf(problem.retryable).toEqualTypeOf<true>();
          expectTypeOf(problem.retry_after).toEqualTypeOf<number | undefined>();
          return problem.recovery;
        case 'reference_in_use':
        case 'conflict':
          expectTypeOf(problem.recovery).toEqualTypeOf<'none'>();
          return problem.recovery;
        default:
          expectTypeOf(problem).toBeNever();
          return problem satisfies never;
      }
    }
    expect(action(conflict('busy').problem)).toBe('retry');
    expectTypeOf<ProblemCode>().toEqualTypeOf<Problem['code']>();
  });

  test('of a code has its members and that code', () => {
    expectTypeOf<ProblemOf<'busy'>['code']>().toEqualTypeOf<'busy'>();
    expectTypeOf<ProblemOf<'busy'>['retry_after']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ProblemOf<'duplicate'>>().not.toHaveProperty('retry_after');
    expectTypeOf<ProblemOf<ProblemCode>['code']>().toEqualTypeOf<ProblemCode>();
    expectTypeOf<ProblemOf<'duplicate'>>().toExtend<Problem>();
    expectTypeOf<ProblemError['code']>().toEqualTypeOf<
      'taken' | 'not_found' | 'in_use' | 'invalid' | 'overlaps' | 'required'
    >();
  });
});

describe('isConflict', () => {
  test('narrows to the code', () => {
    const error: unknown = conflict('duplicate');
    if (isConflict(error, 'duplicate')) {
      expectTypeOf(error).toEqualTypeOf<ConflictError<'duplicate'>>();
      expectTypeOf(error.problem.recovery).toEqualTypeOf<'change_input'>();
    }
    if (isConflict(error)) expectTypeOf(error.code).toEqualTypeOf<ProblemCode>();
    expect([isConflict(error), isConflict(error, 'duplicate'), isConflict(error, 'busy')]).toEqual([true, true, false]);
    // @ts-expect-error: there is no such code
    expect(isConflict(error, 'duplicated')).toBe(false);
  });
});

describe('translate', () => {
  test('keeps the type of what it is given', () => {
    const error = new TypeError('a bug');
    expectTypeOf(translate(error)).toEqualTypeOf<TypeError | ConflictError>();
    expectTypeOf(translate(error as unknown)).toBeUnknown();
    expectTypeOf(translate('text' as const)).toEqualTypeOf<'text' | ConflictError>();
    expect(translate(error)).toBe(error);
  });

  test('takes a request or an operation for context', () => {
    const error = new Error('text');
    const contexts = [
      { method: 'POST', headers: { 'if-match': '"v4"' } },
      { method: undefined, headers: new Headers() },
      { operation: 'insert' } as const,
      new Request('http://localhost/', { method: 'DELETE' }),
    ];
    for (const context of contexts) expect(translate(error, context)).toBe(error);
    // @ts-expect-error: there is no such operation
    expect(translate(error, { operation: 'upsert' })).toBe(error);
  });
});

describe('wrap', () => {
  test('keeps the type of its target', () => {
    class Users {
      async create(email: string): Promise<{ id: number; email: string }> {
        return { id: 1, email };
      }
    }
    const overloaded = Object.assign((id: number) => id, { many: (...ids: number[]) => ids });
    expectTypeOf(wrap(new Users())).toEqualTypeOf<Users>();
    expectTypeOf(wrap(overloaded)).toEqualTypeOf(overloaded);
    expectTypeOf(wrap(<T>(value: T): T => value)).toEqualTypeOf<<T>(value: T) => T>();
    // @ts-expect-error: a text is no repository
    expect(() => wrap('users')).toThrow(TypeError);
  });
});

describe('conflict', () => {
  test('takes the members of its code', () => {
    const error = conflict('version_mismatch', { resource: 'post', current_version: 4, expected_version: 3n });
    expectTypeOf(error).toEqualTypeOf<ConflictError<'version_mismatch'>>();
    expectTypeOf(error.problem.current_version).toEqualTypeOf<string | undefined>();
    expect(error.problem).toMatchObject({ current_version: '4', expected_version: '3' });
    expect(conflict('busy', { retry_after: 2 }).problem.retry_after).toBe(2);
    expect(conflict('invalid_state', { allowed_transitions: ['return'] }).problem.allowed_transitions).toEqual([
      'return',
    ]);
    conflict('duplicate', { resource: undefined, fields: ['email'] });
    conflict('duplicate', {}, { cause: new Error('native'), context: { method: 'POST' } });
  });

  test('refuses the members of another code', () => {
    // @ts-expect-error: only temporary problems have it
    expect(() => conflict('duplicate', { retry_after: 2 })).toThrow('Unknown member "retry_after" of a conflict');
    // @ts-expect-error: only problems about versions have it
    expect(() => conflict('busy', { current_version: 'v4' })).toThrow('Unknown member "current_version"');
    // @ts-expect-error: only problems about states have it
    expect(() => conflict('duplicate', { allowed_transitions: [] })).toThrow('Unknown member "allowed_transitions"');
    // @ts-expect-error: a number of seconds
    conflict('busy', { retry_after: '2' });
    // @ts-expect-error: a list
    conflict('duplicate', { fields: 'email' });
    // @ts-expect-error: there is no such code of an entry
    conflict('duplicate', { errors: [{ pointer: '#/email', code: 'duplicated' }] });
  });

  test('refuses members that follow from the code', () => {
    const UNKNOWN = /^Unknown member "(status|code|retryable|recovery)" of a conflict, /;
    // @ts-expect-error: an option of defineConflicts
    expect(() => conflict('duplicate', { status: 422 })).toThrow(UNKNOWN);
    // @ts-expect-error: the first argument
    expect(() => conflict('duplicate', { code: 'duplicate' })).toThrow(UNKNOWN);
    // @ts-expect-error: fixed for a code
    expect(() => conflict('duplicate', { retryable: true })).toThrow(UNKNOWN);
    // @ts-expect-error: fixed for a code
    expect(() => conflict('duplicate', { recovery: 'retry' })).toThrow(UNKNOWN);
  });

  test('refuses codes and members that do not exist, and names the nearest', () => {
    // @ts-expect-error: there is no such code
    expect(() => conflict('duplicat')).toThrow(new TypeError('Unknown code "duplicat", did you mean "duplicate"?'));
    // @ts-expect-error: there is no such member
    expect(() => conflict('duplicate', { feilds: ['email'] })).toThrow(
      new TypeError('Unknown member "feilds" of a conflict, did you mean "fields"?'),
    );
    // @ts-expect-error: there is no such member
    expect(() => conflict('busy', { retryAfter: 3 })).toThrow(
      new TypeError('Unknown member "retryAfter" of a conflict, did you mean "retry_after"?'),
    );
    // @ts-expect-error: a key of every object is no code
    expect(() => conflict('toString')).toThrow(/^Unknown code "toString", expected one of duplicate, /);
  });

  test('takes nothing from a prototype that the members bring along', () => {
    const members = JSON.parse('{"__proto__":{"resource":"polluted"}}') as object;
    expect(() => conflict('duplicate', members)).toThrow(/^Unknown member "__proto__" of a conflict, /);
    const { problem } = conflict('duplicate', Object.create({ resource: 'inherited' }) as object);
    expect(problem).not.toHaveProperty('resource');
    expect({}).not.toHaveProperty('resource');
  });

  test.each([undefined, null, 409, {}, Symbol('duplicate')])('refuses %s for a code', (code) => {
    expect(() => conflict(code as never)).toThrow(/^Unknown code |^Expected the code /);
    expect(() => conflict(code as never)).toThrow(TypeError);
  });

  test.each([null, 'email', 7])('refuses %s for members', (members) => {
    expect(() => conflict('duplicate', members as never)).toThrow(/^Expected the members .* to be an object, got /);
    expect(() => conflict('duplicate', members as never)).toThrow(TypeError);
  });
});

describe('defineConflicts', () => {
  test('gives what the root exports, bound', () => {
    const conflicts = defineConflicts();
    expectTypeOf(conflicts).toEqualTypeOf<Conflicts>();
    expectTypeOf(conflicts.translate).toEqualTypeOf(translate);
    expectTypeOf(conflicts.wrap).toEqualTypeOf(wrap);
    expectTypeOf(conflicts.classify).toEqualTypeOf(classify);
    expectTypeOf(conflicts.conflict).toEqualTypeOf(conflict);
    expect(Object.keys(conflicts).sort()).toEqual(['classify', 'conflict', 'owns', 'translate', 'wrap']);
  });

  test('takes every option and every form of a rule', () => {
    const translator: Translator = { name: 'none', owns: () => false, classify: () => undefined };
    const options = {
      rules: {
        users_email_key: {
          resource: 'user',
          fields: ['email'],
          detail: 'Taken.',
          status: 422,
          type: 'x:y',
          title: 'T',
        },
        order_already_shipped: { code: 'invalid_state', detail: (context) => `${context?.method}` },
        accounts_email_key: { conceal: true },
        orders_customer_id_fkey: {
          reference_missing: { resource: 'order', fields: ['customer'], detail: 'It does not exist.' },
          reference_in_use: { resource: 'customer' },
        },
        'users(email)': {},
      },
      status: { check_failed: 422, contention: 503, required: 422 },
      typeBase: 'https://example.com/',
      format: (problem, context) => {
        expectTypeOf(problem).toEqualTypeOf<Problem>();
        return { body: [problem.code, context?.method], contentType: 'application/json' };
      },
      exposeColumns: (column, table) => (table === 'users' ? column : undefined),
      drivers: [translator],
      dialect: 'mariadb',
      onUnregistered: (violation, hint) => {
        expectTypeOf(violation).toEqualTypeOf<Violation>();
        expectTypeOf(hint).toBeString();
      },
      captureStack: false,
    } satisfies ConflictsOptions;
    expect(defineConflicts(options)).toEqual(expect.any(Object));
    expectTypeOf(options).toExtend<ConflictsOptions>();
    for (const format of ['problem', 'simple', 'jsonapi'] as const) defineConflicts({ format });
    defineConflicts({ exposeColumns: true });
    expectTypeOf<Rule>().not.toBeAny();
  });

  test('reads its options once', () => {
    const rules: Record<string, Rule> = { users_email_key: { resource: 'user' } };
    const { translate: bound } = defineConflicts({ rules });
    rules.users_email_key = { resource: 'changed' };
    const error = bound(captured('pg/postgresql-18/unique'));
    expect(isConflict(error) && error.problem.resource).toBe('user');
  });
});
