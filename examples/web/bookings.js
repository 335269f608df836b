import { showWith, showWithout } from './answers.js';
import { byId, element, on, say } from './elements.js';
import { clearFieldErrors, showFieldErrors } from './fields.js';
import { send, sendWithout } from './http.js';

/** The nights that the page shows: the first two weeks of March 2027. */
const NIGHTS = Array.from({ length: 14 }, (_, at) => `2027-03-${String(at + 1).padStart(2, '0')}`);

export async function startBookings() {
  const form = byId('bookings-form');
  form.elements.room.addEventListener('change', showNights);
  on(form, 'submit', 'bookings-status', async () => {
    const { room, from, to } = form.elements;
    const booking = { room: Number(room.value), from: from.value, to: to.value };
    const answer = await send('POST /bookings', booking);
    const { conflict } = answer;
    showWith('bookings', answer);
    clearFieldErrors(form);
    say('bookings-status', '');
    await showNights();
    if (answer.status === 201) {
      say('bookings-status', `Room ${booking.room} is yours from ${booking.from} to ${booking.to}.`, 'good');
      return;
    }
    if (!conflict || !showFieldErrors(form, conflict)) say('bookings-status', answer.body.detail, 'bad');
    if (conflict) showWithout('bookings', await sendWithout('POST /bookings', booking));
  });
  await showNights();
}

async function showNights() {
  const room = Number(byId('bookings-form').elements.room.value);
  const { body } = await send('GET /bookings');
  const booked = body.filter((booking) => booking.room === room);
  byId('nights').replaceChildren(
    ...NIGHTS.map((night) => {
      const taken = booked.some(({ from, to }) => from <= night && night < to);
      const label = `${Number(night.slice(-2))} March: ${taken ? 'taken' : 'free'}`;
      return element(
        'li',
        { class: taken ? 'taken' : 'free' },
        element('span', { 'aria-hidden': 'true' }, String(Number(night.slice(-2)))),
        element('span', { class: 'hidden' }, label),
      );
    }),
  );
}
