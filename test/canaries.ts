import { format, inspect } from 'node:util';
import type { ConflictError, Violation } from '../src/index.ts';

/** In every value that a test puts into a database or an error. */
export const SECRET: string = 's3cr3t';
/** In every name of a schema: tables, columns, constraints, triggers. */
export const CANARY: string = 'c4n4ry';
/** In every word that a rule makes public. */
export const PUBLIC: string = 'pub1ic';

/** The parts of an error that its faces are made from: ours has all, another error some. */
type Shown = Pick<ConflictError, 'message' | 'name' | 'stack'> & Partial<ConflictError>;

/** Everything of an error that a framework, a logger or a client gets to see, by where it stands. */
export async function facesOf(error: Shown): Promise<Record<string, string>> {
  const response = error.getResponse?.() ?? new Response();
  return {
    'JSON.stringify': JSON.stringify(error),
    'getResponse() body': await response.text(),
    'getResponse() head': [response.status, response.statusText, ...response.headers].join('\n'),
    'toResponse() body': (await error.toResponse?.().text()) ?? '',
    headers: JSON.stringify(error.headers) ?? '',
    message: error.message,
    'String()': `${error}`,
    'Object.prototype.toString': Object.prototype.toString.call(error),
    name: error.name,
    stack: error.stack,
    'enumerable properties': enumerable(error).join('\n'),
    'util.inspect': inspect(error, { depth: null, showHidden: false }),
    'util.inspect in a container': inspect({ errors: [error] }, { depth: null, showHidden: true }),
    '%s': format('%s', error),
    '%o': format('%o', error),
  };
}

/** The faces on which a mark shows, each with its text around the mark. */
export function leaksOf(
  faces: Readonly<Record<string, string>>,
  marks: readonly string[] = [SECRET, CANARY],
): string[] {
  return Object.entries(faces).flatMap(([face, text]) =>
    marks.flatMap((mark) => {
      const at = text.toLowerCase().indexOf(mark);
      return at < 0 ? [] : [`${face}: …${text.slice(Math.max(0, at - 30), at + 40)}…`];
    }),
  );
}

/** Keys and values of all that can be enumerated, own and inherited, however deep. */
function enumerable(value: unknown, seen: Set<unknown> = new Set()): string[] {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? [] : [String(value)];
  if (seen.has(value)) return [];
  seen.add(value);
  const texts: string[] = [];
  for (const key in value) texts.push(key, ...enumerable((value as Record<string, unknown>)[key], seen));
  for (const [key, own] of Object.entries({ ...value })) texts.push(key, ...enumerable(own, seen));
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    texts.push(String(symbol));
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) {
      texts.push(...enumerable((value as Record<symbol, unknown>)[symbol], seen));
    }
  }
  if (value instanceof Map || value instanceof Set) {
    for (const item of value) texts.push(...enumerable(item, seen));
  }
  return texts;
}

/** The words of a rule, all of them marked. */
export const WORDS: { readonly resource: string; readonly fields: readonly string[]; readonly detail: string } = {
  resource: `${PUBLIC}-resource`,
  fields: [`${PUBLIC}-field`],
  detail: `A ${PUBLIC} sentence.`,
};

/** The key by which a rule finds a violation; `undefined` where nothing is named. */
export function ruleKey(violation: Violation): string | undefined {
  const { table, columns, constraint, condition } = violation as Violation & {
    constraint?: string;
    condition?: string;
  };
  if (constraint === 'PRIMARY') return table && `${table}.PRIMARY`;
  return constraint ?? condition ?? (table && columns && `${table}(${columns.join()})`);
}

/** Wrappers as ORMs and query builders throw them: SQL, parameters and the driver's error in every place they use. */
export const WRAPPERS: Readonly<Record<string, (error: Error & { detail?: unknown }) => Error>> = {
  drizzle: (cause) =>
    Object.assign(new Error(`Failed query: insert into "tbl_c4n4ry"\nparams: s3cr3t`, { cause }), {
      name: 'DrizzleQueryError',
      query: 'insert into "tbl_c4n4ry" values ($1)',
      params: ['s3cr3t'],
    }),
  typeorm: (driverError) =>
    Object.assign(new Error(driverError.message), driverError, {
      name: 'QueryFailedError',
      query: `INSERT INTO tbl_c4n4ry VALUES ('s3cr3t')`,
      parameters: ['s3cr3t', { col_c4n4ry: 's3cr3t' }],
      driverError,
    }),
  sequelize: (original) =>
    Object.assign(new Error('col_c4n4ry must be unique'), {
      name: 'SequelizeUniqueConstraintError',
      errors: [
        { message: 'col_c4n4ry must be unique', path: 'col_c4n4ry', value: 's3cr3t', instance: { a: 's3cr3t' } },
      ],
      fields: { col_c4n4ry: 's3cr3t' },
      parent: Object.assign(original, { sql: `INSERT INTO tbl_c4n4ry VALUES ('s3cr3t')`, parameters: ['s3cr3t'] }),
      original,
      sql: `INSERT INTO tbl_c4n4ry VALUES ('s3cr3t')`,
    }),
  // Knex changes the message of the driver's error itself.
  knex: (error) => {
    error.message = `insert into "tbl_c4n4ry" ("col_c4n4ry") values ('s3cr3t') - ${error.message}`;
    return error;
  },
  objection: (nativeError) =>
    Object.assign(new Error(nativeError.message), {
      name: 'UniqueViolationError',
      nativeError,
      client: 'postgres',
      table: 'tbl_c4n4ry',
      columns: ['col_c4n4ry'],
      constraint: 'cns_c4n4ry',
    }),
  'mikro-orm': (previous) =>
    Object.assign(
      new Error(`insert into tbl_c4n4ry values ('s3cr3t') - ${previous.message}\n - detail: ${previous.detail}`),
      previous,
      {
        name: 'UniqueConstraintViolationException',
        cause: previous,
      },
    ),
  prisma: (cause) =>
    Object.assign(new Error('Invalid `prisma.tbl_c4n4ry.create()` invocation: s3cr3t'), {
      name: 'PrismaClientKnownRequestError',
      code: 'P2002',
      meta: {
        modelName: 'tbl_c4n4ry',
        target: ['col_c4n4ry'],
        driverAdapterError: Object.assign(new Error('s3cr3t'), { cause }),
      },
    }),
  'pg-promise': (first) =>
    Object.assign(new Error(first.message), { first, data: [{ success: false, result: first }], query: 's3cr3t' }),
  'an AggregateError': (error) => new AggregateError([new Error('s3cr3t'), error], 's3cr3t in tbl_c4n4ry'),
  'several of them': (error) =>
    Object.assign(
      new Error('s3cr3t', { cause: Object.assign(new Error('s3cr3t'), { original: error, sql: 's3cr3t' }) }),
      {
        parameters: { col_c4n4ry: 's3cr3t' },
      },
    ),
};
