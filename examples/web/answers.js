import { byId, element } from './elements.js';

/** The headers that a client acts on. */
const SHOWN = ['content-type', 'etag', 'retry-after', 'allow', 'idempotency-replayed', 'cache-control'];

/** What the page makes of the `recovery` of a problem. */
const RECOVERY = {
  change_input: 'The page marks the field and waits for another value.',
  refetch_and_retry: 'The page loads the current version and offers to merge.',
  retry: 'The page may send the same request again.',
  none: 'Sending it again will not help, so the page says why.',
};

/** What there is to say of a driver's text. */
const DRIVER =
  'To the page a bug of the server: no field to mark, nothing to say to the user. What is marked are the driver’s own words, which only the server’s log should have.';

/** Builds the places for the answers and the code of a situation. */
export function prepareEvidence(section, excerpts) {
  const { id } = section;
  section.append(
    element(
      'div',
      { class: 'evidence' },
      panel(id, 'with', 'With the library', 'Nothing sent yet.'),
      panel(id, 'without', 'Without it', 'Nothing to compare yet.'),
    ),
  );
  if (excerpts.length === 0) return;
  section.append(
    element(
      'details',
      { class: 'code' },
      element('summary', {}, 'The code that did it'),
      ...excerpts.map(({ file, code }) =>
        element(
          'figure',
          {},
          element('figcaption', {}, file),
          element('pre', { tabindex: '0', role: 'group', 'aria-label': file }, codeOf(code)),
        ),
      ),
    ),
  );
}

function panel(id, side, title, empty) {
  return element(
    'div',
    { class: `answer ${side}` },
    element('h3', {}, title),
    element('div', { id: `${id}-${side}` }, element('p', { class: 'empty' }, empty)),
  );
}

/** Shows what came back with the library. */
export function showWith(id, answer, note = RECOVERY[answer.body?.recovery]) {
  show(`${id}-with`, answer, note);
}

/** Shows what came back without it. In a driver's text everything is marked that no client should see. */
export function showWithout(id, answer, note = DRIVER) {
  show(`${id}-without`, answer, note, answer.status >= 500 ? ['code', 'message'] : []);
}

function show(place, { line, status, phrase, headers, body }, note, leaks = []) {
  const kind = status < 400 ? 'ok' : status < 500 ? 'conflict' : 'bad';
  const fields = SHOWN.filter((name) => headers.has(name)).map((name) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, headers.get(name))),
  );
  byId(place).replaceChildren(
    element(
      'p',
      { class: 'line' },
      element('code', {}, line),
      ' ',
      element('strong', { class: `status ${kind}` }, `${status} ${phrase}`),
    ),
    element('dl', {}, ...fields),
    body === undefined
      ? element('p', { class: 'empty' }, 'No body.')
      : element('pre', { tabindex: '0', role: 'group', 'aria-label': `Body of ${line}` }, jsonOf(body, leaks)),
    ...(note === undefined ? [] : [element('p', { class: 'note' }, note)]),
  );
}

/** JSON with its names, values and links told apart. A line that is too long goes on a little further in. */
function jsonOf(body, leaks) {
  const code = element('code');
  for (const line of JSON.stringify(body, null, 2).split('\n')) {
    const [, indent, name, value, comma] = /^(\s*)(?:"(\w+)": )?(.*?)(,?)$/.exec(line);
    const row = element('span', { class: 'json-line' }, indent);
    row.style.setProperty('--depth', String(indent.length));
    if (name !== undefined) row.append(element('span', { class: 'name' }, `"${name}"`), ': ');
    row.append(jsonValueOf(name, value, leaks), `${comma}\n`);
    code.append(row);
  }
  return code;
}

function jsonValueOf(name, value, leaks) {
  if (leaks.includes(name)) return element('mark', {}, value);
  if (name === 'type' && value.startsWith('"/problems/')) {
    const href = JSON.parse(value);
    return element('a', { href }, value);
  }
  return element('span', { class: value.startsWith('"') ? 'text' : 'value' }, value);
}

/** TypeScript, JavaScript or SQL with its comments and texts told apart. */
function codeOf(text) {
  const code = element('code');
  for (const part of text.split(/(\/\/.*|--.*|\/\*\*[\s\S]*?\*\/|'[^'\n]*'|`[^`]*`)/)) {
    if (/^(?:\/\/|--|\/\*)/.test(part)) code.append(element('span', { class: 'comment' }, part));
    else if (/^['`]/.test(part)) code.append(element('span', { class: 'text' }, part));
    else code.append(part);
  }
  return code;
}
