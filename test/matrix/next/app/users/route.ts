// #region readme: Next.js
import { nextConflicts } from 'db-http-errors/frameworks/next';
import { conflicts } from '../conflicts';
import { users } from '../repository';

export const POST = nextConflicts(conflicts)(async (request: Request) => {
  return Response.json(await users.insert(await request.json()), { status: 201 });
});
// #endregion
