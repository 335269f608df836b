import { EntitySchema } from 'typeorm';

export const Orgs = new EntitySchema<{ id: number; slug: string }>({
  name: 'Org',
  tableName: 'orgs',
  columns: { id: { type: 'int', primary: true }, slug: { type: 'varchar', length: 64 } },
});
