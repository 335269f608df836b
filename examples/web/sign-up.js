import { showWith, showWithout } from './answers.js';
import { byId, on, say } from './elements.js';
import { clearFieldErrors, showFieldErrors } from './fields.js';
import { send, sendWithout } from './http.js';

export function startSignUp() {
  const form = byId('sign-up-form');
  // Free at first, so that the second time is the one that fails.
  form.elements.email.value = `ada.${Math.random().toString(36).slice(2, 6)}@example.com`;

  on(form, 'submit', 'sign-up-status', async () => {
    const user = { email: form.elements.email.value, name: form.elements.name.value };
    const answer = await send('POST /users', user);
    const { conflict } = answer;
    showWith('sign-up', answer);
    clearFieldErrors(form);
    if (answer.status === 201) {
      say('sign-up-status', `Welcome, ${answer.body.name}. Now sign up once more.`, 'good');
      return;
    }
    say('sign-up-status', '');
    if (!conflict || !showFieldErrors(form, conflict)) say('sign-up-status', answer.body.detail, 'bad');
    if (conflict) showWithout('sign-up', await sendWithout('POST /users', user));
  });
}
