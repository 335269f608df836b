// #region readme: Client
import { fieldErrors, parseConflict, resolveConflict } from 'db-http-errors/client';

export async function save(url: string, draft: Post, etag: string, showError: ShowError): Promise<boolean> {
  const response = await resolveConflict(
    ({ input, headers }) =>
      fetch(url, { method: 'PUT', headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(input) }),
    {
      input: draft,
      version: etag,
      refetch: async () => {
        const current = await fetch(url, { cache: 'no-store' });
        return { state: (await current.json()) as Post, version: current.headers.get('ETag') };
      },
      // Yours: a rule, or a dialogue. `undefined` gives up.
      merge: (current, input) => (current.body === draft.body ? { ...current, ...input } : undefined),
    },
  );
  const conflict = await parseConflict(response);
  if (conflict) for (const { name, message } of fieldErrors(conflict)) showError(name, message);
  return response.ok;
}
// #endregion

const JSON_TYPE = { 'Content-Type': 'application/json' };

export interface Post {
  readonly title: string;
  readonly body: string;
}

export type ShowError = (field: string, message: string) => void;
