import type { Catalog, Constraint } from '../catalog/index.ts';
import type { ProblemCode } from '../problem.ts';
import { codesOf } from './keys.ts';

/** The words of a stub, which the application changes: names of the schema as English as they get. */
export interface StubWords {
  readonly resource?: string;
  readonly fields?: readonly string[];
  readonly detail: string;
}

/** Words for each answer that a constraint gives. */
export type Stub = { readonly [Code in ProblemCode]?: StubWords };

export function stubOf(constraint: Constraint, dialect?: Catalog['dialect']): Stub {
  return Object.fromEntries(codesOf(constraint, dialect).map((code) => [code, wordsFor(constraint, code)]));
}

/** Words for a condition that the schema raises by its name. */
export function wordsForCondition(name: string): StubWords & { readonly code: ProblemCode } {
  return { code: 'invalid_state', detail: `${capitalized(wordsOf(name).join(' '))}.` };
}

function wordsFor(constraint: Constraint, code: ProblemCode): StubWords {
  const { table, columns, referencedTable } = constraint;
  const thing = singularOf(wordsOf(table ?? constraint.domain ?? 'value'));
  const resource = table === undefined ? {} : { resource: thing.join('_') };
  const name = thing.join(' ');
  switch (code) {
    case 'duplicate': {
      const fields = columns ?? columnsIn(constraint.expression);
      const parts = fields?.map((column) => withoutId(wordsOf(column)).join(' ')) ?? ['value'];
      return {
        ...resource,
        // A part of an expression is no column: it is written as a pointer.
        ...(fields && { fields: columns ?? fields.map((field) => `/${field}`) }),
        detail: `${capitalized(withArticle(name))} with this ${parts.length > 1 ? 'combination of ' : ''}${and(parts)} already exists.`,
      };
    }
    case 'reference_missing': {
      const parents = singularOf(wordsOf(referencedTable ?? 'resource'));
      const own = columns?.length === 1 ? wordsOf(columns[0] as string) : [];
      const parent = withoutId(own).length < own.length ? withoutId(own) : parents;
      return { ...resource, ...(columns && { fields: columns }), detail: `This ${parent.join(' ')} does not exist.` };
    }
    case 'reference_in_use': {
      const parent = singularOf(wordsOf(referencedTable ?? 'resource'));
      const children = pluralOf(wordsOf(table ?? 'resource')).join(' ');
      return { resource: parent.join('_'), detail: `This ${parent.join(' ')} still has ${children}.` };
    }
    case 'check_failed': {
      const rule = ruleIn(constraint);
      // A domain's is the value of whatever column has it.
      const hasField = rule?.column !== undefined && constraint.domain === undefined;
      const fields = hasField ? { fields: [rule.column] } : {};
      return { ...resource, ...fields, detail: rule?.sentence ?? `This ${name} is not valid.` };
    }
    case 'overlap':
      return {
        ...resource,
        ...(columns && { fields: columns }),
        detail: `This ${name} overlaps with another ${name}.`,
      };
    default:
      return { ...resource, ...(columns && { fields: columns }), detail: `The ${and(columns ?? [name])} is required.` };
  }
}

/** The words of `order_items`, `orderItems` or `order items`. */
function wordsOf(name: string): string[] {
  const words = name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
  return words.length === 0 ? ['value'] : words;
}

function withoutId(words: readonly string[]): readonly string[] {
  const last = words.at(-1);
  return words.length > 1 && (last === 'id' || last === 'uuid') ? words.slice(0, -1) : words;
}

/** Plurals are English: `addresses`, `categories`, `statuses`, `users`; `status` and `news` are none. */
function singularOf(words: readonly string[]): string[] {
  const last = words.at(-1) ?? '';
  return [...words.slice(0, -1), singular(last)];
}

