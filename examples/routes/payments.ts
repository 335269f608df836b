import { readInteger } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** A payment is taken once, however often it is sent: the client gives each one an `Idempotency-Key`. */
export function paymentRoutes({ payments }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/payments',
      async answer() {
        return { status: 200, body: await payments.list() };
      },
    },
    {
      method: 'POST',
      path: '/payments',
      async answer({ message, body: readBody }) {
        const body = await readBody();
        const payment = { order: readInteger(body, 'order'), amount: readInteger(body, 'amount') };
        return payments.createOnce(message, payment);
      },
    },
  ];
}
