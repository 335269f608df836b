import { expect, test } from 'vitest';
import { firstOf, safe, type Translator } from '../src/translator.ts';
import type { Violation } from '../src/violation.ts';

const error = new Error('native');
const violation: Violation = { kind: 'deadlock_detected', driver: 'test', code: '1', retryable: true };

/** A driver that knows the error, and nothing of it. */
const knows: Translator = { name: 'knows', owns: () => true, classify: () => undefined };
const reads: Translator = { ...knows, classify: () => violation, values: () => ['a'] };
const none: Translator = { ...knows, owns: () => false };

test.each([
  ['none', [], [false, undefined, undefined]],
  ['those that do not know the error', [none, none], [false, undefined, undefined]],
  ['one that only knows whose it is', [none, knows], [true, undefined, undefined]],
  ['one that reads it', [none, reads], [true, violation, ['a']]],
  ['two that know it, of which the second reads it', [knows, reads], [true, violation, undefined]],
  ['two that know it, of which the first reads it', [reads, knows], [true, violation, ['a']]],
] as const)('one translator out of %s answers as the first that can', (_name, translators, answers) => {
  const one = firstOf(translators);
  expect([one.owns(error), one.classify(error), one.values?.(error)]).toEqual(answers);
});

test('a translator is told which server the application has', () => {
  const dialects: unknown[] = [];
  const classify: Translator['classify'] = (_error, dialect) => void dialects.push(dialect);
  firstOf([safe({ ...none, classify }), { ...none, classify }]).classify(error, 'mariadb');
  expect(dialects).toEqual(['mariadb', 'mariadb']);
});

test('a translator that throws knows nothing, and one that does not answers as before', () => {
  const fail = () => {
    throw new Error('touched');
  };
  const broken = safe({ name: 'broken', owns: fail, classify: fail, values: fail });
  expect([broken.name, broken.owns(error), broken.classify(error), broken.values?.(error)]).toEqual([
    'broken',
    false,
    undefined,
    undefined,
  ]);
  const whole = safe(reads);
  expect([whole.name, whole.owns(error), whole.classify(error), whole.values?.(error)]).toEqual([
    'knows',
    true,
    violation,
    ['a'],
  ]);
  expect(safe(knows).values?.(error)).toBeUndefined();
});
