import type { Queries } from '../databases/database.ts';

export interface Booking {
  readonly id: number;
  /** The number of the room. */
  readonly room: number;
  /** The day of arrival, `2027-03-01`. */
  readonly from: string;
  /** The day of departure; its night is free. */
  readonly to: string;
}

interface Row {
  readonly id: number;
  readonly room_id: number;
  readonly starts_on: string;
  readonly ends_on: string;
}

export class Bookings {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async list(): Promise<Booking[]> {
    const rows = await this.#queries.all<Row>(
      `SELECT id, room_id, CAST(starts_on AS CHAR(10)) AS starts_on, CAST(ends_on AS CHAR(10)) AS ends_on
       FROM demo_bookings ORDER BY id`,
    );
    return rows.map((row) => ({ id: row.id, room: row.room_id, from: row.starts_on, to: row.ends_on }));
  }

  /** @throws the driver's error when there is no such room, when it is taken, or when the days are in the wrong order */
  async create({ room, from, to }: Omit<Booking, 'id'>): Promise<Booking> {
    const id = await this.#queries.insert(
      'INSERT INTO demo_bookings (room_id, starts_on, ends_on) VALUES (?, ?, ?)',
      room,
      from,
      to,
    );
    return { id, room, from, to };
  }

  async addRoom(room: number): Promise<void> {
    await this.#queries.change('INSERT INTO demo_rooms (id) VALUES (?)', room);
  }
}
