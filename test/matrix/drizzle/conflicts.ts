import { defineConflicts } from 'db-http-errors';

export const conflicts = defineConflicts({
  rules: {
    orgs_slug_key: { resource: 'org', fields: ['slug'], detail: 'This name is taken.' },
  },
});
