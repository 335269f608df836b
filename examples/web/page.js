import { prepareEvidence } from './answers.js';
import { startBookings } from './bookings.js';
import { startCustomers } from './customers.js';
import { startDocuments } from './documents.js';
import { byId } from './elements.js';
import { send } from './http.js';
import { startOrders } from './orders.js';
import { startPayments } from './payments.js';
import { startSignUp } from './sign-up.js';

const { body: facts } = await send('GET /web/facts.json');
byId('engine').textContent = facts.engine;
for (const section of document.querySelectorAll('main > section')) {
  prepareEvidence(section, facts.excerpts[section.id] ?? []);
}

startSignUp();
await Promise.all([startDocuments(), startOrders(), startBookings(), startCustomers(), startPayments()]);
document.documentElement.dataset.ready = 'true';
