// #region readme: Client
import { fieldErrors, parseConflict, type Run, resolveConflict } from 'db-http-errors/client';

export async function save(url: string, draft: Post, etag: string, showError: ShowError): Promise<boolean> {
  const put = ({ input, headers }: Run<Post>): Promise<Response> =>
    fetch(url, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(input),
    });
  const refetch = async () => {
    const current = await fetch(url, { cache: 'no-store' });
    return { state: (await current.json()) as Post, version: current.headers.get('ETag') };
  };
  // Yours: a rule, or a dialogue. `undefined` gives up.
  const merge = (current: Post, mine: Post) => (current.body === mine.body ? { ...current, ...mine } : undefined);

  const response = await resolveConflict(put, { input: draft, version: etag, refetch, merge });
  const conflict = await parseConflict(response);
  if (conflict) for (const { name, message } of fieldErrors(conflict)) showError(name, message);
  return response.ok;
}
// #endregion

export interface Post {
  readonly title: string;
  readonly body: string;
}

export type ShowError = (field: string, message: string) => void;
