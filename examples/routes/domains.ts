import { readDomain } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

export function domainRoutes({ domains }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/domains',
      async answer() {
        return { status: 200, body: await domains.list() };
      },
    },
    {
      method: 'POST',
      path: '/domains',
      async answer(request) {
        return { status: 201, body: await domains.claim({ name: readDomain(await request.body(), 'name') }) };
      },
    },
  ];
}
