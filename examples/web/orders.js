import { showWith, showWithout } from './answers.js';
import { byId, on, say } from './elements.js';
import { send, sendWithout } from './http.js';

let order;
let customer;
const STEPS = { ship: 'Ship', cancel: 'Cancel', return: 'Return' };

export async function startOrders() {
  for (const step of Object.keys(STEPS)) {
    on(byId(`order-${step}`), 'click', 'orders-status', () => take(step));
  }
  on(byId('order-again'), 'click', 'orders-status', begin);
  await begin();
}

async function begin() {
  order = await createOrder();
  showStatus(order.status);
  say('orders-status', `Order ${order.id} is open.`);
}

/** An order of the page's own customer, who is never deleted. */
export async function createOrder() {
  customer ??= findCustomer();
  return (await send('POST /orders', { customer: (await customer).id, quantity: 1 })).body;
}

async function findCustomer() {
  const { body: customers } = await send('GET /customers');
  return customers.find(({ name }) => name === 'Ada') ?? (await send('POST /customers', { name: 'Ada' })).body;
}

async function take(step) {
  const answer = await send(`POST /orders/${order.id}/${step}`);
  showWith('orders', answer);
  if (answer.status === 200) {
    showStatus(answer.body.status);
    say('orders-status', `The order is ${answer.body.status}.`, 'good');
    return;
  }
  if (answer.conflict?.code !== 'invalid_state') {
    say('orders-status', answer.body.detail, 'bad');
    return;
  }
  const { current_status: status, requested_transition: asked, allowed_transitions: allowed = [] } = answer.conflict;
  const possible = allowed.map((name) => (STEPS[name] ?? name).toLowerCase()).join(' or ');
  showStatus(status);
  say(
    'orders-status',
    `Cannot ${STEPS[asked]?.toLowerCase() ?? asked}: the order is ${status}. ${possible ? `Possible: ${possible}.` : 'Nothing more is possible.'}`,
    'bad',
  );
  await showWithoutLibrary(status, step);
}

/** Brings an order of its own to the same state, and takes the same step. */
async function showWithoutLibrary(status, step) {
  const twin = await createOrder();
  const way = { shipped: ['ship'], cancelled: ['cancel'], returned: ['ship', 'return'], open: [] }[status] ?? [];
  for (const name of way) await sendWithout(`POST /orders/${twin.id}/${name}`);
  const answer = await sendWithout(`POST /orders/${twin.id}/${step}`);
  showWithout('orders', answer, `No error at all. The order was ${status}, and now it says ${answer.body.status}.`);
}

function showStatus(status) {
  for (const item of byId('order-track').children) {
    if (item.dataset.status === status) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}
