import { prepareEvidence } from './answers.js';
import { startBookings } from './bookings.js';
import { startCustomers } from './customers.js';
import { startDocuments } from './documents.js';
import { byId, say } from './elements.js';
import { send } from './http.js';
import { startOrders } from './orders.js';
import { startPayments } from './payments.js';
import { startSignUp } from './sign-up.js';

const { body: facts } = await send('GET /web/facts.json');
byId('engine').textContent = facts.engine;
for (const section of document.querySelectorAll('main > section')) {
  prepareEvidence(section, facts.excerpts[section.id] ?? []);
}

/** Each with the place where it says that it could not start: the others go on. */
const situations = {
  'sign-up-status': startSignUp,
  'merge-status': startDocuments,
  'orders-status': startOrders,
  'bookings-status': startBookings,
  'customers-status': startCustomers,
  'payments-status': startPayments,
};
await Promise.all(
  Object.entries(situations).map(async ([statusId, start]) => {
    try {
      await start();
    } catch (error) {
      say(statusId, `The demo does not answer: ${error.message}`, 'bad');
    }
  }),
);
document.documentElement.dataset.ready = 'true';