function singular(word: string): string {
  if (word === 'people') return 'person';
  if (word === 'children') return 'child';
  if (word.length < 4 || /(?:ss|us|is|news|series)$/.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:sses|uses|xes|ches|shes|zes)$/.test(word) && !/(?:auses|ouses|caches|sizes|prizes)$/.test(word)) {
    return word.slice(0, -2);
  }
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function pluralOf(words: readonly string[]): string[] {
  const last = singular(words.at(-1) ?? '');
  const plural =
    last === 'person'
      ? 'people'
      : last === 'child'
        ? 'children'
        : /[^aeiou]y$/.test(last)
          ? `${last.slice(0, -1)}ies`
          : /(?:s|x|z|ch|sh)$/.test(last)
            ? `${last}es`
            : `${last}s`;
  return [...words.slice(0, -1), plural];
}

function withArticle(words: string): string {
  return `${/^(?:[aeio]|u(?!ni|s|r[aeio])|hour|honou?r)/.test(words) && !/^(?:one|eu)/.test(words) ? 'an' : 'a'} ${words}`;
}

function and(parts: readonly string[], word = 'and'): string {
  const unique = [...new Set(parts)];
  return unique.length < 2 ? unique.join('') : `${unique.slice(0, -1).join(', ')} ${word} ${unique.at(-1)}`;
}

function capitalized(text: string): string {
  const [first = '', ...others] = text;
  return first.toUpperCase() + others.join('');
}

/** The one column of an expression such as `lower(email)`. */
function columnsIn(expression: string | undefined): string[] | undefined {
  const column = /^(?:lower|upper|btrim|trim)\(([\p{L}_][\p{L}\p{N}_]*)\)$/iu.exec(plain(expression ?? ''))?.[1];
  return column === undefined ? undefined : [column];
}

const NAME = '([\\p{L}_][\\p{L}\\p{N}_]*)';
const NUMBER = '(-?\\d+(?:\\.\\d+)?)';
const COMPARISON = new RegExp(`^${NAME} ?(>=|<=|<>|!=|>|<) ?${NUMBER}$`, 'u');
const BETWEEN = new RegExp(`^${NAME} between ${NUMBER} and ${NUMBER}$`, 'iu');
const RANGE = new RegExp(`^${NAME} ?>= ?${NUMBER} and ${NAME} ?<= ?${NUMBER}$`, 'iu');
const COLUMNS = new RegExp(`^${NAME} ?(>=|<=|<>|!=|>|<) ?${NAME}$`, 'u');
const ONE_OF = new RegExp(`^${NAME} ?(?:= ?ANY ?\\(+ARRAY\\[([^\\]]*)\\]\\)+| IN ?\\(([^()]*)\\))$`, 'iu');
const LENGTH = new RegExp(`^(?:length|char_length|character_length)\\(${NAME}\\) ?(>=|<=|>|<|=) ?${NUMBER}$`, 'iu');

const THAN: Readonly<Record<string, string>> = {
  '>': 'greater than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  '<>': 'different from',
  '!=': 'different from',
};

/** The same of times. */
const BEFORE: Readonly<Record<string, string>> = {
  ...THAN,
  '>': 'after',
  '>=': 'at or after',
  '<': 'before',
  '<=': 'at or before',
};

interface CheckedColumn {
  readonly column?: string;
  readonly sentence: string;
}

