// The results as one HTML page that needs nothing else: uPlot, the styles and the data are in it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { goalGroups } from '../js/goals.mjs';
import { goalHead, goalRows, judge, problemList, provenance } from '../js/report.mjs';
import { sections } from './charts.mjs';

const uplot = path.dirname(createRequire(import.meta.url).resolve('uplot'));
const library = (name) => readFileSync(path.join(uplot, name), 'utf8');
const own = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

// JSON inside of a script element must not end it.
const embedded = (value) => JSON.stringify(value).replaceAll('<', '\\u003c');

function goals(report) {
  const head = goalHead(report).map((cell) => `<th>${escaped(cell)}</th>`);
  return goalGroups.map(({ title, goals }) => {
    const rows = goalRows(report, goals).map(([what, reach], index) => {
      const verdicts = judge(report, goals[index]).map(
        ({ text, verdict }) => `<td class="${verdict.replace(' ', '-')}">${escaped(text)}</td>`,
      );
      return `<tr><td>${escaped(what)}</td><td>${escaped(reach)}</td>${verdicts.join('')}</tr>`;
    });
    const table = `<table><tr>${head.join('')}</tr>${rows.join('\n')}</table>`;
    return `<h3>${escaped(title)}</h3><div class="scroll">${table}</div>`;
  });
}

function summary(report) {
  const verdicts = goalGroups.flatMap(({ goals }) => goals.flatMap((goal) => judge(report, goal)));
  const count = (wanted) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  return (
    `<span class="pass">${count('pass')} pass</span>, <span class="falls-short">${count('falls short')} fall short</span>, ` +
    `${count('none')} not measured, counted per Node version.`
  );
}

const problems = (report) =>
  problemList(report)
    .split('\n')
    .map((line) => `<li>${escaped(line.replace(/^- /, ''))}</li>`);

export function page(report) {
  const commands = report.commands.map(escaped).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>greenfiber: benchmark results</title>
<style>${library('uPlot.min.css')}${own('style.css')}</style>
</head>
<body>
<h1>greenfiber: benchmark results</h1>
<p>${escaped(provenance(report))}</p>
<pre>${commands}</pre>
<h2>Goals</h2>
<p>${summary(report)}</p>
${goals(report).join('\n')}
<p class="legend">In the plots a dot is a median, on a logarithmic scale; a whisker goes from the minimum to the median
and the distance between the quartiles. Lower is better.</p>
<div id="charts"></div>
<h2>Failed and missing</h2>
<ul>${problems(report).join('\n')}</ul>
<script>${library('uPlot.iife.min.js')}</script>
<script>const sections = ${embedded(sections(report))};</script>
<script>${own('client.js')}</script>
</body>
</html>
`;
}
