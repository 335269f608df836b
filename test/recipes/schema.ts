/** The statements that make the recipes' tables. `docs/recipes` shows them; the live tests run them. */
export interface Schema {
  /** Posts with a version. */
  readonly posts: readonly string[];
  readonly orders: readonly string[];
  /** A trigger that refuses what the state does not allow, in the words of a rule. */
  readonly shipped: readonly string[];
  readonly domains: readonly string[];
  /** DNS records: a CNAME stands alone. */
  readonly records: readonly string[];
  /** Adds a record; several statements are one transaction. */
  readonly addRecord: readonly string[];
  readonly accounts: readonly string[];
  readonly products: readonly string[];
  /** Notes that are told apart by the time of their last change. */
  readonly notes: readonly string[];
}

export const POSTGRESQL: Schema = {
  posts: [
    `CREATE TABLE posts (
      id integer PRIMARY KEY,
      title text NOT NULL,
      version integer NOT NULL DEFAULT 1
    )`,
  ],
  orders: [`CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL, note text)`],
  shipped: [
    // #region recipe: A trigger of PostgreSQL
    `CREATE FUNCTION refuse_shipped() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.status = 'shipped' THEN
        RAISE EXCEPTION 'Order % has been shipped', OLD.id
          USING ERRCODE = 'OR001', CONSTRAINT = 'order_already_shipped', TABLE = 'orders';
      END IF;
      RETURN NEW;
    END $$`,
    `CREATE TRIGGER refuse_shipped BEFORE UPDATE OF note ON orders
    FOR EACH ROW EXECUTE FUNCTION refuse_shipped()`,
    // #endregion
  ],
  domains: [`CREATE TABLE domains (name text CONSTRAINT domains_name_key UNIQUE, owner text NOT NULL)`],
  records: [
    // #region recipe: A CNAME stands alone on PostgreSQL
    `CREATE TYPE textrange AS RANGE (subtype = text)`,
    `CREATE TABLE dns_records (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text NOT NULL,
      type text NOT NULL,
      value text NOT NULL,
      CONSTRAINT dns_records_cname EXCLUDE USING gist (
        textrange(name, name, '[]') WITH &&,
        (CASE type WHEN 'CNAME' THEN int4range(NULL, NULL) ELSE int4range(id, id, '[]') END) WITH &&
      )
    )`,
    // #endregion
  ],
  addRecord: [`INSERT INTO dns_records (name, type, value) VALUES (?, ?, ?)`],
  accounts: [
    `CREATE TABLE accounts (
      id integer PRIMARY KEY,
      email text NOT NULL CONSTRAINT accounts_email_key UNIQUE,
      name text NOT NULL
    )`,
  ],
  products: [`CREATE TABLE products (id integer PRIMARY KEY, stock integer NOT NULL)`],
  notes: [`CREATE TABLE notes (id integer PRIMARY KEY, title text, updated_at timestamptz NOT NULL DEFAULT now())`],
};

