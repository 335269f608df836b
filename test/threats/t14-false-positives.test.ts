import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { answerOf } from '../../src/answer.ts';
import { defineConflicts } from '../../src/index.ts';
import { nonErrors } from '../hostile.ts';
import { everyFixture, everyTranslator, thrownBy } from './attack.ts';

// T14: what only has a code like a database's is no conflict, or a stranger could make a 409 of anything.

const drivers = await everyTranslator();
const conflicts = defineConflicts({ drivers });

test('errors of Node, and data with codes of databases, come back as they are', () => {
  for (const value of nonErrors()) {
    expect(Object.is(conflicts.translate(value), value)).toBe(true);
    expect(conflicts.classify(value)).toBeUndefined();
  }
});

test('a real error of files, sockets, JSON or fetch is none of a database', async () => {
  const errors = [
    await thrownBy(() => readFile('/no/such/file')),
    await thrownBy(() => new Promise((_resolve, reject) => connect(1, '127.0.0.1').on('error', reject))),
    await thrownBy(() => JSON.parse('{')),
    await thrownBy(() => fetch('http://127.0.0.1:1/')),
    await thrownBy(() => new URL('x')),
    await thrownBy(() => AbortSignal.abort().throwIfAborted()),
    await thrownBy(() => structuredClone(() => {})),
  ];
  for (const error of errors) {
    expect(conflicts.translate(error)).toBe(error);
    expect([conflicts.owns(error), answerOf(error, undefined, conflicts)]).toEqual([false, undefined]);
  }
});

test('what a service answered in JSON about its own database is not ours', async () => {
  const taken: string[] = [];
  let asked = 0;
  for (const { error, violation } of await everyFixture()) {
    if (violation === null) continue;
    const { message, name } = error;
    const body = JSON.parse(JSON.stringify({ ...error, message, name }));
    for (const value of [
      body,
      { error: body },
      new Error('upstream failed', { cause: body }),
      { response: { data: body } },
    ]) {
      if (conflicts.translate(value) !== value) taken.push(JSON.stringify(value));
      asked++;
    }
  }
  expect(taken).toEqual([]);
  expect(asked).toBeGreaterThan(1000);
});

test.each([
  ['23505', {}],
  ['23505', { status: 409, response: {} }],
  ['ER_DUP_ENTRY', {}],
  ['ER_DUP_ENTRY', { errno: '1062', sqlState: '23000' }],
  ['P2002', {}],
  ['40001', { name: 'AxiosError' }],
])('an error with the code %s and %j, thrown by something else, stays what it is', (code, more) => {
  const error = Object.assign(new Error('Request failed'), { code }, more);
  expect(conflicts.translate(error)).toBe(error);
});
