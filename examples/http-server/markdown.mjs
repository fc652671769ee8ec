// Just enough Markdown for this repository's documents. It is synchronous through and through and knows
// nothing of fibers; whoever passes a `link` function may block in it all the same.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escape = (text) => text.replace(/[&<>"]/g, (character) => escapes[character]);

export function render(markdown, link) {
  return markdown
    .split(/^(```[^]*?^```$)/m)
    .map((part) => (part.startsWith('```') ? code(part) : blocks(part, link)))
    .join('');
}

const code = (fence) => `<pre>${escape(fence.replace(/^```.*\n|\n?```$/g, ''))}</pre>\n`;

const blocks = (text, link) =>
  text
    .split(/\n{2,}/)
    .filter((block) => block.trim() !== '')
    .map((block) => element(block.trim(), link))
    .join('');

function element(block, link) {
  const heading = /^(#{1,6}) (.*)/.exec(block);
  if (heading)
    return `<h${heading[1].length}>${inline(heading[2], link)}</h${heading[1].length}>\n`;
  if (block.startsWith('|')) return table(block, link);
  if (!/^[*-] /.test(block)) return `<p>${inline(block, link)}</p>\n`;
  const items = block.split(/^[*-] /m).slice(1);
  return `<ul>${items.map((item) => `<li>${inline(item, link)}</li>`).join('')}</ul>\n`;
}

function table(block, link) {
  const rows = block.split('\n').filter((line) => !/^\|[\s|:-]+\|$/.test(line));
  const cells = (row) => row.slice(1, -1).split(/(?<!\\)\|/);
  const line = (row) => cells(row).map((cell) => `<td>${inline(cell.trim(), link)}</td>`);
  return `<table>${rows.map((row) => `<tr>${line(row).join('')}</tr>`).join('')}</table>\n`;
}

function inline(text, link) {
  return escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, label, target) => link(label, target));
}
