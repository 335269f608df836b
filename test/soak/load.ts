import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, faultOf, SECRET, send } from './client.ts';

/** Every request that was answered, by what it was about; and what was wrong. */
export interface Load {
  /** By `about status code`: `a duplicate 409 duplicate`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Sentences; empty when all is well. At most a hundred are kept. */
  readonly wrong: readonly string[];
  /** From `true` to `false` a request may also fail with 500 or 503. */
  trouble(isTroubled: boolean): void;
  /** Time of the last answer that said 5xx. In milliseconds since 1970. */
  readonly lastFailure: number;
  /** How many answers said 5xx. */
  readonly failures: number;
  /** Of the answer that took longest. In milliseconds. */
  readonly slowest: number;
  /** Ends when every request under way has been answered. */
  stop(): Promise<void>;
  /** What the tables must hold. */
  readonly truth: Truth;
}

/** Every value is one that no other request has. */
export interface Truth {
  /** Addresses of users: `true` when one must be there, `false` when it may be. */
  readonly emails: ReadonlyMap<string, boolean>;
  /** Days of arrival, in the same way. */
  readonly nights: ReadonlyMap<string, boolean>;
  /** Amounts of payments, in the same way; none more than once. */
  readonly amounts: ReadonlyMap<number, boolean>;
  /** Orders that must have been shipped. */
  readonly shipped: ReadonlySet<number>;
}

/** How many requests are under way at once, two of them at times by the same worker. */
const WORKERS = 6;
/** In milliseconds, between two steps of a worker. */
const PAUSE = 15;

interface Expectation {
  readonly status: number;
  /** Of the problem document. */
  readonly code?: string;
  /** Wrong unless it gives true. */
  readonly holds?: (answer: Answer) => boolean;
}

