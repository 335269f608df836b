/**
 * What is known about the request: any framework's request object, or just the operation. It refines the answer,
 * never the facts.
 */
export interface Context {
  readonly method?: string | undefined;
  /** A `Headers` object, or a record with lower-case names as Node has it. */
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

/** What the request was meant to do, as far as its method tells. Never throws. */
export function operationOf(context: Context | undefined): Context['operation'] {
  try {
    return context?.operation ?? OPERATIONS[String(context?.method).toUpperCase()];
  } catch {
    return undefined;
  }
}

/** The value of a request header; absent where there is none. Never throws. */
export function headerOf(context: Context | undefined, name: string): string | undefined {
  try {
    const headers = context?.headers;
    const value = typeof headers?.get === 'function' ? headers.get(name) : (headers as Record<string, unknown>)?.[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
