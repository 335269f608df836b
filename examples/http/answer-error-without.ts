import { STATUS_CODES } from 'node:http';
import type { Answer } from './answer.ts';

/**
 * THE BAD EXAMPLE: what a framework does with a database error when nobody translates it. The client gets a 500, the
 * driver's code, and the driver's text with names of the schema and values of rows in it.
 *
 * The shape is the one of Fastify 5 in production.
 * Source: https://fastify.dev/docs/latest/Reference/Errors/
 */
export function answerErrorWithout(error: unknown): Answer {
  const { status = 500, code, message, headers } = error as FrameworkError;
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    body: { statusCode: status, ...(code !== undefined && { code }), error: STATUS_CODES[status], message },
  };
}

interface FrameworkError {
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}
