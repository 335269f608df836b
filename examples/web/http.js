import { parseConflict } from './client.js'; // from 'db-http-errors/client' in a project of your own

/**
 * @typedef {object} Answer
 * @property {string} line what was asked for, such as `POST /users`
 * @property {number} status
 * @property {string} phrase
 * @property {Headers} headers
 * @property {any} body the JSON; undefined for none
 * @property {import('../../src/client/index.ts').Conflict} [conflict] undefined for what is no conflict
 */

/**
 * Sends a request and gives its answer, whatever its status.
 *
 * @param {string} line method and path
 * @param {unknown} [body] sent as JSON
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Answer>}
 */
export async function send(line, body, headers = {}) {
  const [method, path] = line.split(' ');
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(path, { method, headers: { accept: 'application/json', ...type, ...headers }, ...json });
  const conflict = await parseConflict(response);
  const text = await response.text();
  return {
    line,
    status: response.status,
    phrase: response.statusText,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
    conflict,
  };
}

/** The same request to the same database, by the routes without the library. */
export function sendWithout(line, body) {
  return send(line.replace(' ', ' /without'), body);
}
