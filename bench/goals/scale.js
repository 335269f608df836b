import { defineConflicts } from '../../dist/index.js';
import { definePolicy } from '../../dist/policy.js';
import { raceFresh, raceLoop, ratio, row, spread } from '../measure.js';
import { mysqlError, pgError, pgFields } from '../natives.js';

/** P16, P18, P19: long values, many columns, many rules. Then constraints: what a catalog of many costs an error. */
export default async function () {
  return [...(await longValues()), ...(await manyColumns()), ...(await manyRules()), ...(await manyConstraints())];
}

/** PostgreSQL reports a value whole: what its length costs once the text is in the cache. */
async function longValues() {
  const { translate } = defineConflicts({ rules: RULES });
  const error = (length) => unique('users_email_key', ['email'], ['x'.repeat(length)]);
  const [short, long] = [error(10), error(2 ** 20)];
  const read = (native) => {
    const { violation } = translate(native);
    return [violation.constraint, violation.columns, violation.values];
  };
  const times = await raceLoop({
    short: () => translate(short),
    long: () => translate(long),
    'short fields': () => read(short),
    'long fields': () => read(long),
    'short body': () => JSON.stringify(translate(short)),
    'long body': () => JSON.stringify(translate(long)),
  });
  return [
    row('P16', '1 MB / 10 B: translate', ratio(times, 'long', 'short'), '×', { atMost: 3 }),
    row('P16', '1 MB / 10 B: and read the fields', ratio(times, 'long fields', 'short fields'), '×', { atMost: 3 }),
    row('P16', '1 MB / 10 B: and the body', ratio(times, 'long body', 'short body'), '×', { atMost: 3 }),
  ];
}

async function manyColumns() {
  const { translate, classify } = defineConflicts({ rules: RULES });
  const error = (count) => {
    const columns = Array.from({ length: count }, (_, at) => `column_${at}`);
    return unique('users_email_key', columns, columns);
  };
  const [one, many] = [error(1), error(32)];
  const read = (native) => {
    const { columns, values } = classify(native);
    return [columns, values];
  };
  const times = await raceLoop({
    one: () => translate(one),
    many: () => translate(many),
    'read one': () => read(one),
    'read many': () => read(many),
  });
  const more = times.get('read many').map((time, round) => time - times.get('read one')[round]);
  return [
    row('P18', '32 columns / 1: translate', ratio(times, 'many', 'one'), '×', { atMost: 1.15 }),
    row('P18', '32 columns / 1: classify and read', ratio(times, 'read many', 'read one'), '×', { atMost: 3.5 }),
    row('P18', '32 columns − 1: classify and read', spread(more), 'ns', { atMost: 1500 }),
  ];
}

/** An answer with so many rules, less the same without any: the look-up and the words of the rule. */
async function manyRules() {
  const policyOf = (count) => {
    const rules = {};
    for (let at = 0; at < count; at++) rules[nameOf(at)] = { resource: 'thing' };
    return definePolicy({ rules });
  };
  const none = policyOf(0);
  const candidates = {};
  for (const count of COUNTS) {
    const policy = policyOf(count);
    let next = 0;
    const fresh = () => {
      next = (next + 7919) % count;
      // Text as it comes from the network: nobody has hashed it yet.
      const constraint = Buffer.from(nameOf(next)).toString('latin1');
      return { kind: 'unique_violation', driver: 'pg', code: '23505', table: 'things', columns: ['name'], constraint };
    };
    candidates[count] = { fresh, run: (violation) => policy.answer(violation, undefined, 'urn:uuid:0') };
    candidates[`none ${count}`] = { fresh, run: (violation) => none.answer(violation, undefined, 'urn:uuid:0') };
  }
  const times = await raceFresh(candidates, { batch: 1000 });
  return COUNTS.map((count) => {
    const without = times.get(`none ${count}`);
    const lookups = times.get(String(count)).map((time, round) => time - without[round]);
    return row('P19', `${count.toLocaleString('en')} rules: a look-up and its words`, spread(lookups), 'ns', {
      atMost: 600,
    });
  });
}

const COUNTS = [10, 1000, 100_000];

function nameOf(at) {
  return `table_${at}_key`;
}

const RULES = {
  users_email_key: { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
};

function unique(constraint, columns, values) {
  return pgError({
    ...pgFields('unique'),
    message: `duplicate key value violates unique constraint "${constraint}"`,
    detail: `Key (${columns.join(', ')})=(${values.join(', ')}) already exists.`,
    constraint,
  });
}

/** MySQL's key, which has its columns from the catalog alone: of 40 constraints and of 10,000. */
async function manyConstraints() {
  const error = mysqlError(1062, '23000', "Duplicate entry 'a' for key 'table_7.table_7_email_key'");
  const candidates = {};
  for (const count of [0, 40, 10_000]) {
    const constraints = Array.from({ length: count }, (_, at) => ({
      ...{ kind: 'unique', name: `table_${at}_email_key`, schema: 'shop', table: `table_${at}`, columns: ['email'] },
    }));
    const { translate } = defineConflicts({
      rules: { 'table_7(email)': { detail: 'Taken.' }, table_7_email_key: { detail: 'Taken.' } },
      ...(count > 0 && { catalog: { dialect: 'mysql', constraints } }),
    });
    candidates[count] = () => translate(error);
  }
  const times = await raceLoop(candidates);
  const more = times.get('10000').map((time, round) => time - times.get('0')[round]);
  return [
    row('catalog', '10,000 constraints / 40: translate', ratio(times, '10000', '40'), '×', { atMost: 1.2 }),
    row('catalog', '10,000 constraints − none: translate', spread(more), 'ns', { atMost: 1500 }),
  ];
}
