import { defineIdempotency, type Lease, type Scope } from 'db-http-errors/idempotency';
import pg from 'pg';
import { conflicts } from './conflicts';

// Whose payments they are, a test says when it starts the server.
const { PAYMENTS_URL, PAYMENTS_SCHEMA } = process.env;
export const pool = new pg.Pool({ connectionString: PAYMENTS_URL, options: `-c search_path=${PAYMENTS_SCHEMA}` });

export const idempotency = defineIdempotency(pool, { conflicts });

/** What a route is called with. */
export interface Call {
  readonly request: Request;
  readonly params: { readonly id: string };
}

export const options = {
  body: ({ request }: Call) => request.json() as Promise<{ amount: number }>,
  scope: ({ request }: Call): Scope => ({
    owner: request.headers.get('authorization') ?? 'nobody',
    route: '/orders/:id/payments',
  }),
};

export async function charge({ effectKey }: Lease): Promise<string> {
  return effectKey;
}
