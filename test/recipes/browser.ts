import { fieldErrors, parseConflict, type Run, resolveConflict } from 'db-http-errors/client';

interface Branch {
  readonly base: string;
  readonly revision: string;
}

// #region recipe: The form of a duplicate
export async function signUp(
  url: string,
  member: { email: string },
  showError: (field: string | undefined, message: string) => void,
): Promise<boolean> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(member),
  });
  const conflict = await parseConflict(response);
  if (conflict === undefined) return response.ok;
  const fields = fieldErrors(conflict);
  for (const { name, message } of fields) showError(name, message);
  // About no field: the sentence belongs to the form.
  if (fields.length === 0) showError(undefined, conflict.detail ?? conflict.title);
  return false;
}
// #endregion

// #region recipe: A deployment that is rebased
export async function deployBranch(
  url: string,
  branch: Branch,
  rebase: (branch: Branch, onto: string) => Promise<Branch | undefined>,
): Promise<Response> {
  const post = ({ input, headers }: Run<Branch>): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(input),
    });
  const refetch = async () => {
    const response = await fetch(url, { headers: { 'Cache-Control': 'no-cache' } });
    return { state: (await response.json()) as { revision: string } };
  };
  // Where the same lines were changed, `rebase` gives `undefined`: a person has to look.
  const merge = (live: { revision: string }, mine: Branch) => rebase(mine, live.revision);
  return resolveConflict(post, { input: branch, refetch, merge });
}
// #endregion
