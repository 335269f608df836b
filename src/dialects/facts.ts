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
export function conditionOf(message: string): string | undefined {
  return message.length <= 64 && isIdentifier(message) ? message : undefined;
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

/**
 * What a database, or a RAISE in it, said. Knex puts the statement before it, with all values where the driver's
 * placeholder is `?`: `update … set … - order_already_shipped`. What the text is decides kind and condition, so no value
 * may end where it begins: it is what follows the first dash outside of quotes, comments and parentheses, to the end of
 * the message. So a statement that subtracts one plain name from another, `where a - b > 0`, hides it: RAISE may say
 * the very same words. A message that does not begin like a statement has no such part, whatever dashes RAISE has put
 * into its own words; nor has one that begins with `select`, as sentences do.
 * Source: https://github.com/knex/knex/blob/3.3.0/lib/execution/internal/query-executioner.js
 */
export function ownText(message: string): string {
  const last = message.lastIndexOf(' - ');
  if (last === -1) return message;
  const head = message.slice(0, HEAD);
  if (!STATEMENT.test(head.slice(startOf(head)))) return message;
  let depth = 0;
  for (let at = 0; at < last; at++) {
    const character = message.charAt(at);
    if (QUOTES.includes(character)) {
      // Knex escapes with a backslash, SQL by doubling, after which the quotation just begins again.
      for (at++; at < last && message.charAt(at) !== character; at++) if (message.charAt(at) === '\\') at++;
    } else if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth--;
    else if (character === '-' || character === '/') at = Math.max(endOfComment(message, at) - 1, at);
    // A dash before a number, a parameter or a quoted name is a subtraction.
    else if (depth === 0 && message.startsWith(' - ', at) && isIdentifier(message.charAt(at + 3))) {
      return message.slice(at + 3);
    }
  }
  // Quotes, comments or parentheses that do not pair: what is last is not the statement's.
  return message.slice(last + 3);
}

/** Whether a message begins with a statement, its beginning tells: all of it may be a megabyte of spaces. */
const HEAD = 4096;

/** The quotation marks of SQL. */
const QUOTES = '\'"`';

/** Where a statement begins, behind space and comments. */
function startOf(text: string): number {
  let at = 0;
  for (;;) {
    while (text[at]?.trim() === '') at++;
    const end = endOfComment(text, at);
    if (end === -1) return at;
    at = end;
  }
}

/** The place behind a comment, which is the end of the text where the comment has none; -1 where none begins. */
function endOfComment(text: string, at: number): number {
  const mark = text.startsWith('--', at) ? '\n' : text.startsWith('/*', at) ? '*/' : undefined;
  if (mark === undefined) return -1;
  const end = text.indexOf(mark, at + 2);
  return end === -1 ? text.length : end + mark.length;
}

/** A name, quoted or not, with those that it is part of. Nothing else may stand where one of its characters does. */
const NAME = /(?:"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\s"`[(=,;])+/.source;

/** How the statements begin that can fire a trigger, with enough of them that no sentence does. */
const STATEMENT: RegExp = /* @__PURE__ */ new RegExp(
  `^(?:${[
    'insert\\s+(?:into|or)\\s',
    'replace\\s+into\\s',
    'merge\\s+into\\s',
    'delete\\s+from\\s',
    `update\\s+(?:or\\s+\\w+\\s+|only\\s+)?${NAME}\\s+(?:(?:as\\s+)?${NAME}\\s+|(?:not\\s+indexed|indexed\\s+by\\s+${NAME})\\s+)?set\\s*(?:\\(|\\s${NAME}\\s*=)`,
    `with\\s+(?:recursive\\s+)?${NAME}\\s*(?:\\(|as\\s)`,
  ].join('|')})`,
  'i',
);
