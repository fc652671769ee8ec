import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Chart } from './charts';

/** In the sources, which the package contains. */
const PAGE = join(__dirname, '../lib/page');
const own = (name: string): string => readFileSync(join(PAGE, name), 'utf8');

function library(name: string): string {
  return readFileSync(join(dirname(require.resolve('uplot')), name), 'utf8');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as HTML. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** JSON inside of a script element must not end it. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** A page that needs nothing else: plots (uPlot), styles and figures are in it. */
export function pageOf(title: string, body: string, charts: readonly Chart[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${library('uPlot.min.css')}${own('page.css')}</style>
</head>
<body>
${body}
<script>${library('uPlot.iife.min.js')}</script>
<script>const report = ${embedded({ charts })};</script>
<script>${own('page.js')}</script>
</body>
</html>
`;
}

/** A table whose columns after the first ones are numbers. */
export function tableOf(
  id: string,
  texts: number,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cell = (tag: string) => (text: string, index: number) =>
    `<${tag}${index < texts ? '' : ' class="number"'}>${escaped(text)}</${tag}>`;
  const lines = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return (
    `<div class="scroll"><table id="${id}"><thead><tr>${head.map(cell('th')).join('')}</tr></thead>` +
    `<tbody>${lines}</tbody></table></div>`
  );
}
