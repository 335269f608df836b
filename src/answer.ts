import { causes } from './causes.ts';
import { isConflictError } from './conflict-error.ts';
import type { Context } from './context.ts';
import { type Conflicts, unbound } from './define-conflicts.ts';

/** What an adapter sends for an error. */
export interface Answer {
  readonly status: number;
  /** Content type and `no-store` included; every value is valid. The names are as they are usually written. */
  readonly headers: Readonly<Record<string, string>>;
  /** Plain data, for `JSON.stringify`. */
  readonly body: unknown;
  /** The conflict that is answered, or the error as it was thrown. For the log and for hooks, never for the client. */
  readonly error: unknown;
  /** False when the error is none that a client can do anything about: it belongs into the log. */
  readonly isConflict: boolean;
}

/**
 * How an error is answered: a conflict as itself, any other error of a database as a bare 500. `undefined` for every
 * other error, which is the framework's, and for one whose status the application has chosen, whatever its cause is.
 * Never throws.
 */
export function answerOf(error: unknown, request?: Context, conflicts: Conflicts = unbound): Answer | undefined {
  if (isChosen(error)) return undefined;
  const conflict = conflicts.translate(error, request);
  try {
    if (isConflictError(conflict)) {
      const { status, headers } = conflict;
      return { status, headers, body: conflict.toJSON(), error: conflict, isConflict: true };
    }
  } catch {} // it says that it is ours, and is not made like ours
  const isDatabases = conflicts.owns(error) || causes(error, (candidate) => hasSql(candidate) || undefined);
  return isDatabases ? { ...BARE, error, isConflict: false } : undefined;
}

/**
 * Headers of a body that is not sent. Where a framework keeps what the route has set, its adapter takes them back; the
 * others, such as those of CORS, stay.
 */
export const OF_THE_BODY: readonly string[] = [
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
];

const BARE = {
  status: 500,
  headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  body: { type: 'about:blank', title: 'Internal Server Error', status: 500 },
} as const;

/** True for an HTTP error other than ours and other than a 500, which frameworks make of everything. */
function isChosen(error: unknown): boolean {
  try {
    if (!(error instanceof Error) || isConflictError(error)) return false;
    const { status, statusCode = status } = error as { readonly status?: unknown; readonly statusCode?: unknown };
    return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 && statusCode !== 500;
  } catch {
    return false;
  }
}

/**
 * True for what an ORM threw about a statement, although no error of a database is behind it (a refused connection):
 * its message has the statement and the values, or the lines of the source that called it. Frameworks would send it.
 * Prisma's errors of a code (P2025) are for the application, which knows what they mean.
 * Source: DrizzleQueryError (`query`), Sequelize (`sql`), Prisma (`clientVersion`)
 */
function hasSql(error: object): boolean {
  if (!(error instanceof Error)) return false;
  const {
    query,
    sql = query,
    clientVersion,
    code,
  } = error as Error & { readonly [name in 'query' | 'sql' | 'clientVersion' | 'code']?: unknown };
  if (typeof clientVersion === 'string') return typeof code !== 'string' || !code.startsWith('P2');
  return typeof sql === 'string' && sql !== '' && error.message.includes(sql);
}
