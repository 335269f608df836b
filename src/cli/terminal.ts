import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes to, and how. */
export interface Output {
  readonly isTerminal: boolean;
  /** The text in this style, where colours are wanted. */
  style(style: Style, text: string): string;
  write(text: string): void;
}

/**
 * Colours are for terminals that have them; `NO_COLOR` and `FORCE_COLOR` overrule. `styleText` of Node 20 does not look
 * at its stream.
 * Source: https://no-color.org, https://nodejs.org/docs/latest-v20.x/api/tty.html#writestreamhascolorscount-env
 */
export function outputOf(stream: NodeJS.WriteStream): Output {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isTerminal = stream.isTTY === true;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  const hasColors = !NO_COLOR && (isForced || (isTerminal && (stream as WriteStream).hasColors()));
  return {
    isTerminal,
    style: (style, text) => (hasColors ? styleText(style, text, { validateStream: false }) : text),
    write(text) {
      stream.write(text);
    },
  };
}

/** One cell of a table: its text, and how it looks. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/**
 * Rows with their columns aligned, as lines. What is wider than the terminal is cut.
 *
 * @param columns of the terminal; 0 where it does not know
 */
export function tableOf(rows: readonly (readonly Cell[])[], output: Output, columns: number = 0): string {
  const width = columns > 0 ? columns : Number.POSITIVE_INFINITY;
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(text));
  }
  return rows
    .map((row) => {
      let left = width;
      const cells = row.map(({ text, style }, at) => {
        const isLast = at === row.length - 1;
        const shown = cut(isLast ? text : text + ' '.repeat((widths[at] ?? 0) - widthOf(text) + 2), left);
        left -= widthOf(shown);
        return style === undefined ? shown : output.style(style, shown);
      });
      return `${cells.join('').trimEnd()}\n`;
    })
    .join('');
}

/** In characters; those of two columns count as one. */
function widthOf(text: string): number {
  return [...text].length;
}

function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${[...text].slice(0, Math.max(width - 1, 0)).join('')}…`;
}

/** A name of the database as one line that does nothing to a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** How long nothing is said about work that goes on. */
const PATIENCE = 400;

/**
 * Says on a terminal what goes on, when it takes long.
 *
 * @returns ends it, and leaves nothing of it
 */
export function showProgress(text: string): () => void {
  const { stderr } = process;
  if (stderr.isTTY !== true) return () => {};
  const started = Date.now();
  let isShown = false;
  const timer = setInterval(() => {
    isShown = true;
    stderr.write(`\r${text} ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }, PATIENCE);
  return () => {
    clearInterval(timer);
    if (isShown) stderr.write('\r\u001b[K');
  };
}
