import { type Conflicts, defineConflicts } from 'db-http-errors';

export const conflicts: Conflicts = defineConflicts({
  rules: {
    'users(email)': { resource: 'user', fields: ['email'], detail: 'A user with this email address already exists.' },
  },
});
