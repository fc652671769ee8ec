// Results as Markdown. `report` is what docs/benchmarks/results.json holds: see suite.mjs.
import { markdownTable } from '../../scripts/lib/table.mjs';
import { evaluate, goalGroups, isReached } from './goals.mjs';

const table = (head, rows) => markdownTable([head, ...rows]);

const heads = (report) => report.results.map(({ node }) => `Node ${node}`);

// Three digits are more than a measurement is worth.
export function number(value) {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toLocaleString('en', { maximumFractionDigits: Math.max(0, 3 - digits) });
}

const shownRatio = (value) =>
  value < 0.5
    ? `1/${(1 / value).toFixed(1)}`
    : `${value < 100 ? value.toFixed(2) : number(value)}x`;

const shown = (goal, value) =>
  goal.over ? shownRatio(value) : `${number(value)}${goal.unit ? ` ${goal.unit}` : ''}`;

function bound({ atMost, atLeast, over, unit }) {
  const [word, limit] = atMost === undefined ? ['least', atLeast] : ['most', atMost];
  if (!over) return `at ${word} ${number(limit)}${unit ? ` ${unit}` : ''}`;
  return limit < 0.5 ? `at ${word} 1/${Math.round(1 / limit)}` : `at ${word} ${limit}x`;
}

// One judgement of a goal per Node version: { text, verdict }.
export function judge(report, goal) {
  return report.results.map(({ cells }) => {
    const { value, problem } = evaluate(goal, { ...report.common, ...cells }, report.size);
    if (problem) return { text: problem, verdict: 'none' };
    const verdict = isReached(goal, value) ? 'pass' : 'falls short';
    return { text: `${shown(goal, value)} ${verdict}`, verdict };
  });
}

// [what, reach, one verdict per Node version]
export const goalRows = (report, goals) =>
  goals.map((goal) => [goal.what, bound(goal), ...judge(report, goal).map(({ text }) => text)]);

export const goalHead = (report) => ['goal', 'reach', ...heads(report)];

const goalTable = (report, goals) => table(goalHead(report), goalRows(report, goals));

// The same without a verdict, of the micro-benchmarks: for who compares.
export function ratioTable(report, { goals } = goalGroups[0]) {
  const rows = goals.map((goal) => [
    goal.what,
    ...report.results.map(({ cells }) => {
      const { value, problem } = evaluate(goal, { ...report.common, ...cells }, report.size);
      return problem ?? shown(goal, value);
    }),
  ]);
  return table(['ratio of medians', ...heads(report)], rows);
}

export const allGoalTables = (report) =>
  goalGroups.map(({ title, goals }) => `### ${title}\n\n${goalTable(report, goals)}`).join('\n\n');

const nanoseconds = (cell) => number(cell.median);
const milliseconds = (cell) => number(cell.median / 1e6);

function shownCell(cell, unit, details) {
  if (!cell) return '';
  if (cell.failed) return 'failed';
  if (cell.missing) return 'missing';
  if (!details) return unit(cell);
  const min = unit({ median: cell.min });
  return `${min} / ${unit(cell)} ± ${Math.round(cell.spread * 100)}%`;
}

const detailed = (what, details) =>
  details ? `${what}: min / median ± spread` : `${what}, median`;

// Labels of the programs are `PROGRAM: IMPLEMENTATION`, and `…, FIGURE` what one measured itself.
const isOf = ({ name }, label) => label.startsWith(`${name}: `);
const isProgram = (report, label) => report.programs.some((program) => isOf(program, label));

function cellRows(report, labels, unit, details) {
  return labels.map((label) => [
    label,
    ...report.results.map(({ cells }) => shownCell(cells[label], unit, details)),
  ]);
}

const ownLabels = (report) => [
  ...new Set(report.results.flatMap(({ cells }) => Object.keys(cells))),
];

