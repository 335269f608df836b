/**
 * Reads what no pragma of SQLite tells: the names of constraints, checks, and what is deferrable. It knows the grammar
 * of CREATE TABLE and CREATE UNIQUE INDEX as far as constraints go, and steps over everything else.
 * Source: https://sqlite.org/lang_createtable.html, https://sqlite.org/lang_createindex.html
 */

/** A constraint as it was written. */
export interface Declared {
  readonly kind: 'primary_key' | 'unique' | 'foreign_key' | 'check';
  readonly name?: string;
  /** As they were written: the case may differ. */
  readonly columns?: readonly string[];
  readonly referencedTable?: string;
  readonly expression?: string;
  readonly predicate?: string;
  readonly deferrable?: boolean;
}

interface Token {
  /** A word without quotes can be a keyword. */
  readonly kind: 'word' | 'name' | 'text' | 'mark';
  /** Without quotes; a word in upper case for comparison is {@link keyword}. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The constraints that a CREATE TABLE declares, or the one key of a CREATE INDEX. Linear in the statement's length. */
export function declaredIn(sql: string): Declared[] {
  const tokens = tokensOf(sql);
  const open = tokens.findIndex(({ kind, value }) => kind === 'mark' && value === '(');
  if (open < 0 || keyword(tokens[0]) !== 'CREATE') return [];
  const close = closing(tokens, open);
  const inside = tokens.slice(open + 1, close);
  if (tokens.slice(1, 3).some((token) => keyword(token) === 'INDEX')) {
    const rest = tokens.slice(close + 1);
    const where = rest.findIndex((token) => keyword(token) === 'WHERE');
    const predicate = where < 0 ? undefined : sql.slice(rest[where]?.end, tokens.at(-1)?.end).trim();
    const first = inside[0];
    const expression = first && sql.slice(first.start, inside.at(-1)?.end);
    return [{ kind: 'unique', ...(expression && { expression }), ...(predicate && { predicate }) }];
  }
  return split(inside).flatMap((item) => constraintsOf(item, sql));
}

/** False where anything follows a semicolon: several statements, or the body of a trigger. */
export function isOneStatement(sql: string): boolean {
  const isEnd = ({ kind, value }: Token): boolean => kind === 'mark' && value === ';';
  const tokens = tokensOf(sql);
  const end = tokens.findIndex(isEnd);
  return end < 0 || tokens.slice(end).every(isEnd);
}

const TABLE_CONSTRAINTS: readonly (string | undefined)[] = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'];

/** The constraints of one item of the list: of a column, or of the table. */
function constraintsOf(tokens: readonly Token[], sql: string): Declared[] {
  const [first] = tokens;
  if (first === undefined) return [];
  const column = TABLE_CONSTRAINTS.includes(keyword(first)) ? undefined : first.value;
  const found: Declared[] = [];
  let name: string | undefined;
  for (let at = column === undefined ? 0 : 1; at < tokens.length; at++) {
    const open = tokens.findIndex(({ value, kind }, place) => place >= at && kind === 'mark' && value === '(');
    const list = () => (column === undefined ? namesIn(tokens, open) : [column]);
    const own = name === undefined ? {} : { name };
    switch (keyword(tokens[at])) {
      case 'CONSTRAINT':
        name = tokens[++at]?.value;
        continue;
      case 'PRIMARY':
        found.push({ kind: 'primary_key', ...own, columns: list() });
        break;
      case 'UNIQUE':
        found.push({ kind: 'unique', ...own, columns: list() });
        break;
      case 'CHECK': {
        const end = closing(tokens, open);
        found.push({ kind: 'check', ...own, expression: sql.slice(tokens[open]?.end, tokens[end]?.start).trim() });
        at = end;
        break;
      }
      case 'FOREIGN':
      case 'REFERENCES': {
        const references = tokens.findIndex((token, place) => place >= at && keyword(token) === 'REFERENCES');
        // SQLite keeps no such statement.
        if (references < 0) return found;
        const parent = tokens[references + 1]?.value;
        const deferrable = isDeferrable(tokens, references);
        found.push({
          ...{ kind: 'foreign_key', ...own, columns: list() },
          ...(parent !== undefined && { referencedTable: parent }),
          ...(deferrable && { deferrable }),
        });
        at = references;
        break;
      }
      default:
        if (tokens[at]?.value === '(' && tokens[at]?.kind === 'mark') at = closing(tokens, at);
        continue;
    }
    name = undefined;
  }
  return found;
}

/** Of the reference that begins here; the next constraint of the column may be another one. */
function isDeferrable(tokens: readonly Token[], from: number): boolean {
  for (let at = from + 1; at < tokens.length; at++) {
    const word = keyword(tokens[at]);
    if (word === 'DEFERRABLE') return keyword(tokens[at - 1]) !== 'NOT';
    if (word === 'REFERENCES') return false;
  }
  return false;
}

/** The first word of each part: `(a COLLATE NOCASE, "b" DESC)` has a and b. */
function namesIn(tokens: readonly Token[], open: number): string[] {
  return split(tokens.slice(open + 1, closing(tokens, open))).map((part) => part[0]?.value ?? '');
}

/** Splits at the commas that are in no parentheses. */
function split(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'mark') {
      if (token.value === '(') depth++;
      else if (token.value === ')') depth--;
      else if (token.value === ',' && depth === 0) {
        parts.push([]);
        continue;
      }
    }
    parts.at(-1)?.push(token);
  }
  return parts;
}

/** The place of the parenthesis that closes another one. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = Math.max(open, 0); at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind !== 'mark') continue;
    if (token.value === '(') depth++;
    else if (token.value === ')' && --depth === 0) return at;
  }
  return tokens.length;
}

function keyword(token: Token | undefined): string | undefined {
  return token?.kind === 'word' ? token.value.toUpperCase() : undefined;
}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', '`': '`', '[': ']', "'": "'" };

/** Source: https://sqlite.org/lang_keywords.html (quotes), https://sqlite.org/lang_comment.html */
function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const start = at;
    const char = sql[at] as string;
    if (/\s/.test(char)) at++;
    else if (sql.startsWith('--', at)) at = endOf(sql, '\n', at);
    else if (sql.startsWith('/*', at)) at = endOf(sql, '*/', at);
    else if (CLOSING[char] !== undefined) {
      const quote = CLOSING[char];
      at++;
      // A quote is doubled inside, but a bracket is not.
      while (at < sql.length && (sql[at] !== quote || (quote !== ']' && sql[at + 1] === quote && ++at))) at++;
      const value = sql.slice(start + 1, at);
      at++;
      const text = quote === ']' ? value : value.replaceAll(quote + quote, quote);
      tokens.push({ kind: char === "'" ? 'text' : 'name', value: text, start, end: at });
    } else if (isWord(char)) {
      while (at < sql.length && isWord(sql[at] as string)) at++;
      tokens.push({ kind: 'word', value: sql.slice(start, at), start, end: at });
    } else {
      at++;
      tokens.push({ kind: 'mark', value: char, start, end: at });
    }
  }
  return tokens;
}

function endOf(sql: string, end: string, from: number): number {
  const at = sql.indexOf(end, from + 2);
  return at < 0 ? sql.length : at + end.length;
}

function isWord(char: string): boolean {
  return /[\w$]/.test(char) || char >= '\u0080';
}
