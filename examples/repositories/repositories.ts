import type { Queries } from '../databases/database.ts';
import { Bookings } from './bookings.ts';
import { Customers } from './customers.ts';
import { Documents } from './documents.ts';
import { Domains } from './domains.ts';
import { Orders } from './orders.ts';
import { Payments } from './payments.ts';
import { Users } from './users.ts';

/** All that the routes know of a database. */
export interface Repositories {
  readonly users: Users;
  readonly customers: Customers;
  readonly orders: Orders;
  readonly bookings: Bookings;
  readonly documents: Documents;
  readonly domains: Domains;
  readonly payments: Payments;
}

/** The repositories in the SQL that every dialect understands. */
export function makeRepositories(queries: Queries): Repositories {
  return {
    users: new Users(queries),
    customers: new Customers(queries),
    orders: new Orders(queries),
    bookings: new Bookings(queries),
    documents: new Documents(queries),
    domains: new Domains(queries),
    payments: new Payments(queries),
  };
}