// The micro-benchmarks, in nanoseconds; with `details` also minimum and spread.
export function cellTable(report, details = false) {
  const labels = ownLabels(report).filter((label) => !isProgram(report, label));
  const head = [detailed('ns', details), ...heads(report)];
  return table(head, cellRows(report, labels, nanoseconds, details));
}

// Every variant of every program, in milliseconds.
export function programTable(report, details = false) {
  const labels = ownLabels(report).filter(
    (label) => isProgram(report, label) && !label.includes(', '),
  );
  const head = [detailed('ms', details), ...heads(report)];
  return table(head, cellRows(report, labels, milliseconds, details));
}

// What the programs measured themselves: the unit is part of the name.
export function figureTable(report, details = false) {
  const labels = ownLabels(report).filter(
    (label) => isProgram(report, label) && label.includes(', '),
  );
  if (labels.length === 0) return 'None.';
  return table(['', ...heads(report)], cellRows(report, labels, nanoseconds, details));
}

// Programs and peers, in milliseconds, and beside them the fibers of the newest Node.
export function peerTable(report) {
  const newest = report.results.at(-1);
  const rows = report.programs
    .filter(({ name }) => report.peers.some((peer) => report.common[`${name}: ${peer.name}`]))
    .map(({ name }) => [
      name,
      shownCell(newest.cells[`${name}: fibers`], milliseconds),
      ...report.peers.map((peer) =>
        shownCell(report.common[`${name}: ${peer.name}`], milliseconds),
      ),
    ]);
  const head = ['ms, median', `fibers, Node ${newest.node}`, ...report.peers.map(peerTitle)];
  return table(head, rows);
}

const peerTitle = ({ name, version }) => (version ? `${name} ${version}` : name);

export function nativeTable(report) {
  const labels = Object.keys(report.common).filter((label) => /^(switch|stack)\b/.test(label));
  const rows = labels.map((label) => [label, shownCell(report.common[label], nanoseconds, true)]);
  return table(['ns: min / median ± spread', ''], rows);
}

// What failed or is missing, with the reason.
export function problemList(report) {
  const problems = new Set();
  const all = [{ cells: report.common }, ...report.results];
  for (const { node, cells } of all) {
    for (const [label, { failed, missing }] of Object.entries(cells)) {
      const where = node ? `${label} (Node ${node})` : label;
      if (failed) problems.add(`- ${where}: failed: ${failed}`);
      if (missing) problems.add(`- ${where}: missing: ${missing}`);
    }
  }
  return [...problems].join('\n') || 'None.';
}

export function provenance({ date, commit, machine, peers, size, repetitions, milliseconds }) {
  const found = peers.filter(({ missing }) => !missing).map(peerTitle);
  const absent = peers.filter(({ missing }) => missing).map(({ name }) => name);
  const at = commit ? ` at commit ${commit}` : '';
  return (
    `Measured ${date}${at} on ${machine.cpu} (${machine.cpus} virtual CPUs, ${machine.memory} GiB), ${machine.os}, ` +
    `load ${machine.load.toFixed(1)} at the start. Micro-benchmarks: ${repetitions.microbenchmarks} interleaved ` +
    `repetitions of ${milliseconds} ms; programs: ${repetitions.programs} at ${size} size; each cell in processes of ` +
    `its own. Peers: ${found.join(', ') || 'none'}.${absent.length ? ` Missing: ${absent.join(', ')}.` : ''}`
  );
}

export const fullReport = (report) => `# Benchmark results

${provenance(report)} The spread is the distance between the quartiles. The same with plots: [index.html](index.html).

\`\`\`sh
${report.commands.join('\n')}
\`\`\`

## Goals

${allGoalTables(report)}

## Micro-benchmarks

${cellTable(report, true)}

## Programs

${programTable(report, true)}

## Programs and peers

${peerTable(report)}

## Measured by programs

${figureTable(report, true)}

## Native layers

${nativeTable(report)}

## Failed and missing

${problemList(report)}
`;
