CREATE TABLE demo_users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  CONSTRAINT demo_users_email_key UNIQUE (email)
);

CREATE TABLE demo_customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE demo_orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'open',
  CONSTRAINT demo_orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES demo_customers (id),
  CONSTRAINT demo_orders_quantity_check CHECK (quantity > 0)
);

CREATE TABLE demo_rooms (
  id INTEGER PRIMARY KEY
);

CREATE TABLE demo_bookings (
  id INTEGER PRIMARY KEY,
  room_id INTEGER NOT NULL,
  starts_on TEXT NOT NULL,
  ends_on TEXT NOT NULL,
  CONSTRAINT demo_bookings_room_id_fkey FOREIGN KEY (room_id) REFERENCES demo_rooms (id),
  CONSTRAINT demo_bookings_dates_check CHECK (ends_on > starts_on)
);

-- SQLite has no exclusion constraint. One writer at a time: what the trigger sees is all there is.
CREATE TRIGGER demo_bookings_overlap BEFORE INSERT ON demo_bookings
WHEN EXISTS (
  SELECT 1 FROM demo_bookings
  WHERE room_id = NEW.room_id AND starts_on < NEW.ends_on AND ends_on > NEW.starts_on
)
BEGIN
  SELECT RAISE(ABORT, 'demo_bookings_overlap');
END;

CREATE TABLE demo_documents (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'draft',
  version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE demo_domains (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  CONSTRAINT demo_domains_name_key UNIQUE (name)
);

CREATE TABLE demo_payments (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  CONSTRAINT demo_payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES demo_orders (id),
  CONSTRAINT demo_payments_amount_check CHECK (amount > 0)
);
