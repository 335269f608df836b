import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The code of the recipes by title, as `docs/recipes` shows it: TypeScript as it is, texts of SQL as SQL. */
export function readRegions(): ReadonlyMap<string, string> {
  const regions = new Map<string, string>();
  for (const file of readdirSync(HERE)) {
    const source = readFileSync(`${HERE}${file}`, 'utf8');
    for (const [, indent, title = '', code = ''] of source.matchAll(REGION)) {
      if (regions.has(title)) throw new Error(`Expected one recipe "${title}", found two`);
      regions.set(title, shownCode(code.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim()));
    }
  }
  return regions;
}

const REGION = /^( *)\/\/ #region recipe: (.+)\n([\s\S]*?)^ *\/\/ #endregion/gm;

function shownCode(code: string): string {
  if (!code.startsWith('`')) return code;
  const statements = Array.from(code.matchAll(/`([^`]*)`/g), ([, statement = '']) => dedent(statement));
  return statements.map((statement) => `${statement};`).join('\n');
}

/** Without the indentation that the lines after the first one share. */
function dedent(statement: string): string {
  const [first = '', ...lines] = statement.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return [first, ...lines.map((line) => line.slice(indent))].join('\n');
}
