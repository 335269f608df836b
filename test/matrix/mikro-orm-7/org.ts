import { EntitySchema } from '@mikro-orm/core';

export const Org = new EntitySchema<{ id: number; slug: string }>({
  name: 'Org',
  tableName: 'orgs',
  properties: { id: { type: 'integer', primary: true }, slug: { type: 'string' } },
});
