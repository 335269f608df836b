import type { Dialect, ViolationKind } from '../violation.ts';

/** What the dialects share: a violation under construction, and small readers without backtracking. */

/** A violation under construction. */
export interface Draft {
  kind: ViolationKind;
  driver: string;
  dialect?: Dialect;
  code: string;
  sqlState?: string;
  schema?: string;
  table?: string;
  columns?: readonly string[];
  constraint?: string;
  primaryKey?: true;
  direction?: 'parent_missing' | 'still_referenced';
  referencedTable?: string;
  referencedColumns?: readonly string[];
  condition?: string;
  retryable?: true;
}

/**
 * Begins a violation: a plain object, but made by a constructor, for then V8 keeps room in it for what is added later.
 */
export const Facts = function Facts(this: Draft, kind: ViolationKind, driver: string, code: string) {
  this.kind = kind;
  this.driver = driver;
  this.code = code;
} as unknown as new (
  kind: ViolationKind,
  driver: string,
  code: string,
) => Draft;
Facts.prototype = Object.prototype;

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
