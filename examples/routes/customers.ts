import createError from 'http-errors';
import { readText } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

export function customerRoutes({ customers }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/customers',
      async answer() {
        return { status: 200, body: await customers.list() };
      },
    },
    {
      method: 'POST',
      path: '/customers',
      async answer(request) {
        return { status: 201, body: await customers.create({ name: readText(await request.body(), 'name') }) };
      },
    },
    {
      method: 'DELETE',
      path: '/customers/:id',
      async answer({ id }) {
        if (await customers.remove(id)) return { status: 204 };
        throw createError(404, 'There is no such customer.');
      },
    },
  ];
}
