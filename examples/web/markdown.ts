/**
 * Turns the Markdown of `docs/` into HTML: headings, paragraphs, lists, tables, blocks of code, and in them `code`,
 * **strong**, *emphasis* and links. Everything else is shown as it is written. All text is escaped.
 *
 * @param hrefOf the address that a link leads to on this site; a link without one becomes text
 */
export function toHtml(markdown: string, hrefOf: (target: string) => string | undefined): string {
  const blocks = markdown.split(/^(```\w*\n[\s\S]*?^```)$/m).flatMap((part) => {
    return part.startsWith('```') ? [part] : part.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  });
  return blocks.map((block) => blockToHtml(block.replace(/^\n+|\s+$/g, ''), hrefOf)).join('\n');
}

/** The text of the first heading; `undefined` without one. */
export function titleOf(markdown: string): string | undefined {
  return /^# (.+)$/m.exec(markdown)?.[1]?.replaceAll('`', '');
}

type HrefOf = (target: string) => string | undefined;

function blockToHtml(block: string, hrefOf: HrefOf): string {
  const inline = (text: string): string => inlineToHtml(text.replaceAll(/\s+/g, ' ').trim(), hrefOf);
  if (block.startsWith('```')) {
    return `<pre tabindex="0"><code>${escapeHtml(block.replace(/^```.*\n/, '').replace(/\n?```$/, ''))}</code></pre>`;
  }
  const [, marks, title] = /^(#{1,4}) (.+)$/.exec(block) ?? [];
  if (marks !== undefined && title !== undefined) {
    return `<h${marks.length} id="${slugOf(title)}">${inline(title)}</h${marks.length}>`;
  }
  if (block.startsWith('|')) return tableToHtml(block, inline);
  if (/^(?:-|\d+\.) /.test(block)) {
    const list = block.startsWith('-') ? 'ul' : 'ol';
    const items = block.split(/^(?:-|\d+\.) /m).slice(1);
    return `<${list}>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</${list}>`;
  }
  return `<p>${inline(block)}</p>`;
}

function tableToHtml(block: string, inline: (text: string) => string): string {
  const [head = [], , ...rows] = block.split('\n').map((line) =>
    line
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => breakable(inline(cell))),
  );
  const headings = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<div class="table" role="region" aria-label="Table" tabindex="0"><table><thead><tr>${headings}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** HTML whose names may be broken after `_`, so that a narrow table need not be cut. */
function breakable(html: string): string {
  return html.replaceAll(/_(?=[^<>]*(?:<|$))/g, '_<wbr>');
}

function inlineToHtml(text: string, hrefOf: HrefOf): string {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)\s]+\))/);
  return parts
    .map((part) => {
      if (part.startsWith('`')) return `<code>${escapeHtml(part.slice(1, -1))}</code>`;
      if (part.startsWith('**')) return `<strong>${inlineToHtml(part.slice(2, -2), hrefOf)}</strong>`;
      if (/^\*.+\*$/.test(part)) return `<em>${inlineToHtml(part.slice(1, -1), hrefOf)}</em>`;
      const [, label, target] = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part) ?? [];
      if (label === undefined || target === undefined) return escapeHtml(part);
      const href = hrefOf(target);
      const shown = inlineToHtml(label, () => undefined);
      return href === undefined ? shown : `<a href="${escapeHtml(href)}">${shown}</a>`;
    })
    .join('');
}

/** As GitHub makes it: `What it means` is `what-it-means`. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** Text as HTML, in an element or an attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
