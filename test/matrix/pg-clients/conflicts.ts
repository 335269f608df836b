import { type Conflicts, defineConflicts } from 'db-http-errors';

export const conflicts: Conflicts = defineConflicts({
  rules: { orgs_slug_key: { resource: 'org', fields: ['slug'], detail: 'This slug is taken.' } },
  onUnregistered: () => {},
});