export const MYSQL: Schema = {
  posts: [
    `CREATE TABLE posts (
      id INT PRIMARY KEY,
      title VARCHAR(200) NOT NULL,
      version INT NOT NULL DEFAULT 1
    )`,
  ],
  orders: [`CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20) NOT NULL, note VARCHAR(200))`],
  shipped: [
    // #region recipe: A trigger of MySQL and MariaDB
    `CREATE TRIGGER refuse_shipped BEFORE UPDATE ON orders FOR EACH ROW
    BEGIN
      IF OLD.status = 'shipped' AND NOT (NEW.note <=> OLD.note) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order_already_shipped';
      END IF;
    END`,
    // #endregion
  ],
  domains: [
    `CREATE TABLE domains (name VARCHAR(253) NOT NULL, owner VARCHAR(200) NOT NULL,
      CONSTRAINT domains_name_key UNIQUE (name))`,
  ],
  records: [
    // #region recipe: A CNAME stands alone on MySQL and MariaDB
    `CREATE TABLE dns_names (
      name VARCHAR(253) NOT NULL PRIMARY KEY,
      kind ENUM ('cname', 'other') NOT NULL,
      UNIQUE (name, kind)
    )`,
    `CREATE TABLE dns_records (
      id INT AUTO_INCREMENT PRIMARY KEY,
      name VARCHAR(253) NOT NULL,
      type VARCHAR(10) NOT NULL,
      value VARCHAR(200) NOT NULL,
      kind ENUM ('cname', 'other') NOT NULL,
      only_cname VARCHAR(253) AS (IF(kind = 'cname', name, NULL)) STORED,
      CONSTRAINT dns_records_kind CHECK ((type = 'CNAME') = (kind = 'cname')),
      CONSTRAINT dns_records_cname FOREIGN KEY (name, kind) REFERENCES dns_names (name, kind),
      CONSTRAINT dns_records_one_cname UNIQUE (only_cname)
    )`,
    // #endregion
  ],
  addRecord: [
    // #region recipe: A record is added on MySQL and MariaDB
    `INSERT INTO dns_names (name, kind) VALUES (?, IF(? = 'CNAME', 'cname', 'other'))
    ON DUPLICATE KEY UPDATE kind = kind`,
    `INSERT INTO dns_records (name, type, value, kind) VALUES (?, ?, ?, IF(? = 'CNAME', 'cname', 'other'))`,
    // #endregion
  ],
  accounts: [
    `CREATE TABLE accounts (
      id INT PRIMARY KEY,
      email VARCHAR(200) NOT NULL,
      name VARCHAR(200) NOT NULL,
      CONSTRAINT accounts_email_key UNIQUE (email)
    )`,
  ],
  products: [`CREATE TABLE products (id INT PRIMARY KEY, stock INT NOT NULL)`],
  notes: [
    `CREATE TABLE notes (
      id INT PRIMARY KEY,
      title VARCHAR(200),
      updated_at DATETIME(6) NOT NULL DEFAULT NOW(6)
    )`,
  ],
};

export const SQLITE: Schema = {
  posts: [
    `CREATE TABLE posts (
      id INTEGER PRIMARY KEY,
      title TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 1
    )`,
  ],
  orders: [`CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT NOT NULL, note TEXT)`],
  shipped: [
    // #region recipe: A trigger of SQLite
    `CREATE TRIGGER refuse_shipped BEFORE UPDATE OF note ON orders WHEN OLD.status = 'shipped'
    BEGIN
      SELECT RAISE(ABORT, 'order_already_shipped');
    END`,
    // #endregion
  ],
  domains: [
    `CREATE TABLE domains (name TEXT NOT NULL, owner TEXT NOT NULL, CONSTRAINT domains_name_key UNIQUE (name))`,
  ],
  records: [
    // #region recipe: A CNAME stands alone on SQLite
    `CREATE TABLE dns_records (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      value TEXT NOT NULL
    )`,
    `CREATE UNIQUE INDEX dns_records_one_cname ON dns_records (name) WHERE type = 'CNAME'`,
    `CREATE TRIGGER dns_records_cname BEFORE INSERT ON dns_records
    WHEN EXISTS (
      SELECT 1 FROM dns_records WHERE name = NEW.name AND (type = 'CNAME' OR NEW.type = 'CNAME')
    )
    BEGIN
      SELECT RAISE(ABORT, 'dns_records_cname');
    END`,
    // #endregion
  ],
  addRecord: [`INSERT INTO dns_records (name, type, value) VALUES (?, ?, ?)`],
  accounts: [
    `CREATE TABLE accounts (
      id INTEGER PRIMARY KEY,
      email TEXT NOT NULL,
      name TEXT NOT NULL,
      CONSTRAINT accounts_email_key UNIQUE (email)
    )`,
  ],
  products: [`CREATE TABLE products (id INTEGER PRIMARY KEY, stock INTEGER NOT NULL)`],
  notes: [],
};
