import { defineConflicts } from '../../dist/index.js';
import { control, raceLoop, ratio, row, spread } from '../measure.js';
import { makers } from '../natives.js';

/** P13: an error becomes the text of an answer. */
export default async function () {
  const rules = {
    users_email_key: { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
  };
  const { translate } = defineConflicts({ rules });
  const { unique } = makers().pg;
  const errors = Array.from({ length: 64 }, () => translate(unique()));
  const literal = (index) => {
    const { instance, detail } = errors[index & 63].problem;
    return {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail,
      instance,
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    };
  };
  if (JSON.stringify(literal(0)) !== JSON.stringify(errors[0])) throw new Error('The literal is another body');

  const times = await raceLoop({
    literal: (index) => JSON.stringify(literal(index)),
    again: (index) => JSON.stringify(literal(index)),
    error: (index) => JSON.stringify(errors[index & 63]),
    toJSON: (index) => errors[index & 63].toJSON(),
  });
  return [
    row('P13', 'toJSON()', spread(times.get('toJSON')), 'ns', { atMost: 30 }),
    row('P13', 'JSON.stringify: error / literal', ratio(times, 'error', 'literal'), '×', { atMost: 1.35 }),
    row('P13', 'JSON.stringify: literal', spread(times.get('literal')), 'ns'),
    control('literal / literal', times, 'again', 'literal'),
  ];
}
