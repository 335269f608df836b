import { fieldErrors } from './client.js';

/** Puts each message of a conflict under the field that it is about. False when it is about none of the form's. */
export function showFieldErrors(form, conflict) {
  clearFieldErrors(form);
  const about = fieldErrors(conflict).filter(({ name }) => form.elements.namedItem(name) instanceof HTMLElement);
  const said = new Set();
  for (const { name, message } of about) {
    const input = form.elements.namedItem(name);
    input.setAttribute('aria-invalid', 'true');
    // One sentence about several fields is said once.
    document.getElementById(`${input.id}-error`).textContent = said.has(message) ? '' : message;
    said.add(message);
  }
  if (about.length > 0) form.elements.namedItem(about[0].name).focus();
  return about.length > 0;
}

/** Takes all messages away. */
export function clearFieldErrors(form) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const message of form.querySelectorAll('.field-error')) message.textContent = '';
}
