/** Puts each of a problem's `errors` under the field that it is about: `#/email` goes to the input named `email`. */
export function showFieldErrors(form, problem) {
  clearFieldErrors(form);
  let first;
  for (const { pointer, detail } of problem.errors ?? []) {
    const input = form.elements.namedItem(decodeURIComponent(pointer.slice('#/'.length)));
    if (!(input instanceof HTMLElement)) continue;
    const message = document.getElementById(`${input.id}-error`);
    // One sentence about several fields is said under the first of them.
    if (message !== null) message.textContent = first === undefined ? (detail ?? problem.detail) : '';
    input.setAttribute('aria-invalid', 'true');
    first ??= input;
  }
  first?.focus();
  return first !== undefined;
}

/** Takes all messages away. */
export function clearFieldErrors(form) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const message of form.querySelectorAll('.field-error')) message.textContent = '';
}
