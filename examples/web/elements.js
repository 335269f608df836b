/**
 * Makes an element. Text becomes text, never markup.
 *
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The element with this id. */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`Expected an element with the id "${id}"`);
  return found;
}

/** Says something below a form, and to a screen reader. The kind gives the colour. */
export function say(id, text, kind = 'plain') {
  const place = byId(id);
  place.textContent = text;
  place.dataset.kind = kind;
}

/**
 * Runs `act` on a form's submit or a button's click; what it throws is said in `statusId`. A second click waits until
 * the first has its answer, or two answers could be shown in the wrong order.
 */
export function on(target, event, statusId, act) {
  let last = Promise.resolve();
  target.addEventListener(event, (happened) => {
    happened.preventDefault();
    last = last.then(act).catch((error) => say(statusId, `The page got no answer: ${error.message}`, 'bad'));
  });
}
