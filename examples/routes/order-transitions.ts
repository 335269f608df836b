import { defineTransitions } from 'db-http-errors/concurrency';
import { conflicts } from '../conflicts.ts';
import type { Route } from '../http/listener.ts';
import { TRANSITIONS } from '../repositories/orders.ts';
import type { Repositories } from '../repositories/repositories.ts';

const steps = defineTransitions(TRANSITIONS);

/** `POST /orders/:id/ship` and so on. The state decides, and no constraint can say so: the route does. */
export function orderTransitionRoutes({ orders }: Repositories): Route[] {
  return Object.entries(TRANSITIONS).map(([name, transition]) => ({
    method: 'POST',
    path: `/orders/:id/${name}`,
    async answer({ id }) {
      const moved = await orders.move(id, transition);
      const current = async () => (await orders.find(id))?.status;
      await steps.assertUpdated(name, moved, { current, resource: 'order', conflicts });
      return { status: 200, body: await orders.find(id) };
    },
  }));
}
