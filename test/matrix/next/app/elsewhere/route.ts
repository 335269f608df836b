import { nextConflicts } from 'db-http-errors/frameworks/next';
import { notFound, redirect } from 'next/navigation';
import type { NextRequest } from 'next/server';
import { conflicts } from '../conflicts';

/** What Next.js throws itself. */
export const GET = nextConflicts(conflicts)((request: NextRequest) => {
  if (request.nextUrl.searchParams.has('gone')) notFound();
  redirect('/ok');
});
