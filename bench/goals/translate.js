import { defineConflicts, translate } from '../../dist/index.js';
import { control, raceFresh, ratio, row } from '../measure.js';
import { makers } from '../natives.js';
import { bare, dbErrorsBody, httpErrors, mikroOrm, sequelize, wrapError } from '../peers.js';

/** P1 to P4: one native error becomes a ConflictError, or a body. */
export default async function () {
  const rows = [];
  const bound = defineConflicts({ rules: RULES });
  const captured = defineConflicts({ rules: RULES, captureStack: true });

  for (const [driver, { unique, reference }] of Object.entries(makers())) {
    const once = await raceFresh({
      bare: { fresh: unique, run: bare },
      again: { fresh: unique, run: bare },
      translate: { fresh: unique, run: (error) => translate(error) },
      bound: { fresh: unique, run: (error) => bound.translate(error) },
      reference: { fresh: reference, run: (error) => bound.translate(error) },
      captured: { fresh: unique, run: (error) => captured.translate(error) },
      body: { fresh: unique, run: (error) => JSON.stringify(bound.translate(error)) },
    });
    const later = await raceFresh(
      {
        bare: { fresh: unique, run: bare },
        bound: { fresh: unique, run: (error) => bound.translate(error) },
      },
      { afterAwait: true },
    );
    const peers = await raceFresh({
      ours: { fresh: unique, run: (error) => bound.translate(error) },
      'db-errors': { fresh: unique, run: (error) => wrapError(error) },
      'http-errors': { fresh: unique, run: httpErrors },
      sequelize: { fresh: unique, run: sequelize(driver) },
      'mikro-orm': { fresh: unique, run: mikroOrm(driver) },
      body: { fresh: unique, run: (error) => JSON.stringify(bound.translate(error)) },
      'db-errors body': { fresh: unique, run: dbErrorsBody },
    });

    rows.push(
      row('P1', `${driver}: translate, with rules / bare Error`, ratio(once, 'bound', 'bare'), '×', { atMost: 0.3 }),
      row('P1', `${driver}: translate, no rules / bare Error`, ratio(once, 'translate', 'bare'), '×', { atMost: 0.3 }),
      row('P1', `${driver}: a foreign key / bare Error`, ratio(once, 'reference', 'bare'), '×', { atMost: 0.3 }),
      row('P1', `${driver}: after an await / bare Error`, ratio(later, 'bound', 'bare'), '×', { atMost: 0.4 }),
      row('P2', `${driver}: captureStack / bare Error`, ratio(once, 'captured', 'bare'), '×', { atMost: 1.25 }),
    );
    for (const [peer, atLeast] of Object.entries(PEERS)) {
      // db-errors hands an error of better-sqlite3 back: it does not know the driver.
      if (driver === 'better-sqlite3' && peer === 'db-errors') continue;
      rows.push(row('P3', `${driver}: ${peer} / translate`, ratio(peers, peer, 'ours'), '×', { atLeast }));
    }
    if (driver !== 'better-sqlite3') {
      const figure = ratio(peers, 'db-errors body', 'body');
      rows.push(row('P4', `${driver}: db-errors + http-errors, to text / ours`, figure, '×', { atLeast: 8 }));
    }
    rows.push(
      row('P4', `${driver}: translate to text / bare Error`, ratio(once, 'body', 'bare'), '×', { atMost: 0.75 }),
      row('P1', `${driver}: translate, with rules`, nanoseconds(once, 'bound'), 'ns'),
      row('P1', `${driver}: bare Error`, nanoseconds(once, 'bare'), 'ns'),
      control(`${driver}: bare Error / bare Error`, once, 'again', 'bare'),
    );
  }
  return rows;
}

const PEERS = { 'db-errors': 6, 'http-errors': 14, sequelize: 16, 'mikro-orm': 20 };

const RULES = {
  users_email_key: { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
  'users(email)': { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
  orders_customer_id_fkey: { reference_missing: { resource: 'order', detail: 'There is no such customer.' } },
  orders_user_id_fkey: { reference_missing: { resource: 'order', detail: 'There is no such customer.' } },
};

function nanoseconds(times, name) {
  const sorted = [...times.get(name)].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
