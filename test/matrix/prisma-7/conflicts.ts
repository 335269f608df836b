import { defineConflicts } from 'db-http-errors';

export const conflicts = defineConflicts({
  rules: {
    orgs_slug_key: { resource: 'org', fields: ['slug'], detail: 'This name is taken.' },
    notes_org_id_fkey: { resource: 'note', fields: ['org'], detail: 'This organisation does not exist.' },
  },
});
