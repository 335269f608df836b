import createError from 'http-errors';
import { conflicts } from '../conflicts.ts';
import { readInteger, readText } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Document } from '../repositories/documents.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** Documents that two people edit: a change says which version it was made from, in `If-Match` or as `version`. */
export function documentRoutes({ documents }: Repositories): Route[] {
  async function find(id: number): Promise<Document> {
    const document = await documents.find(id);
    if (document === undefined) throw createError(404, 'There is no such document.');
    return document;
  }

  return [
    {
      method: 'GET',
      path: '/documents',
      async answer() {
        return { status: 200, body: await documents.list() };
      },
    },
    {
      method: 'GET',
      path: '/documents/:id',
      async answer({ id }) {
        return answerWith(await find(id));
      },
    },
    {
      method: 'PUT',
      path: '/documents/:id',
      async answer({ id, message, body: readBody }) {
        const body = await readBody();
        const text = readText(body, 'text');
        const current = await find(id);
        const tags = message.headers['if-match'];
        const version = body.version === undefined ? undefined : readInteger(body, 'version');
        if (tags === undefined && version === undefined) {
          throw conflicts.conflict('precondition_required', { resource: 'document' });
        }

        const expected = tags === undefined ? version === current.version : matches(tags, current.version);
        if (expected && (await documents.update({ id, text, version: current.version }))) {
          return answerWith({ id, text, version: current.version + 1 });
        }
        // With `If-Match` in the request this is a 412, without it a 409.
        throw conflicts.conflict(
          'version_mismatch',
          {
            resource: 'document',
            current_version: (await find(id)).version,
            expected_version: tags === undefined ? version : readTag(tags),
          },
          { context: message },
        );
      },
    },
  ];
}

function answerWith(document: Document): { status: number; headers: Record<string, string>; body: Document } {
  return { status: 200, headers: { ETag: `"${document.version}"`, 'Cache-Control': 'no-cache' }, body: document };
}

/** True when one of the tags of `If-Match` is this version's; a weak tag never is. Source: RFC 9110 section 13.1.1 */
function matches(tags: string, version: number): boolean {
  return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim() === `"${version}"`);
}

/** The version in a single tag; `undefined` for a list. */
function readTag(tags: string): string | undefined {
  return /^\s*"([^",]*)"\s*$/.exec(tags)?.[1];
}
