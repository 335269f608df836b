export interface Tables {
  readonly orgs: { id: number; slug: string; version?: number };
  readonly members: { id: number; org_id: number; email: string | null; age: number };
  readonly notes: { id: number; org_id: number };
}
