import createError from 'http-errors';
import { readDay, readInteger } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** In days. */
const LONGEST_STAY = 30;

export function bookingRoutes({ bookings }: Repositories): Route[] {
  return [
    {
      method: 'GET',
      path: '/bookings',
      async answer() {
        return { status: 200, body: await bookings.list() };
      },
    },
    {
      method: 'POST',
      path: '/bookings',
      async answer(request) {
        const body = await request.body();
        const booking = { room: readInteger(body, 'room'), from: readDay(body, 'from'), to: readDay(body, 'to') };
        const days = (Date.parse(booking.to) - Date.parse(booking.from)) / 86_400_000;
        if (days > LONGEST_STAY) throw createError(400, `Expected a stay of at most ${LONGEST_STAY} nights.`);
        return { status: 201, body: await bookings.create(booking) };
      },
    },
  ];
}
