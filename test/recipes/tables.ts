/** The statements that make the tables of the recipes about single constraints, by engine. */
interface Tables {
  /** Members; no two have one address. */
  readonly members: readonly string[];
  /** Deployments; one of an environment runs at a time. */
  readonly deployments: readonly string[];
}

/** Customers and what they have bought, in the SQL that all four have in common. */
export const SHOP: readonly string[] = [
  // #region recipe: Constraints with names
  `CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name VARCHAR(200) NOT NULL
  )`,
  `CREATE TABLE purchases (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    CONSTRAINT purchases_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT purchases_quantity_check CHECK (quantity > 0)
  )`,
  // #endregion
];

/** What is live where. */
export const ENVIRONMENTS = `CREATE TABLE environments (name VARCHAR(40) PRIMARY KEY, revision VARCHAR(40) NOT NULL)`;

const RUNNING = [
  // #region recipe: One deployment at a time
  `CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    finished_at TEXT
  )`,
  `CREATE UNIQUE INDEX deployments_running ON deployments (environment) WHERE finished_at IS NULL`,
  // #endregion
];

const ON_MYSQL: Tables = {
  members: [
    // #region recipe: A key that knows no case on MySQL and MariaDB
    `CREATE TABLE members (
      id INT PRIMARY KEY,
      email VARCHAR(254) NOT NULL COLLATE utf8mb4_general_ci,
      CONSTRAINT members_email_key UNIQUE (email)
    )`,
    // #endregion
  ],
  deployments: [
    // #region recipe: One deployment at a time on MySQL and MariaDB
    `CREATE TABLE deployments (
      id INT PRIMARY KEY,
      environment VARCHAR(40) NOT NULL,
      finished_at DATETIME,
      running VARCHAR(40) AS (IF(finished_at IS NULL, environment, NULL)) STORED,
      CONSTRAINT deployments_running UNIQUE (running)
    )`,
    // #endregion
  ],
};

export const TABLES: Readonly<Record<'postgresql' | 'mysql' | 'mariadb' | 'sqlite', Tables>> = {
  postgresql: {
    members: [
      // #region recipe: A key that knows no case on PostgreSQL
      `CREATE TABLE members (
        id integer PRIMARY KEY,
        email text NOT NULL
      )`,
      `CREATE UNIQUE INDEX members_email_key ON members (lower(email))`,
      // #endregion
    ],
    deployments: RUNNING,
  },
  mysql: ON_MYSQL,
  mariadb: ON_MYSQL,
  sqlite: {
    members: [
      // #region recipe: A key that knows no case on SQLite
      `CREATE TABLE members (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL COLLATE NOCASE,
        CONSTRAINT members_email_key UNIQUE (email)
      )`,
      // #endregion
    ],
    deployments: RUNNING,
  },
};
