import { type Conflicts, defineConflicts, type Rule, type Translator } from 'db-http-errors';

const EMAIL_TAKEN: Rule = {
  resource: 'user',
  fields: ['email'],
  detail: 'A user with this email address already exists.',
};

const DOMAIN_TAKEN: Rule = {
  resource: 'domain',
  fields: ['name'],
  detail: 'This domain is already in use.',
};

/**
 * The library with the words of this service: one rule for each constraint of `schema/*.sql`.
 *
 * @param drivers what knows more than the three that are built in
 */
export function conflictsBy(...drivers: Translator[]): Conflicts {
  return defineConflicts({
    drivers,
    // `type` leads to a page of the demo. A service of your own gives its full address: https://api.example.com/problems/
    typeBase: '/problems/',
    rules: {
      // PostgreSQL and MySQL report the name of a unique key, SQLite reports its columns.
      demo_users_email_key: EMAIL_TAKEN,
      'demo_users(email)': EMAIL_TAKEN,
      // A foreign key breaks in two directions.
      demo_orders_customer_id_fkey: {
        reference_missing: { resource: 'order', fields: ['customer'], detail: 'This customer does not exist.' },
        reference_in_use: { resource: 'customer', detail: 'The customer still has orders.' },
      },
      demo_orders_quantity_check: {
        resource: 'order',
        fields: ['quantity'],
        status: 422,
        detail: 'The quantity must be positive.',
      },
      demo_bookings_room_id_fkey: {
        reference_missing: { resource: 'booking', fields: ['room'], detail: 'This room does not exist.' },
      },
      demo_bookings_dates_check: {
        resource: 'booking',
        fields: ['to'],
        status: 422,
        detail: 'The day of departure must be after the day of arrival.',
      },
      demo_domains_name_key: DOMAIN_TAKEN,
      'demo_domains(name)': DOMAIN_TAKEN,
      demo_payments_order_id_fkey: {
        reference_missing: { resource: 'payment', fields: ['order'], detail: 'This order does not exist.' },
      },
      demo_payments_amount_check: {
        resource: 'payment',
        fields: ['amount'],
        status: 422,
        detail: 'The amount must be positive.',
      },
      // Three guards of the same name: an exclusion constraint (PostgreSQL), a unique key over the nights (MySQL and
      // MariaDB) and a trigger's RAISE (SQLite).
      demo_bookings_overlap: {
        code: 'overlap',
        resource: 'booking',
        fields: ['from', 'to'],
        detail: 'The room is already booked in these nights.',
      },
    },
  });
}

export const conflicts: Conflicts = conflictsBy();
