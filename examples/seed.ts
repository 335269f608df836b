import type { Repositories } from './repositories/repositories.ts';

/** The rows that the service starts with. */
export async function seed({ users, customers, orders, bookings, documents, domains }: Repositories): Promise<void> {
  await users.create({ email: 'alice@example.com', name: 'Alice' });
  const acme = await customers.create({ name: 'Acme' });
  await customers.create({ name: 'Nobody Inc.' });
  await orders.create({ customer: acme.id, quantity: 3 });
  await bookings.addRoom(101);
  await bookings.addRoom(102);
  await bookings.create({ room: 101, from: '2027-03-01', to: '2027-03-05' });
  await documents.create({ text: 'The first draft.' });
  await domains.claim({ name: 'example.com' });
}
