import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';

/** Source: https://docs.nestjs.com/fundamentals/execution-context */
interface ArgumentsHost {
  getType(): string;
  getArgByIndex(index: number): unknown;
}

/** Node's own response, which Express' is. Source: https://nodejs.org/api/http.html#class-httpserverresponse */
interface Response {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  removeHeader(name: string): void;
  end(body?: string): unknown;
}

/** Source: https://fastify.dev/docs/latest/Reference/Reply/ */
interface Reply {
  readonly raw: Response;
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  removeHeader(name: string): unknown;
  send(body: string): unknown;
}

/** Nest's `Logger` is one, and the console. Source: https://docs.nestjs.com/techniques/logger */
interface ErrorLogger {
  error(error: unknown): unknown;
}

/** Source: https://docs.nestjs.com/exception-filters */
interface ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void;
}

/**
 * An exception filter that answers conflicts in Nest 11 and 12, on Express and on Fastify:
 *
 * ```ts
 * app.useGlobalFilters(nestConflicts(conflicts));
 * ```
 *
 * or, among the providers of a module, `{ provide: APP_FILTER, useValue: nestConflicts(conflicts) }`.
 *
 * Any other error of a database becomes a bare 500, and goes to `logger`. The filter catches nothing else: the rest is
 * for the application's other filters and for Nest, and an `HttpException` is, too, whatever its cause. Nest asks the
 * filter that was added last first: add it behind one that catches everything. What is no HTTP (a message, GraphQL)
 * is answered as if it were not there.
 *
 * @param logger `new Logger('ExceptionsHandler')` of `@nestjs/common` prints as Nest does; without one the console does
 * @throws {TypeError} before Nest is imported, which brings `Reflect.defineMetadata`
 */
export function nestConflicts(conflicts: Conflicts = unbound, logger: ErrorLogger = console): ExceptionFilter {
  class ConflictFilter implements ExceptionFilter {
    catch(exception: unknown, host: ArgumentsHost): void {
      // Nest's handlers of messages and GraphQL take nothing for an answer as: not handled.
      if (host.getType() !== 'http') return;
      const answer = answerOf(exception, host.getArgByIndex(0) as Context, conflicts);
      if (answer === undefined) return; // no filter is asked for anything else
      const { status, headers, isConflict } = answer;
      const body = JSON.stringify(answer.body);
      const to = host.getArgByIndex(1) as Response | Reply;
      const response = 'raw' in to ? to.raw : to;
      if (!isConflict || response.headersSent) logger.error(exception);
      if (response.headersSent) {
        response.end(); // as Nest does
      } else if ('raw' in to) {
        for (const name of OF_THE_BODY) to.removeHeader(name);
        to.code(status);
        to.headers({ ...headers });
        to.send(body);
      } else {
        for (const name of OF_THE_BODY) to.removeHeader(name);
        for (const name in headers) to.setHeader(name, headers[name] as string);
        to.statusCode = status;
        to.end(body);
      }
    }
  }

  catches(ConflictFilter, {
    [Symbol.hasInstance](exception: unknown): boolean {
      return isAnswered(exception, conflicts);
    },
  });
  return new ConflictFilter();
}

export default nestConflicts;

/** True for what the filter answers. An `HttpException` is what the application chose to answer itself. */
function isAnswered(exception: unknown, conflicts: Conflicts): boolean {
  try {
    if (typeof (exception as { getStatus?: unknown } | null | undefined)?.getStatus === 'function') return false;
    return conflicts.owns(exception) || answerOf(exception, undefined, conflicts) !== undefined;
  } catch {
    return false;
  }
}

/**
 * What `@Catch(type)` does; Nest asks whether an exception is an instance of the type.
 * Source: https://github.com/nestjs/nest/blob/v11.1.0/packages/common/decorators/core/catch.decorator.ts
 */
function catches(filter: new () => ExceptionFilter, type: object): void {
  const { defineMetadata } = Reflect as { defineMetadata?: (key: string, value: unknown, target: object) => void };
  if (defineMetadata === undefined) {
    throw new TypeError(
      'Expected Nest to be imported before nestConflicts() is called, for it brings Reflect.defineMetadata',
    );
  }
  defineMetadata('__filterCatchExceptions__', [type], filter);
  defineMetadata('__filterCatchExceptions__', [type], filter.prototype as object);
}
