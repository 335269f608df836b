CREATE TABLE demo_users (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email varchar(200) NOT NULL,
  name varchar(200) NOT NULL,
  CONSTRAINT demo_users_email_key UNIQUE (email)
);

CREATE TABLE demo_customers (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(200) NOT NULL
);

CREATE TABLE demo_orders (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id integer NOT NULL,
  quantity integer NOT NULL,
  status varchar(20) NOT NULL DEFAULT 'open',
  CONSTRAINT demo_orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES demo_customers (id),
  CONSTRAINT demo_orders_quantity_check CHECK (quantity > 0)
);

CREATE TABLE demo_rooms (
  id integer PRIMARY KEY
);

-- The room as a range of one: `room_id WITH =` would need the extension btree_gist.
CREATE TABLE demo_bookings (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room_id integer NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  CONSTRAINT demo_bookings_room_id_fkey FOREIGN KEY (room_id) REFERENCES demo_rooms (id),
  CONSTRAINT demo_bookings_dates_check CHECK (ends_on > starts_on),
  CONSTRAINT demo_bookings_overlap EXCLUDE USING gist (
    int4range(room_id, room_id, '[]') WITH &&,
    daterange(starts_on, ends_on) WITH &&
  )
);

CREATE TABLE demo_documents (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  text varchar(200) NOT NULL,
  status varchar(20) NOT NULL DEFAULT 'draft',
  version integer NOT NULL DEFAULT 1
);

CREATE TABLE demo_domains (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(253) NOT NULL,
  CONSTRAINT demo_domains_name_key UNIQUE (name)
);

CREATE TABLE demo_payments (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id integer NOT NULL,
  amount integer NOT NULL,
  CONSTRAINT demo_payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES demo_orders (id),
  CONSTRAINT demo_payments_amount_check CHECK (amount > 0)
);

-- The mark by which the demo knows its own tables.
COMMENT ON TABLE demo_users IS 'demo of db-http-errors';
COMMENT ON TABLE demo_customers IS 'demo of db-http-errors';
COMMENT ON TABLE demo_orders IS 'demo of db-http-errors';
COMMENT ON TABLE demo_rooms IS 'demo of db-http-errors';
COMMENT ON TABLE demo_bookings IS 'demo of db-http-errors';
COMMENT ON TABLE demo_documents IS 'demo of db-http-errors';
COMMENT ON TABLE demo_domains IS 'demo of db-http-errors';
COMMENT ON TABLE demo_payments IS 'demo of db-http-errors';
