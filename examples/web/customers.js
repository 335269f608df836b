import { showWith, showWithout } from './answers.js';
import { byId, element, on, say } from './elements.js';
import { send, sendWithout } from './http.js';

export async function startCustomers() {
  on(byId('customer-add'), 'click', 'customers-status', async () => {
    const { body } = await send('POST /customers', { name: 'Nobody Inc.' });
    say('customers-status', `${body.name} was added, and has no orders.`);
    await showCustomers();
  });
  await showCustomers();
}

async function showCustomers() {
  const [{ body: customers }, { body: orders }] = await Promise.all([send('GET /customers'), send('GET /orders')]);
  // Those who have orders, and the newest who have none.
  const counted = customers.map((customer) => ({
    ...customer,
    orders: orders.filter((order) => order.customer === customer.id).length,
  }));
  const busy = counted.filter(({ orders }) => orders > 0).slice(0, 3);
  const idle = counted.filter(({ orders }) => orders === 0).slice(-2);
  byId('customers-list').replaceChildren(...[...busy, ...idle].map(rowOf));
}

function rowOf({ id, name, orders }) {
  const button = element('button', { type: 'button', 'aria-label': `Delete ${name}` }, 'Delete');
  on(button, 'click', 'customers-status', () => remove(id, name));
  const count = orders === 0 ? 'no orders' : orders === 1 ? '1 order' : `${orders} orders`;
  return element(
    'li',
    {},
    element('span', {}, element('strong', {}, name), ' ', element('span', { class: 'muted' }, count)),
    button,
  );
}

async function remove(id, name) {
  const answer = await send(`DELETE /customers/${id}`);
  showWith('customers', answer);
  if (answer.status === 204) {
    say('customers-status', `${name} is deleted.`, 'good');
    await showCustomers();
    byId('customer-add').focus();
    return;
  }
  say('customers-status', `${name} stays. ${answer.body.detail}`, 'bad');
  if (answer.conflict) showWithout('customers', await sendWithout(`DELETE /customers/${id}`));
}
