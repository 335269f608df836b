import Database from 'better-sqlite3';

export interface User {
  readonly email: string;
}

const db = new Database(':memory:');
db.exec('create table users (id integer primary key, email text not null unique)');

/** A repository that leaves the errors of its driver as they are. */
export const users = {
  async insert({ email }: User): Promise<User> {
    return db.prepare('insert into users (email) values (?) returning id, email').get(email) as User;
  },
};
