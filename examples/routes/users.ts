import { readText } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

export function userRoutes({ users }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/users',
      async answer() {
        return { status: 200, body: await users.list() };
      },
    },
    {
      method: 'POST',
      path: '/users',
      async answer(request) {
        const body = await request.body();
        const email = readText(body, 'email').trim().toLowerCase();
        return { status: 201, body: await users.create({ email, name: readText(body, 'name') }) };
      },
    },
  ];
}
