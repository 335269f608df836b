-- For MySQL and MariaDB. The comment is the mark by which the demo knows its own tables.
CREATE TABLE demo_users (
  id INT AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(200) NOT NULL,
  name VARCHAR(200) NOT NULL,
  CONSTRAINT demo_users_email_key UNIQUE (email)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_customers (
  id INT AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NOT NULL
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_orders (
  id INT AUTO_INCREMENT PRIMARY KEY,
  customer_id INT NOT NULL,
  quantity INT NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'open',
  CONSTRAINT demo_orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES demo_customers (id),
  CONSTRAINT demo_orders_quantity_check CHECK (quantity > 0)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_rooms (
  id INT PRIMARY KEY
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_bookings (
  id INT AUTO_INCREMENT PRIMARY KEY,
  room_id INT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  CONSTRAINT demo_bookings_room_id_fkey FOREIGN KEY (room_id) REFERENCES demo_rooms (id),
  CONSTRAINT demo_bookings_dates_check CHECK (ends_on > starts_on)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

-- MySQL has no exclusion constraint, and a trigger that looks before it writes does not see what others have not
-- committed. One row for each night makes an overlap a duplicate key.
CREATE TABLE demo_booking_nights (
  booking_id INT NOT NULL,
  room_id INT NOT NULL,
  night DATE NOT NULL,
  CONSTRAINT demo_bookings_overlap UNIQUE (room_id, night),
  CONSTRAINT demo_booking_nights_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES demo_bookings (id)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_documents (
  id INT AUTO_INCREMENT PRIMARY KEY,
  text VARCHAR(200) NOT NULL,
  status VARCHAR(20) NOT NULL DEFAULT 'draft',
  version INT NOT NULL DEFAULT 1
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_domains (
  id INT AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(253) NOT NULL,
  CONSTRAINT demo_domains_name_key UNIQUE (name)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';

CREATE TABLE demo_payments (
  id INT AUTO_INCREMENT PRIMARY KEY,
  order_id INT NOT NULL,
  amount INT NOT NULL,
  CONSTRAINT demo_payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES demo_orders (id),
  CONSTRAINT demo_payments_amount_check CHECK (amount > 0)
) ENGINE = InnoDB, DEFAULT CHARSET = utf8mb4, COMMENT = 'demo of db-http-errors';
