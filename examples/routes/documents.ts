import { assertUpdated, defineTransitions, entityTag, expectVersion, precondition } from 'db-http-errors/concurrency';
import createError from 'http-errors';
import { conflicts } from '../conflicts.ts';
import { readInteger, readText } from '../http/body.ts';
import type { Route } from '../http/listener.ts';
import type { Document } from '../repositories/documents.ts';
import type { Repositories } from '../repositories/repositories.ts';

const ABOUT = { resource: 'document', conflicts };

const steps = defineTransitions({ publish: { from: ['draft'], to: 'published' } });

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
        const { version } = await find(id);
        // A stale version is a 412 in `If-Match` and a 409 in the body; neither of them is a 428.
        precondition(message, { version }, { ...ABOUT, required: body.version === undefined });
        if (message.headers['if-match'] === undefined) expectVersion(readInteger(body, 'version'), version, ABOUT);
        // Somebody may have been faster since then.
        const updated = await documents.update({ id, text, version });
        const current = async () => (await documents.find(id))?.version;
        await assertUpdated(updated, { ...ABOUT, current, expected: version, context: message });
        return answerWith(await find(id));
      },
    },
    {
      method: 'POST',
      path: '/documents/:id/publish',
      async answer({ id }) {
        const moved = await documents.move(id, steps.from('publish'), steps.to('publish'));
        const current = async () => (await documents.find(id))?.status;
        await steps.assertUpdated('publish', moved, { ...ABOUT, current });
        return answerWith(await find(id));
      },
    },
  ];
}

function answerWith(document: Document): { status: number; headers: Record<string, string>; body: Document } {
  const headers = { ETag: entityTag(document.version), 'Cache-Control': 'no-cache' };
  return { status: 200, headers, body: document };
}
