import { readInteger } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

export function orderRoutes({ orders }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/orders',
      async answer() {
        return { status: 200, body: await orders.list() };
      },
    },
    {
      method: 'POST',
      path: '/orders',
      async answer(request) {
        const body = await request.body();
        const order = { customer: readInteger(body, 'customer'), quantity: readInteger(body, 'quantity') };
        return { status: 201, body: await orders.create(order) };
      },
    },
  ];
}
