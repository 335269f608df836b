import { showWith, showWithout } from './answers.js';
import { resolveConflict } from './client.js';
import { byId, on, say } from './elements.js';
import { send, sendWithout } from './http.js';
import { createOrder } from './orders.js';

const AMOUNT = 4900;

/** What is paid; the twin is paid without the library. */
let bill;

export async function startPayments() {
  byId('payments-form').addEventListener('submit', (event) => {
    event.preventDefault();
    // Not by `on`, which lets a second click wait: here both are sent at once.
    payBoth().catch((error) => say('payments-status', `The page got no answer: ${error.message}`, 'bad'));
  });
  on(byId('payments-again'), 'click', 'payments-status', begin);
  await begin();
}

/** The key is made with the form and not with the click: one for each intention to pay. */
async function begin() {
  const [order, twin] = await Promise.all([createOrder(), createOrder()]);
  bill = { order: order.id, twin: twin.id, key: crypto.randomUUID(), clicks: 0, replayed: undefined };
  byId('payments-key').textContent = bill.key;
  say('payments-status', '');
}

async function payBoth() {
  const { order, twin } = bill;
  bill.clicks += 1;
  const [answer, without] = await Promise.all([
    pay(bill),
    sendWithout('POST /payments', { order: twin, amount: AMOUNT }),
  ]);
  if (bill.order !== order) return;
  if (answer.headers.has('idempotency-replayed')) bill.replayed = answer;
  const { body: payments } = await send('GET /payments');
  const times = (id) => {
    const count = payments.filter((payment) => payment.order === id).length;
    return count === 1 ? 'charged once' : `charged ${count} times`;
  };
  const clicks = bill.clicks === 1 ? '1 click' : `${bill.clicks} clicks`;
  const isPaid = answer.status === 201;
  say('payments-status', isPaid ? `${clicks}, ${times(order)}.` : answer.body.detail, isPaid ? 'good' : 'bad');
  const note = bill.replayed && 'The key is known: the first answer is sent again, and nothing is charged.';
  showWith('payments', bill.replayed ?? answer, note);
  showWithout('payments', without, `No error at all. ${clicks}, ${times(twin)}.`);
}

/** Sends the same key each time, and waits where a request with this key is still running. */
async function pay({ order, key }) {
  return resolveConflict(({ headers }) => send('POST /payments', { order, amount: AMOUNT }, headers), {
    idempotencyKey: key,
  });
}
