import createError from 'http-errors';
import { conflicts } from '../conflicts.ts';
import type { Route } from '../http/listener.ts';
import { TRANSITIONS } from '../repositories/orders.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** `POST /orders/:id/ship` and so on. The state decides, and no constraint can say so: the route does. */
export function orderTransitionRoutes({ orders }: Repositories): Route[] {
  return Object.entries(TRANSITIONS).map(([name, transition]) => ({
    method: 'POST',
    path: `/orders/:id/${name}`,
    async answer({ id }) {
      const moved = await orders.move(id, transition);
      const order = await orders.find(id);
      if (order === undefined) throw createError(404, 'There is no such order.');
      if (moved) return { status: 200, body: order };
      throw conflicts.conflict('invalid_state', {
        resource: 'order',
        current_status: order.status,
        requested_transition: name,
        allowed_transitions: Object.keys(TRANSITIONS).filter((key) => TRANSITIONS[key]?.from.includes(order.status)),
      });
    },
  }));
}