/** What a check asks for, where it is one of the usual ones; else what its name says. */
function ruleIn({ name, table, expression }: Constraint): CheckedColumn | undefined {
  const text = plain(expression ?? '');
  const called = (column: string) => `The ${wordsOf(column).join(' ')}`;
  const comparison = COMPARISON.exec(text);
  if (comparison) {
    const [, column = '', operator = '', value = ''] = comparison;
    if (value === '0' && operator === '>=') return { column, sentence: `${called(column)} must not be negative.` };
    return { column, sentence: `${called(column)} must be ${THAN[operator]} ${value}.` };
  }
  const range = RANGE.exec(text) ?? BETWEEN.exec(text);
  if (range) {
    const [, column = '', low, other, high] = range;
    const sentence = `${called(column)} must be from ${low} to ${high ?? other}.`;
    if (high === undefined || other === column) return { column, sentence };
  }
  const length = LENGTH.exec(text);
  if (length) {
    const [, of = '', operator = '', value = ''] = length;
    if ((operator === '>' && value === '0') || (operator === '>=' && value === '1')) {
      return { column: of, sentence: `${called(of)} must not be empty.` };
    }
    const than = operator === '=' ? 'exactly' : THAN[operator]?.replace('greater', 'more').replace('less', 'fewer');
    return { column: of, sentence: `${called(of)} must have ${than} ${value} characters.` };
  }
  const oneOf = ONE_OF.exec(text);
  if (oneOf) {
    const [, column = '', array, list = array ?? ''] = oneOf;
    const values = valuesIn(list);
    const sentence = values === undefined ? `This ${wordsOf(column).join(' ')} is not valid.` : undefined;
    return { column, sentence: sentence ?? `${called(column)} must be ${and(values ?? [], 'or')}.` };
  }
  const columns = COLUMNS.exec(text);
  if (columns) {
    const [, left = '', operator = '', right = ''] = columns;
    const times = [timeOf(left), timeOf(right)];
    const isTime = times.every((time) => time !== undefined);
    const [one, other] = isTime ? times : [wordsOf(left).join(' '), wordsOf(right).join(' ')];
    return { column: left, sentence: `The ${one} must be ${(isTime ? BEFORE : THAN)[operator]} the ${other}.` };
  }
  // `order_items_quantity_check`: what is left without the table and the word.
  const words = wordsOf(name ?? '').filter((word) => !/^(?:check|chk|ck|c|\d+)$/.test(word));
  const owner = wordsOf(table ?? '');
  const own = owner.every((word, at) => words[at] === word) ? words.slice(owner.length) : [];
  return own.length === 0 ? undefined : { sentence: `This ${own.join(' ')} is not valid.` };
}

/** The texts or numbers of a list, as long as they are few and plain. */
function valuesIn(list: string): readonly string[] | undefined {
  const values = list.split(',').map((value) => /^'([\p{L}\p{N}_ -]+)'$|^(-?\d+)$/u.exec(value.trim())?.slice(1));
  if (values.length > MOST_VALUES || values.includes(undefined)) return undefined;
  return values.map((value) => value?.find((text) => text !== undefined) ?? '');
}

const MOST_VALUES = 6;

/** `starts_at` is the start time, `created_on` the created date; `undefined` for what is called like no time. */
function timeOf(column: string): string | undefined {
  const words = wordsOf(column);
  const last = words.at(-1);
  const own = words.slice(0, -1).map((word) => (/^(?:starts|ends|begins)$/.test(word) ? word.slice(0, -1) : word));
  if (own.length > 0 && (last === 'at' || last === 'on')) return [...own, last === 'at' ? 'time' : 'date'].join(' ');
  return /^(?:date|time|day|start|end|from|to|until)$/.test(last ?? '') ? words.join(' ') : undefined;
}

const CAST =
  /::(?:(?:character|bit) varying|double precision|time(?:stamp)? with(?:out)? time zone|[a-z_][\w.]*)(?:\(\d+(?:,\d+)?\))?(?:\[\])?/gi;

/** An expression without the quotes, casts and parentheses that the servers add. */
function plain(expression: string): string {
  let text = expression
    .slice(0, LONGEST)
    .replace(CAST, '')
    // MySQL's texts: _utf8mb4\\'open\\'
    .replace(/(?:\b_[a-z\d]+)?\\'/gi, "'")
    .replace(/[`"]/g, '')
    .replace(/\((\w+)\)/g, (whole, name: string, at: number, all: string) =>
      /\w/.test(all.charAt(at - 1)) ? whole : name,
    )
    .replace(/\s+/g, ' ')
    .trim();
  while (text.startsWith('(') && closes(text)) text = text.slice(1, -1).trim();
  return text;
}

/** Longer expressions are none of the usual ones. */
const LONGEST = 300;

/** True when the parenthesis at the start ends at the end. */
function closes(text: string): boolean {
  let depth = 0;
  for (const [at, character] of [...text].entries()) {
    if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at === [...text].length - 1;
  }
  return false;
}
