import { type Answer, answerOf } from '../answer.ts';
import type { ConflictError } from '../conflict-error.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/**
 * tRPC's code of a status, and its number in JSON-RPC. A status that is not here has the number of its class: what
 * tRPC sends as HTTP status is `data.httpStatus`, never the code.
 * Source: https://github.com/trpc/trpc/blob/main/packages/server/src/unstable-core-do-not-import/rpc/codes.ts,
 * http/getHTTPStatusCode.ts
 */
const CODES = {
  400: ['BAD_REQUEST', -32600],
  409: ['CONFLICT', -32009],
  412: ['PRECONDITION_FAILED', -32012],
  422: ['UNPROCESSABLE_CONTENT', -32022],
  428: ['PRECONDITION_REQUIRED', -32028],
  500: ['INTERNAL_SERVER_ERROR', -32603],
  503: ['SERVICE_UNAVAILABLE', -32603],
} as const;

type Row = (typeof CODES)[keyof typeof CODES];

/** What tRPC sends of an error. */
interface Shape {
  readonly message: string;
  readonly code: number;
  readonly data: object;
}

/**
 * What is used of what tRPC gives an `errorFormatter`.
 * Source: https://trpc.io/docs/server/error-formatting#all-properties-sent-to-errorformatter
 */
interface FormatterOptions {
  readonly error: { readonly code: string; readonly message: string; readonly cause?: unknown };
  readonly shape: Shape;
}

/** tRPC's own shape, with the problem document of a conflict. */
type Formatted<Own extends Shape> = Omit<Own, 'data'> & {
  data: Own['data'] & {
    /** The problem document. Absent for an error that is no conflict. */
    problem?: ConflictError['problem'];
  };
};

/**
 * An `errorFormatter` for the errors of a database: a conflict has its status, its public message and the problem
 * document at `data.problem`, any other is an `INTERNAL_SERVER_ERROR` without a word of its own. In batches, streams
 * and subscriptions, too, and when `createContext` fails; never with a stack. `onError` gets what was thrown, as
 * `error.cause`.
 *
 * A `TRPCError` that the application throws with words of its own is the answer that it chose, whatever its cause is.
 *
 * @example
 * ```ts
 * const t = initTRPC.context<typeof createContext>().create({ errorFormatter: trpcConflicts(conflicts) });
 * // client: error.data?.problem?.errors?.[0]?.pointer // '#/email'
 * ```
 *
 * @param contextOf what is known of the request; the method of a tRPC request says nothing about the operation. It is
 * needed where `If-Match` is to make a 412: `({ ctx }) => ({ headers: ctx?.req.headers })`
 */
export function trpcConflicts(
  conflicts?: Conflicts,
): <Options extends FormatterOptions>(options: Options) => Formatted<Options['shape']>;
export function trpcConflicts<Options extends FormatterOptions>(
  conflicts: Conflicts | undefined,
  contextOf: (options: Options) => Context | undefined,
): (options: Options) => Formatted<Options['shape']>;
export function trpcConflicts<Options extends FormatterOptions>(
  conflicts?: Conflicts,
  contextOf?: (options: Options) => Context | undefined,
): (options: Options) => Formatted<Options['shape']> {
  function known(options: Options): Context | undefined {
    try {
      return contextOf?.(options);
    } catch {
      return undefined; // there is no context where `createContext` failed
    }
  }

  return (options) => {
    const { error, shape } = options;
    const answer = isChosen(error) ? undefined : answerOf(error, known(options), conflicts);
    return (answer === undefined ? shape : formatted(shape, answer)) as Formatted<Options['shape']>;
  };
}

export default trpcConflicts;

function formatted(shape: Shape, { status, isConflict, error }: Answer): Shape {
  const [code, number]: Row = CODES[status as keyof typeof CODES] ?? (status < 500 ? CODES[409] : CODES[500]);
  const { stack: _, ...data } = shape.data as { readonly stack?: string };
  if (!isConflict) {
    return { ...shape, message: 'Internal Server Error', code: number, data: { ...data, code, httpStatus: status } };
  }
  const { message, problem } = error as ConflictError;
  return { ...shape, message, code: number, data: { ...data, code, httpStatus: status, problem } };
}

/**
 * True for what the application threw as a `TRPCError` with its own message. tRPC makes an `INTERNAL_SERVER_ERROR` of
 * everything else, and takes the message of the cause where none is given.
 * Source: https://github.com/trpc/trpc/blob/main/packages/server/src/unstable-core-do-not-import/error/TRPCError.ts
 */
function isChosen({ code, message, cause }: FormatterOptions['error']): boolean {
  const text = (cause as { readonly message?: unknown } | undefined)?.message;
  return code !== 'INTERNAL_SERVER_ERROR' && !(typeof text === 'string' && message.includes(text));
}
