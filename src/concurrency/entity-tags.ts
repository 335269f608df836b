import { toEntityTag } from '../entity-tag.ts';

/** What a row's version is: a counter, a timestamp, PostgreSQL's `xmin`. */
export type Version = string | number | bigint | Date;

/** A validator of a representation. Source: RFC 9110 section 8.8.3 */
export interface EntityTag {
  /** True for `W/"…"`: good enough for a cache, never for a write. */
  readonly weak: boolean;
  /** What stands between the quotation marks. */
  readonly opaque: string;
}

/**
 * A version as text: the same that the body has as `current_version`.
 *
 * @throws {TypeError} for what is no version
 */
export function versionText(version: Version): string {
  switch (typeof version) {
    case 'string':
      return version;
    case 'number':
    case 'bigint':
      return String(version);
    default:
      if (version instanceof Date && !Number.isNaN(version.getTime())) return version.toISOString();
      throw new TypeError(`Expected a version to be a text, a number, a bigint or a date, got ${typeof version}`);
  }
}

/**
 * The value of the header `ETag` for a version: `entityTag(4)` is `'"4"'`. It is strong, and different versions have
 * different tags.
 *
 * @throws {TypeError} for what is no version
 */
export function entityTag(version: Version): string {
  const tag = toEntityTag(versionText(version));
  if (tag === undefined) throw new TypeError('Expected a version to be well-formed text, got half of a surrogate pair');
  return tag;
}

/**
 * The tags of `If-Match` or `If-None-Match`; `'*'` for any, `undefined` for what the grammar does not allow, a list
 * with `*` in it included. Linear in the length of the header. Source: RFC 9110 sections 8.8.3, 13.1.1 and 5.6.1
 */
export function parseEntityTags(header: string): '*' | readonly EntityTag[] | undefined {
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  let at = 0;
  for (;;) {
    // Empty elements of a list are ignored.
    while (isBlank(header, at) || header[at] === ',') at++;
    if (at >= header.length) return tags.length > 0 ? tags : undefined;
    const weak = header.startsWith('W/', at);
    if (weak) at += 2;
    if (header[at] !== '"') return undefined;
    const end = header.indexOf('"', at + 1);
    if (end < 0) return undefined;
    const opaque = header.slice(at + 1, end);
    if (!isOpaque(opaque)) return undefined;
    tags.push({ weak, opaque });
    at = end + 1;
    while (isBlank(header, at)) at++;
    if (at < header.length && header[at] !== ',') return undefined;
  }
}

/** Equal, and neither is weak: the comparison of `If-Match`. Source: RFC 9110 section 8.8.3.2 */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Equal but for weakness: the comparison of `If-None-Match`. Source: RFC 9110 section 8.8.3.2 */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

/** No control character and no space. Source: RFC 9110 section 8.8.3 (etagc) */
function isOpaque(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return false;
  }
  return true;
}
