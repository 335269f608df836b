import { nextConflicts } from 'db-http-errors/frameworks/next';
import { conflicts } from '../conflicts';

const users = {
  /** Nothing can be created twice. */
  async create({ email }: { email: string }): Promise<{ email: string }> {
    if (email !== 'taken@example.com') return { email };
    throw fail('native');
  },
};

declare const fail: (route: string) => never;

// #region readme: Next.js
export const POST = nextConflicts(conflicts)(async (request: Request) => {
  return Response.json(await users.create(await request.json()), { status: 201 });
});
// #endregion
