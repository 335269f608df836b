import { showWith, showWithout } from './answers.js';
import { byId, on, say } from './elements.js';
import { send, sendWithout } from './http.js';
import { merge } from './merge.js';

const BASE = 'Milk\nBread\nTea';
const EDITORS = {
  ada: { name: 'Ada', text: 'Oat milk\nBread\nTea' },
  ben: { name: 'Ben', text: 'Milk\nBread\nGreen tea' },
};

/** Where the document is, and what each editor started from. */
let path = '';
const loaded = {};

export async function startDocuments() {
  for (const editor of Object.keys(EDITORS)) {
    on(byId(`${editor}-form`), 'submit', `${editor}-status`, () => save(editor));
  }
  on(byId('merge-form'), 'submit', 'merge-status', saveMerged);
  on(byId('documents-again'), 'click', 'merge-status', begin);
  await begin();
}

/** A new document that both have loaded and changed. */
async function begin() {
  const { body } = await sendWithout('POST /documents', { text: BASE });
  path = `/documents/${body.id}`;
  byId('merge-form').hidden = true;
  say('merge-status', '');
  for (const [editor, { text }] of Object.entries(EDITORS)) {
    await load(editor);
    byId(`${editor}-text`).value = text;
    say(`${editor}-status`, `Loaded version ${loaded[editor].version}, then changed one line.`);
  }
}

async function load(editor) {
  const { headers, body } = await send(`GET ${path}`);
  loaded[editor] = { etag: headers.get('etag'), text: body.text, version: body.version };
}

/** Sends the text with the version that it was made from. */
async function save(editor) {
  const text = byId(`${editor}-text`).value;
  const answer = await send(`PUT ${path}`, { text }, { 'if-match': loaded[editor].etag });
  showWith('documents', answer);
  if (answer.status === 200) {
    loaded[editor] = { etag: answer.headers.get('etag'), text, version: answer.body.version };
    say(`${editor}-status`, `Saved as version ${answer.body.version}.`, 'good');
  } else if (answer.conflict?.recovery === 'refetch_and_retry') {
    await offerMerge(editor, answer.conflict);
    await showLostUpdate();
  } else {
    say(`${editor}-status`, answer.body.detail, 'bad');
  }
}

/** Loads what is there now and proposes a text with both changes. */
async function offerMerge(editor, conflict) {
  const { text: base, version } = loaded[editor];
  const mine = byId(`${editor}-text`).value;
  await load(editor);
  const { text, undecided } = merge(base, loaded[editor].text, mine);
  say(
    `${editor}-status`,
    `Version ${conflict.current_version ?? loaded[editor].version} is there already; this was made from version ${version}.`,
    'bad',
  );
  const form = byId('merge-form');
  form.dataset.editor = editor;
  form.hidden = false;
  byId('merge-theirs').textContent = loaded[editor].text;
  byId('merge-mine').textContent = mine;
  byId('merge-text').value = text;
  say('merge-status', undecided === 0 ? '' : 'Both changed the same line. Both are in the text: choose one.');
  byId('merge-text').focus();
}

async function saveMerged() {
  const { editor } = byId('merge-form').dataset;
  byId(`${editor}-text`).value = byId('merge-text').value;
  byId('merge-form').hidden = true;
  await save(editor);
  byId('documents-again').focus();
}

/** The same two changes to a document of its own, without a look at the version. */
async function showLostUpdate() {
  const { body } = await sendWithout('POST /documents', { text: BASE });
  await sendWithout(`PUT /documents/${body.id}`, { text: EDITORS.ada.text });
  const answer = await sendWithout(`PUT /documents/${body.id}`, { text: EDITORS.ben.text });
  showWithout('documents', answer, 'No error at all. Ada’s change is gone, and nobody was told.');
}
