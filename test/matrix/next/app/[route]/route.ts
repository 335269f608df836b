import { nextConflicts } from 'db-http-errors/frameworks/next';
import { conflicts } from '../conflicts';

interface Params {
  params: Promise<{ route: string }>;
}

/** Throws what the test has under the route's name; the server puts it there. */
declare const fail: (route: string) => never;

async function handler(_request: Request, { params }: Params): Promise<Response> {
  const { route } = await params;
  return fail(route);
}

const handle = process.env.VARIANT === 'adapter' ? nextConflicts(conflicts)(handler) : handler;

export { handle as GET, handle as POST };
