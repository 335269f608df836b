/**
 * @typedef {object} Answer
 * @property {string} line what was asked for, such as `POST /users`
 * @property {number} status
 * @property {string} phrase
 * @property {Headers} headers
 * @property {any} body the JSON; undefined for none
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
  const text = await response.text();
  return {
    line,
    status: response.status,
    phrase: response.statusText,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** The same request to the same database, by the routes without the library. */
export function sendWithout(line, body) {
  return send(line.replace(' ', ' /without'), body);
}

/** True when the answer is one of the library's: it says what a client can do. */
export function isConflict({ status, body }) {
  return status >= 400 && typeof body?.code === 'string' && typeof body.recovery === 'string';
}
