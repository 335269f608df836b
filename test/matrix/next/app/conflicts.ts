import { defineConflicts } from 'db-http-errors';

// Bundled: not the copy of the package that makes the errors which the routes throw.
export const conflicts = defineConflicts({
  rules: {
    users_email_key: {
      resource: 'user',
      fields: ['email'],
      detail: 'A user with this email address already exists.',
    },
  },
  onUnregistered: () => {},
});
