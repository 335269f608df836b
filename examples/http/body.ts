import type { IncomingMessage } from 'node:http';
import createError from 'http-errors';

/** The members of a JSON object, none of them checked. */
export type Body = Readonly<Record<string, unknown>>;

/** In bytes. */
const LARGEST = 64 * 1024;

/**
 * Reads the body of a request.
 *
 * @throws an http-errors error: 415 without a JSON content type, 413 beyond 64 KiB, 400 for anything but a JSON object
 */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw createError(415, 'Expected a body of type application/json.');

  const tooLarge = createError(413, `Expected a body of at most ${LARGEST} bytes.`, {
    headers: { Connection: 'close' },
  });
  if (Number(request.headers['content-length']) > LARGEST) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  // `for await` would close the connection before the 413 is sent.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LARGEST) chunks.push(chunk);
      else reject(tooLarge);
    });
    request.on('end', resolve);
    request.on('error', () => reject(createError(400, 'The request was broken off.')));
  });

  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw createError(400, 'Expected the body to be JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw createError(400, 'Expected the body to be a JSON object.');
  }
  return body as Body;
}

/** A text of 1 to 200 characters. */
export function readText(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value.length <= 200 && value.trim() !== '' && !value.includes('\0')) return value;
  throw createError(400, `Expected "${name}" to be a text of 1 to 200 characters.`);
}

/** A name like `www.example.com`, in lower case. */
export function readDomain(body: Body, name: string): string {
  const value = readText(body, name).trim().toLowerCase();
  const labels = value.split('.');
  if (labels.length > 1 && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) return value;
  throw createError(400, `Expected "${name}" to be a domain like www.example.com.`);
}

/** A whole number that fits 32 bits. */
export function readInteger(body: Body, name: string): number {
  const value = body[name];
  if (Number.isInteger(value) && value === ((value as number) | 0)) return value as number;
  throw createError(400, `Expected "${name}" to be a whole number.`);
}

/** A day, such as `2027-03-01`. */
export function readDay(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && /^[12]\d{3}-\d\d-\d\d$/.test(value)) {
    const day = new Date(value);
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(value)) return value;
  }
  throw createError(400, `Expected "${name}" to be a day like 2027-03-01.`);
}
