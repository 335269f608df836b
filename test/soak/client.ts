import { type Agent, request } from 'node:http';

/** What the service answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed; absent without one. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** In milliseconds: longer than any fault and any timeout of the service. */
const DEADLINE = 20_000;

/** Sends a request. Rejects when there is no whole answer within the deadline. */
export function send(port: number, agent: Agent, line: string, json?: object, headers: object = {}): Promise<Answer> {
  const [method, path] = line.split(' ') as [string, string];
  const text = json === undefined ? undefined : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${DEADLINE} ms`)), DEADLINE);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const sent = request(
      {
        ...{ port, host: '127.0.0.1', method, path, agent },
        headers: {
          ...(text && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          ...headers,
        },
      },
      (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          received += chunk;
        });
        response.on('error', fail).on('end', () => {
          clearTimeout(timer);
          const status = response.statusCode ?? 0;
          try {
            resolve({ status, headers: response.headers, ...(received && { body: JSON.parse(received) }) });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    sent.on('error', fail).end(text);
  });
}

/** In every value that is sent: it must come back in no answer that is an error. */
export const SECRET = 's3cret';

/** Words of the schema, of SQL, of the drivers and of the machine. */
const LEAKS = [
  new RegExp(`${SECRET}|demo_|soak|127\\.0\\.0\\.1|postgres|mysql|maria|sqlite|errno|terminat|node_modules`, 'i'),
  /SQL|SELECT|INSERT|UPDATE|DELETE|COMMIT|ECONN|EPIPE|ETIMEDOUT|ER_[A-Z]/,
];

/** What is wrong with an answer that is an error; absent for a valid problem document without a leak. */
export function faultOf({ status, headers, body }: Answer): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return `content type ${headers['content-type']}`;
  if (headers['cache-control'] !== 'no-store') return `cache-control ${headers['cache-control']}`;
  if (body?.status !== status || typeof body.title !== 'string' || typeof body.type !== 'string')
    return 'no problem document';
  const text = JSON.stringify([body, headers]);
  const leak = LEAKS.map((word) => word.exec(text)).find((found) => found !== null);
  if (leak) return `leaks "${leak[0]}"`;
  const isToBeSentAgain = body.retryable === true;
  if (isToBeSentAgain && !/^\d+$/.test(String(headers['retry-after']))) return 'no Retry-After';
  return undefined;
}
