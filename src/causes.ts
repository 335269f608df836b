/** How many candidates are looked at: more than any wrapper nests, few enough that a hostile chain costs nothing. */
const MOST = 10;

/**
 * Where wrappers keep what they caught. Not all are errors, and not all are enumerable.
 * Source: the error classes of Drizzle, slonik, Sequelize 7 (`cause`), TypeORM (`driverError`), Sequelize 6
 * (`original`, `parent`), Objection (`nativeError`), pg-promise (`first`), GraphQL (`originalError`), Prisma
 * (`meta.driverAdapterError.cause`), AggregateError and Sequelize's bulk inserts (`errors`).
 */
interface Wrapper {
  readonly cause?: unknown;
  readonly driverError?: unknown;
  readonly original?: unknown;
  readonly parent?: unknown;
  readonly nativeError?: unknown;
  readonly first?: unknown;
  readonly originalError?: unknown;
  readonly meta?: unknown;
  readonly driverAdapterError?: unknown;
  readonly error?: unknown;
  readonly errors?: unknown;
}

/**
 * Offers an error and everything that it wraps to `read`, outermost first, until `read` answers; `null` ends the walk
 * without an answer. Bounded, safe against cycles, and never throws: a property that throws wraps nothing.
 */
export function causes<T>(error: unknown, read: (candidate: object) => T | null | undefined): T | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  let queue: object[] | undefined;
  let candidate = error;
  for (let at = 0; ; at++) {
    try {
      const answer = read(candidate);
      if (answer !== undefined) return answer ?? undefined;
    } catch {}
    queue = wrapped(candidate, queue);
    // The error itself is not in the queue, which is made only when something is wrapped.
    const next = queue?.[at];
    if (next === undefined) return undefined;
    candidate = next;
  }
}

/** Adds what an error wraps to the queue. */
function wrapped(error: Wrapper, queue: object[] | undefined): object[] | undefined {
  let found = queue;
  try {
    // Spelt out: a property that is read by its own name is looked up once per shape, a computed one every time.
    const { cause } = error;
    found = add(cause, found);
    found = add(error.driverError, found);
    // Sequelize 7 still has both, as getters that give `cause` and warn of their age.
    if (typeof cause !== 'object' || cause === null) {
      found = add(error.original, found);
      found = add(error.parent, found);
    }
    found = add(error.nativeError, found);
    found = add(error.first, found);
    found = add(error.originalError, found);
    found = add(error.meta, found);
    found = add(error.driverAdapterError, found);
    found = add(error.error, found);
    const { errors } = error;
    if (errors !== undefined && Array.isArray(errors)) {
      // Not so many that nothing else has room.
      for (let at = 0; at < errors.length && at < MOST / 2; at++) found = add(errors[at], found);
    }
  } catch {
    return readable(error, found);
  }
  return found;
}

const LINKS = [
  ...['cause', 'driverError', 'original', 'parent', 'nativeError', 'first', 'originalError', 'meta'],
  ...['driverAdapterError', 'error'],
] as readonly (keyof Wrapper)[];

/** The same where a property throws: each by itself. */
function readable(error: Wrapper, queue: object[] | undefined): object[] | undefined {
  let found = queue;
  for (const link of LINKS) {
    try {
      found = add(error[link], found);
    } catch {}
  }
  return found;
}

function add(value: unknown, queue: object[] | undefined): object[] | undefined {
  if (typeof value !== 'object' || value === null) return queue;
  if (queue === undefined) return [value];
  if (queue.length < MOST && !queue.includes(value)) queue.push(value);
  return queue;
}
