import { type Context, headerOf } from '../context.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';
import {
  type EntityTag,
  entityTag,
  parseEntityTags,
  strongMatch,
  type Version,
  versionText,
  weakMatch,
} from './entity-tags.ts';

/** The representation that the server has now. */
export interface Current {
  readonly version?: Version;
  /** Its `ETag` as it is sent, where that is not {@link entityTag} of the version. */
  readonly etag?: string;
  readonly lastModified?: Date;
}

/** Options of {@link precondition} and {@link expectVersion}. */
export interface ExpectOptions {
  /** The application's own name of what the request is about. */
  readonly resource?: string;
  /**
   * Makes a request a 428 that has no precondition which keeps it from overwriting what it has not seen: `If-Match`,
   * `If-None-Match: *`, or `If-Unmodified-Since` where there is a date to compare with.
   * @default false
   */
  readonly required?: boolean;
  /** What answers. @default the functions of the package root, which an adapter answers again by the app's options */
  readonly conflicts?: Pick<Conflicts, 'conflict'>;
}

/**
 * Evaluates the preconditions of a request in the order of RFC 9110, section 13.2.2. Call it after authorisation and
 * after a 404 has been ruled out, and in the transaction that writes: between the check and the write somebody else may
 * write.
 *
 * A malformed `If-Match` matches nothing, and so does a malformed `If-None-Match`; a malformed date is ignored, as the
 * standard says.
 *
 * @param request any framework's request, with `method` and `headers`
 * @param current what there is now; `undefined` where there is nothing
 * @returns `'not_modified'` for a GET or HEAD that a 304 answers, else `'proceed'`
 * @throws {ConflictError} `version_mismatch` (412), or `precondition_required` (428) where one is required
 */
export function precondition(
  request: Context,
  current: Current | undefined,
  options: ExpectOptions = {},
): 'proceed' | 'not_modified' {
  const { resource, required, conflicts = unbound } = options;
  const ifMatch = headerOf(request, 'if-match');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  const ifUnmodifiedSince = dateOf(headerOf(request, 'if-unmodified-since'));
  const ifModifiedSince = dateOf(headerOf(request, 'if-modified-since'));
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const tag = current && tagOf(current);
  const lastModified = secondsOf(current?.lastModified);

  const mismatch = () => {
    const expected = ifMatch === undefined ? undefined : onlyOpaque(ifMatch);
    return conflicts.conflict(
      'version_mismatch',
      {
        ...(resource !== undefined && { resource }),
        ...(current?.version !== undefined && { current_version: versionText(current.version) }),
        ...(expected !== undefined && { expected_version: expected }),
      },
      { context: request },
    );
  };

  if (ifMatch !== undefined) {
    if (!matches(ifMatch, current, tag, strongMatch)) throw mismatch();
  } else if (ifUnmodifiedSince !== undefined && lastModified !== undefined) {
    if (lastModified > ifUnmodifiedSince) throw mismatch();
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, current, tag, weakMatch)) {
      if (isRead) return 'not_modified';
      throw mismatch();
    }
  } else if (isRead && ifModifiedSince !== undefined && lastModified !== undefined) {
    if (lastModified <= ifModifiedSince) return 'not_modified';
  }
  // A date that there is nothing to compare with was ignored, and other tags than the current one guard no version.
  const isGuarded =
    ifMatch !== undefined ||
    ifNoneMatch?.trim() === '*' ||
    (ifUnmodifiedSince !== undefined && lastModified !== undefined);
  if (required && !isGuarded) {
    throw conflicts.conflict('precondition_required', resource === undefined ? {} : { resource }, { context: request });
  }
  return 'proceed';
}

/**
 * Compares the version that a body, a query or a form has with the row's.
 *
 * @param expected absent where the client sent none: then a version is required
 * @throws {ConflictError} `version_mismatch` (409), or `precondition_required` (428) where there is no version
 */
export function expectVersion(
  expected: Version | null | undefined,
  current: Version,
  options: Omit<ExpectOptions, 'required'> = {},
): void {
  const { resource, conflicts = unbound } = options;
  const about = resource === undefined ? {} : { resource };
  if (expected === undefined || expected === null) throw conflicts.conflict('precondition_required', about);
  const currentText = versionText(current);
  const expectedText = sentText(expected);
  if (expectedText === currentText) return;
  throw conflicts.conflict('version_mismatch', {
    ...about,
    current_version: currentText,
    ...(expectedText !== undefined && { expected_version: expectedText }),
  });
}

/** A body may have anything in the place of a version: what is none is not the current one. */
function sentText(expected: Version): string | undefined {
  try {
    return versionText(expected);
  } catch {
    return undefined;
  }
}

function matches(
  header: string,
  current: Current | undefined,
  tag: EntityTag | undefined,
  match: (a: EntityTag, b: EntityTag) => boolean,
): boolean {
  const wanted = parseEntityTags(header);
  if (wanted === undefined || current === undefined) return false;
  return wanted === '*' || (tag !== undefined && wanted.some((candidate) => match(candidate, tag)));
}

/** @throws {TypeError} for a tag that the grammar does not allow: that is the server's own */
function tagOf({ etag, version }: Current): EntityTag | undefined {
  const text = etag ?? (version === undefined ? undefined : entityTag(version));
  if (text === undefined) return undefined;
  const parsed = parseEntityTags(text);
  if (typeof parsed !== 'object' || parsed.length !== 1) {
    throw new TypeError(`Expected the current ETag to be one entity tag like "\\"v4\\"", got ${JSON.stringify(text)}`);
  }
  return parsed[0];
}

/** What the client expected, as it sent it: the version, where the tag is one of ours. Of several tags none is it. */
function onlyOpaque(header: string): string | undefined {
  const tags = parseEntityTags(header);
  const opaque = typeof tags === 'object' && tags.length === 1 ? tags[0]?.opaque : undefined;
  if (opaque === undefined) return undefined;
  try {
    return decodeURI(opaque);
  } catch {
    return opaque;
  }
}

/** Seconds of an HTTP date; `undefined` for anything else, which is to be ignored. Source: RFC 9110 section 5.6.7 */
function dateOf(header: string | undefined): number | undefined {
  if (header === undefined || !/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? /.test(header)) return undefined;
  const time = Date.parse(/(GMT|UTC)$/.test(header) ? header : `${header} GMT`);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

/** Dates of HTTP have no fractions. */
function secondsOf(date: Date | undefined): number | undefined {
  return date === undefined ? undefined : Math.floor(date.getTime() / 1000);
}
