import createError from 'http-errors';
import { readInteger, readText } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import { type OrderStatus, TRANSITIONS } from '../repositories/orders.ts';
import type { Repositories } from '../repositories/repositories.ts';

const ANY: readonly OrderStatus[] = ['open', 'shipped', 'cancelled', 'returned'];

/**
 * THE BAD EXAMPLE: what no constraint guards, written without a look at what is there. Nothing fails; somebody's change
 * is gone, a parcel that is on its way belongs to a cancelled order, and a double click pays twice.
 */
export function unguardedRoutes({ documents, orders, payments }: Repositories): Route[] {
  return [
    {
      method: 'POST',
      path: '/payments',
      async answer(request) {
        const body = await request.body();
        const payment = { order: readInteger(body, 'order'), amount: readInteger(body, 'amount') };
        return { status: 201, body: await payments.create(payment) };
      },
    },
    {
      method: 'POST',
      path: '/documents',
      async answer(request) {
        return { status: 201, body: await documents.create({ text: readText(await request.body(), 'text') }) };
      },
    },
    {
      method: 'PUT',
      path: '/documents/:id',
      async answer({ id, body }) {
        const text = readText(await body(), 'text');
        const current = await documents.find(id);
        if (current === undefined) throw createError(404, 'There is no such document.');
        await documents.update({ id, text, version: current.version });
        return { status: 200, body: await documents.find(id) };
      },
    },
    ...Object.entries(TRANSITIONS).map(
      ([name, { to }]): Route => ({
        method: 'POST',
        path: `/orders/:id/${name}`,
        async answer({ id }) {
          await orders.move(id, { from: ANY, to });
          return { status: 200, body: await orders.find(id) };
        },
      }),
    ),
  ];
}
