// What the page plots, as data that client.js draws:
//
//   { title, note, unit, x: [names] or { label }, series: [{ name, points: [{ x, min, median, high }] }] }
//
// With names the chart has a place for each, and x is its index; otherwise x is a number.
import { ownScenarios, labelOf } from '../js/plan.mjs';

const newest = (report) => report.results.at(-1);

// `scale` divides the cell's value.
function point(x, cell, scale = 1) {
  if (cell?.median === undefined) return [];
  const { min, median, spread } = cell;
  return [{ x, min: min / scale, median: median / scale, high: (median * (1 + spread)) / scale }];
}

// One series per Node version over the same labels.
function perNode(report, labels, scale) {
  return report.results.map(({ node, cells }) => ({
    name: `Node ${node}`,
    points: labels.flatMap((label, x) => point(x, cells[label], scale)),
  }));
}

function microbenchmarks(report) {
  const measured = (label) => report.results.some(({ cells }) => cells[label]?.median);
  const fromFiles = (...files) =>
    ownScenarios
      .filter(({ file }) => files.includes(file))
      .map(labelOf)
      .filter(measured);
  const files = [...new Set(ownScenarios.map(({ file }) => file))];
  const others = files.filter((file) => !['javascript', 'greenfiber'].includes(file));
  return [
    ['Fibers', fromFiles('greenfiber')],
    ['Tasks and everything above', fromFiles(...others)],
    ['The language itself', fromFiles('javascript')],
  ].map(([title, labels]) => ({
    title,
    note: 'Nanoseconds an operation.',
    unit: 'ns',
    x: labels,
    series: perNode(report, labels),
  }));
}

// How the price of a yield grows with the depth of the stack that it leaves.
function depth(report) {
  const { node, cells } = newest(report);
  const found = (pattern) =>
    Object.keys(cells)
      .filter((label) => pattern.test(label))
      .flatMap((label) => point(Number(pattern.exec(label)[1]), cells[label]));
  return {
    title: 'Depth of the stack that is left',
    note: `One value out and back, Node ${node}.`,
    unit: 'ns',
    x: { label: 'frames' },
    series: [
      { name: 'fibers', points: found(/^yield at call depth (\d+)$/) },
      { name: 'yield*', points: found(/^yield\* at depth (\d+)$/) },
    ],
  };
}

// One chart per program: its variants on every Node version, and the peers.
function program(report, { name, size, operations }) {
  const prefix = `${name}: `;
  const of = (cells) =>
    Object.keys(cells)
      .filter((label) => label.startsWith(prefix) && !label.includes(', '))
      .filter((label) => cells[label].median);
  const own = [...new Set(report.results.flatMap(({ cells }) => of(cells)))];
  const peers = of(report.common);
  const labels = [...own, ...peers];
  const each = operations ?? 1e6;
  return {
    title: name,
    note: `Size ${JSON.stringify(size)}, ${operations ? 'per operation' : 'the whole run'}.`,
    unit: operations ? 'ns' : 'ms',
    x: labels.map((label) => label.slice(prefix.length)),
    series: [
      ...perNode(report, labels, each),
      { name: 'peers', points: labels.flatMap((label, x) => point(x, report.common[label], each)) },
    ],
  };
}

function native(report, suite, note) {
  const prefix = `${suite}: `;
  const labels = Object.keys(report.common).filter((label) => label.startsWith(prefix));
  return {
    title: `Native: ${suite}`,
    note,
    unit: 'ns',
    x: labels.map((label) => label.slice(prefix.length).replace('greenfiber_', '')),
    series: [
      { name: 'native', points: labels.flatMap((label, x) => point(x, report.common[label])) },
    ],
  };
}

// How the frames of Dew shrink with the cores that the process may use.
function scaling(report) {
  const { node, cells } = newest(report);
  const points = (kernel) => {
    const pattern = new RegExp(`^dew: fibers, scaling ${kernel} cores (\\d+)$`);
    return Object.keys(cells)
      .filter((label) => pattern.test(label))
      .flatMap((label) => point(Number(pattern.exec(label)[1]), cells[label]));
  };
  return {
    title: 'Dew: offloaded calls on more cores',
    note: `Milliseconds a frame, chunks ten times larger, Node ${node}.`,
    unit: 'ms',
    x: { label: 'cores' },
    series: ['arith', 'memory'].map((name) => ({ name, points: points(name) })),
  };
}

// [{ title, charts }], without what was not measured.
export function sections(report) {
  return [
    { title: 'Micro-benchmarks', charts: [...microbenchmarks(report), depth(report)] },
    { title: 'Programs', charts: report.programs.map((each) => program(report, each)) },
    { title: 'Offloaded calls', charts: [scaling(report)] },
    {
      title: 'Native layers',
      charts: [
        native(report, 'switch', 'A pair of switches, or what stands for it.'),
        native(report, 'stack', 'Memory for stacks.'),
      ],
    },
  ]
    .map(({ title, charts }) => ({
      title,
      charts: charts.filter(({ series }) => series.some(({ points }) => points.length > 0)),
    }))
    .filter(({ charts }) => charts.length > 0);
}
