// Results as Markdown. `report` is what docs/benchmarks/latest.json holds.
import { goals } from './plan.mjs';

const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

const heads = (report) => report.results.map(({ node }) => `Node ${node}`);
const nanoseconds = (value) =>
  value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en');

function ratio({ cells }, [upper, lower]) {
  return cells[upper] && cells[lower] && cells[upper].median / cells[lower].median;
}

const reached = (goal, value) =>
  goal.atMost === undefined ? value >= goal.atLeast : value <= goal.atMost;

const bound = ({ atMost, atLeast }) => {
  if (atLeast) return `at least ${atLeast}x`;
  return atMost < 0.5 ? `at most 1/${Math.round(1 / atMost)}` : `at most ${atMost}x`;
};

const shownRatio = (value) =>
  value < 0.5 ? `1/${(1 / value).toFixed(1)}` : `${value.toFixed(2)}x`;

// [what, reach, one verdict per Node version]
export function goalRows(report) {
  return goals.map((goal) => [
    goal.what,
    bound(goal),
    ...report.results.map((result) => {
      const value = ratio(result, goal.over);
      if (value === undefined) return 'missing';
      return `${shownRatio(value)} ${reached(goal, value) ? 'pass' : 'falls short'}`;
    }),
  ]);
}

export const goalHead = (report) => ['ratio of medians', 'reach', ...heads(report)];

export const goalTable = (report) => table(goalHead(report), goalRows(report));

// Medians of every cell, in nanoseconds; with `details` also minimum and spread.
export function cellTable(report, details = false) {
  const labels = [...new Set(report.results.flatMap(({ cells }) => Object.keys(cells)))];
  const shown = (cell) => {
    if (cell === undefined) return 'missing';
    if (!details) return nanoseconds(cell.median);
    return `${nanoseconds(cell.min)} / ${nanoseconds(cell.median)} ± ${Math.round(cell.spread * 100)}%`;
  };
  return table(
    [details ? 'ns: min / median ± spread' : 'ns, median', ...heads(report)],
    labels.map((label) => [label, ...report.results.map(({ cells }) => shown(cells[label]))]),
  );
}

export function provenance({ machine, peer, repetitions, milliseconds, date }) {
  const peers = peer.missing
    ? `The peer node-fibers is missing: ${peer.missing}.`
    : `Peer: ${peer.name} on Node ${peer.version}.`;
  return (
    `Measured ${date} on ${machine.cpu} (${machine.cpus} virtual CPUs), ${machine.os}, load ${machine.load.toFixed(1)} at the start. ` +
    `${repetitions} interleaved repetitions of ${milliseconds} ms, each cell in processes of its own. ${peers}`
  );
}

export const fullReport = (report) => `# Benchmark results

${provenance(report)} The spread is the distance between the quartiles.

${goalTable(report)}

${cellTable(report, true)}
`;
