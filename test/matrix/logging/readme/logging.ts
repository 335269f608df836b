// #region readme: Logging
import { trace } from '@opentelemetry/api';
import { pinoConflicts, recordConflict } from 'db-http-errors/logging';
import pino from 'pino';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const log = pino(pinoConflicts(conflicts, pino.stdSerializers.err));

async function createUser(user: User): Promise<User> {
  try {
    return await users.insert(user);
  } catch (thrown) {
    const error = conflicts.translate(thrown);
    log.warn(error);
    recordConflict(trace.getActiveSpan(), error);
    throw error;
  }
}
// #endregion

export default createUser;