export function startLoad(port: number): Load {
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const emails = new Map<string, boolean>();
  const nights = new Map<string, boolean>();
  const amounts = new Map<number, boolean>();
  const shipped = new Set<number>();
  const unknown: string[] = [];
  const known: string[] = [];
  let isTroubled = false;
  let troubles = 0;
  let lastFailure = 0;
  let failures = 0;
  let slowest = 0;
  let isOver = false;
  let number = 0;

  const complain = (text: string) => {
    if (wrong.length < 100) wrong.push(text);
  };

  async function worker(): Promise<void> {
    // One connection that is never idle, for the server closes those that are; and one each for what is sent beside.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const beside = new Agent({ keepAlive: false });

    /**
     * Sends a request, which must be answered in one of these ways; while there is trouble, or when there was some since
     * it was sent, also with 500 or 503. Gives the answer; nothing where the outcome is not known.
     */
    async function ask(
      about: string,
      expected: readonly Expectation[],
      line: string,
      json?: object,
      headers?: object,
      by = agent,
    ): Promise<Answer | undefined> {
      const before = troubles;
      const mayFail = () => isTroubled || troubles !== before;
      const sent = Date.now();
      let answer: Answer;
      try {
        answer = await send(port, by, line, json, headers);
      } catch (error) {
        complain(`${about}: ${line}: ${error}`);
        return undefined;
      }
      slowest = Math.max(slowest, Date.now() - sent);
      const { status, body } = answer;
      const code = status >= 400 ? body?.code : undefined;
      const key = `${about}: ${status}${code === undefined ? '' : ` ${code}`}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const fault = status >= 400 ? faultOf(answer) : undefined;
      if (fault) complain(`${about}: ${line}: ${status}: ${fault}: ${JSON.stringify(body)}`);
      if (status === 500 || (status === 503 && code === 'busy')) {
        lastFailure = Date.now();
        failures++;
        if (!mayFail()) complain(`${about}: ${line}: ${status} ${code ?? ''} though nothing was done to the database`);
        return undefined;
      }
      const fits = expected.find((one) => one.status === status && one.code === code);
      if (!fits || fits.holds?.(answer) === false) {
        complain(`${about}: ${line} ${JSON.stringify(json)}: ${status} ${JSON.stringify(body)}`);
        return undefined;
      }
      return answer;
    }

    const created: Expectation = { status: 201 };
    const taken: Expectation = {
      ...{ status: 409, code: 'duplicate' },
      holds: ({ body }) => JSON.stringify(body?.errors) === '[{"pointer":"#/email","code":"taken"}]',
    };

    const steps: Readonly<Record<string, () => Promise<void>>> = {
      async 'a new user'() {
        const email = `${SECRET}-${++number}@example.com`;
        emails.set(email, false);
        const answer = await ask('a new user', [created], 'POST /users', { email, name: `${SECRET} ${number}` });
        if (answer === undefined) unknown.push(email);
        else {
          emails.set(email, true);
          known.push(email);
        }
      },
      // Whoever got 201 is there, whatever has happened since.
      async 'a duplicate'() {
        const email = known[Math.floor(Math.random() * known.length)] ?? 'alice@example.com';
        await ask('a duplicate', [taken], 'POST /users', { email, name: SECRET });
      },
      // 409 says that it is there, which is looked up at the end.
      async 'a user who may be there'() {
        const email = unknown.shift();
        if (email === undefined) return;
        const answer = await ask('a user who may be there', [created, taken], 'POST /users', { email, name: SECRET });
        if (answer === undefined) unknown.push(email);
        else emails.set(email, true);
      },
      async 'an order of nobody'() {
        const missing = { status: 409, code: 'reference_missing' };
        await ask('an order of nobody', [missing], 'POST /orders', { customer: 999_999_999, quantity: 1 });
      },
      async 'an order of nothing'() {
        const failed = { status: 422, code: 'check_failed' };
        await ask('an order of nothing', [failed], 'POST /orders', { customer: 1, quantity: 0 });
      },
      async 'a customer with orders'() {
        await ask('a customer with orders', [{ status: 409, code: 'reference_in_use' }], 'DELETE /customers/1');
      },
      async 'an order that is shipped twice'() {
        const answer = await ask('an order', [created], 'POST /orders', { customer: 1, quantity: 1 });
        if (answer === undefined) return;
        const id = answer.body?.id as number;
        const line = `POST /orders/${id}/ship`;
        const done: Expectation = { status: 200, holds: ({ body }) => body?.status === 'shipped' };
        const again: Expectation = {
          ...{ status: 409, code: 'invalid_state' },
          holds: ({ body }) => body?.current_status === 'shipped',
        };
        const first = await ask('an order is shipped', [done], line);
        const second = await ask('an order is shipped again', first ? [again] : [again, done], line);
        if (first ?? second) shipped.add(id);
      },
      async 'a room that is taken'() {
        const overlap = { status: 409, code: 'overlap' };
        const json = { room: 101, from: '2027-03-04', to: '2027-03-06' };
        await ask('a room that is taken', [overlap, CONTENTION], 'POST /bookings', json);
      },
      async 'a night that is booked twice'() {
        const day = new Date(Date.UTC(2030, 0, 1) + number++ * 86_400_000);
        const from = day.toISOString().slice(0, 10);
        const to = new Date(day.getTime() + 86_400_000).toISOString().slice(0, 10);
        const overlap = { status: 409, code: 'overlap' };
        nights.set(from, false);
        const json = { room: 102, from, to };
        const first = await ask('a night', [created, CONTENTION], 'POST /bookings', json);
        if (first?.status === 201) nights.set(from, true);
        const others = first?.status === 201 ? [overlap, CONTENTION] : [overlap, created, CONTENTION];
        const second = await ask('a night again', others, 'POST /bookings', json);
        if (second?.body?.code === 'overlap' || second?.status === 201) nights.set(from, true);
      },
      async 'a document that others change'() {
        const answer = await ask('a document', [{ status: 200 }], 'GET /documents/1');
        const etag = answer?.headers.etag;
        if (answer === undefined) return;
        const expected = answer.body?.version;
        const stale: Expectation = {
          ...{ status: 412, code: 'version_mismatch' },
          holds: ({ body }) => String(body?.current_version) !== String(expected),
        };
        const json = { text: `${SECRET} ${++number}` };
        await ask('a change', [{ status: 200 }, stale], 'PUT /documents/1', json, { 'If-Match': etag });
        // The first version was changed long ago, or just now.
        const mismatch = { status: 409, code: 'version_mismatch' };
        await ask('a stale change', [mismatch], 'PUT /documents/1', { ...json, version: 0 });
      },
      async 'a payment that is sent twice'() {
        const amount = ++number;
        const key = randomUUID();
        const headers = { 'Idempotency-Key': `"${key}"` };
        const json = { order: 1, amount };
        const paid: Expectation = { status: 201, holds: ({ body }) => body?.amount === amount };
        const pending = { status: 409, code: 'idempotency_in_progress' };
        amounts.set(amount, false);
        const ways = [paid, pending, CONTENTION];
        const pay = (by: Agent) => ask('a payment', ways, 'POST /payments', json, headers, by);
        const answers = await Promise.all([pay(agent), pay(beside)]);
        // Whoever does not know asks again.
        for (let time = 0; time < 20 && !answers.some((answer) => answer?.status === 201) && !isOver; time++) {
          await sleep(200);
          answers.push(await pay(agent));
        }
        const ids = answers.filter((answer) => answer?.status === 201).map((answer) => answer?.body?.id);
        if (ids.length === 0) return;
        amounts.set(amount, true);
        if (new Set(ids).size > 1) complain(`a payment was taken more than once: ${ids}`);
        const other = { status: 422, code: 'idempotency_key_reused' };
        await ask('a key of another payment', [other], 'POST /payments', { order: 1, amount: 2_000_000_000 }, headers);
      },
    };

    const names = Object.keys(steps);
    while (!isOver) {
      const name = names[Math.floor(Math.random() * names.length)] as string;
      await steps[name]?.();
      await sleep(PAUSE);
    }
    agent.destroy();
  }

  const running = Promise.all(Array.from({ length: WORKERS }, worker));
  return {
    ...{ counts, wrong, truth: { emails, nights, amounts, shipped } },
    get lastFailure() {
      return lastFailure;
    },
    get failures() {
      return failures;
    },
    get slowest() {
      return slowest;
    },
    trouble(value) {
      isTroubled = value;
      troubles++;
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}

/** A deadlock of two bookings or payments, which the database has told. */
const CONTENTION: Expectation = { status: 409, code: 'contention', holds: ({ body }) => body?.retryable === true };
