import { nextConflicts } from 'db-http-errors/frameworks/next';
import { nextIdempotency } from 'db-http-errors/idempotency/next';
import { conflicts } from '../../../conflicts';
import { charge, idempotency, options } from '../../../payments';

export const POST = nextConflicts(conflicts)(
  nextIdempotency(idempotency, { ...options, mode: 'lease' }, async (_, lease) => {
    return { status: 200, body: await charge(lease) };
  }),
);
