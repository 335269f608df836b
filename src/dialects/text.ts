/** Small readers that every dialect shares. By index, linear in the length of the text, without backtracking. */

/** The value if it is a text that says something, else `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A raised message that is a bare identifier, and so can serve as the name of a condition. */
export function conditionOf(message: string | undefined): string | undefined {
  return message !== undefined && message.length <= 64 && isIdentifier(message) ? message : undefined;
}

/** True for what SQL takes as a name without quotes: letters (of any script), `_`, and after the first digits and `$`. */
export function isIdentifier(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const lower = code | 32;
    if ((lower >= 97 && lower <= 122) || code === 95 || code >= 128) continue;
    if (at > 0 && ((code >= 48 && code <= 57) || code === 36)) continue;
    return false;
  }
  return text !== '';
}
