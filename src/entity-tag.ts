/**
 * A version as a strong entity tag. What the grammar does not allow is percent-encoded, so that different versions
 * have different tags; `undefined` for what no tag can say: half of a surrogate pair. Source: RFC 9110 section 8.8.3
 */
export function toEntityTag(version: string): string | undefined {
  try {
    return `"${encodeURI(version)}"`;
  } catch {}
  return undefined;
}
