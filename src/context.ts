/**
 * What is known about the request: any framework's request object, or just the operation. It refines the answer,
 * never the facts.
 */
export interface Context {
  readonly method?: string | undefined;
  /** A `Headers` object, or a record by name: quickest with lower-case names, as Node has it. */
  readonly headers?: { get(name: string): string | null } | { readonly [name: string]: unknown } | undefined;
  /** Overrules what `method` suggests. */
  readonly operation?: 'insert' | 'update' | 'delete' | undefined;
  /** The table of the statement. With a catalog it tells which constraint it was, where the database does not say. */
  readonly table?: string | undefined;
}

const OPERATIONS: Readonly<Record<string, Context['operation']>> = {
  POST: 'insert',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

const NOTHING: Readonly<Record<string, never>> = {};

/** What the request was meant to do, as far as its method tells. Never throws. */
export function operationOf(context: Context | undefined): Context['operation'] {
  try {
    const { operation, method } = context ?? NOTHING;
    return operation ?? OPERATIONS[String(method).toUpperCase()];
  } catch {}
  return undefined;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The value by name, in whatever case it is written; what came more than once in one line.
 * Source: RFC 9110 sections 5.1 and 5.3
 */
function valueIn(record: Values, name: string): unknown {
  let value = record[name];
  for (const key in value === undefined ? record : {}) {
    if (key.length === name.length && key.toLowerCase() === name) value ??= record[key];
  }
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')
    ? value.join(', ')
    : value;
}

/** The value of a request header; absent where there is none. Never throws. */
export function headerOf(context: Context | undefined, name: string): string | undefined {
  try {
    const { headers = NOTHING } = context ?? NOTHING;
    const value = typeof headers.get === 'function' ? headers.get(name) : valueIn(headers as Values, name);
    return typeof value === 'string' ? value : undefined;
  } catch {}
  return undefined;
}
