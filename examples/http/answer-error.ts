import type { IncomingMessage } from 'node:http';
import { isConflict } from 'db-http-errors';
import { isHttpError } from 'http-errors';
import { conflicts } from '../conflicts.ts';
import { type Answer, problem } from './answer.ts';

/** Answers whatever a route threw. The request refines what the repository could not know. */
export function answerError(error: unknown, request: IncomingMessage): Answer {
  const answer = conflicts.translate(error, request);
  if (isConflict(answer)) {
    return { status: answer.status, headers: answer.headers, body: answer };
  }
  if (isHttpError(answer) && answer.expose) {
    return problem(answer.status, answer.message, answer.headers);
  }
  console.error(answer); // the log may know, the client may not
  return problem(500);
}
