// The plot of README.md, docs/images/yield-depth.svg, from docs/benchmarks/results.json. With --check it only tells whether the
// picture is that of the data.
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from './lib/paths.mjs';
import { fail } from './lib/run.mjs';

const FILE = inRoot('docs/images/yield-depth.svg');
const MAJOR = '24';

const { results } = JSON.parse(readFileSync(inRoot('docs/benchmarks/results.json'), 'utf8'));
const { node, cells } = results.find(({ node }) => node.startsWith(`${MAJOR}.`));
const median = (name) => cells[name].median; // nanoseconds

const LINES = [
  {
    name: 'yield*',
    color: '#b3261e',
    points: [
      [1, median('generator next')],
      [10, median('yield* at depth 10')],
      [100, median('yield* at depth 100')],
    ],
  },
  {
    name: 'Fiber.yield',
    color: '#1a7f5a',
    points: [1, 100, 1000].map((depth) => [depth, median(`yield at call depth ${depth}`)]),
  },
];

// Both axes are logarithmic.
const BOX = { left: 62, top: 36, width: 420, height: 170 };
const DECADES = { x: [0, 3], y: [1, 4] };
const along = ([from, to], value) => (Math.log10(value) - from) / (to - from);
const x = (depth) => BOX.left + along(DECADES.x, depth) * BOX.width;
const y = (ns) => BOX.top + (1 - along(DECADES.y, ns)) * BOX.height;
const powers = ([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
const at = (place) => place.map((number) => number.toFixed(1)).join(',');
const text = (place, content, more = '') => {
  const [left, top] = place;
  return `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}"${more}>${content}</text>`;
};

const bottom = BOX.top + BOX.height;
const right = BOX.left + BOX.width;
const grid = [
  ...powers(DECADES.x).flatMap((depth) => [
    `<path class="grid" d="M${at([x(depth), BOX.top])}V${bottom}"/>`,
    text([x(depth), bottom + 18], depth.toLocaleString('en'), ' text-anchor="middle"'),
  ]),
  ...powers(DECADES.y).flatMap((ns) => [
    `<path class="grid" d="M${at([BOX.left, y(ns)])}H${right}"/>`,
    text([BOX.left - 8, y(ns) + 4], ns.toLocaleString('en'), ' text-anchor="end"'),
  ]),
];
const drawn = LINES.flatMap(({ name, color, points }) => {
  const places = points.map(([depth, ns]) => [x(depth), y(ns)]);
  const [end, top] = places.at(-1);
  const anchor = end > right - 40 ? ' text-anchor="end"' : '';
  return [
    `<polyline points="${places.map(at).join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...places.map(
      ([cx, cy]) => `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3.5" fill="${color}"/>`,
    ),
    text([end + (anchor ? 0 : 9), top - 8], name, `${anchor} fill="${color}" font-weight="600"`),
  ];
});
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="520" height="256" viewBox="0 0 520 256" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>Nanoseconds of one yield by call depth, Node ${node}</title>
<style>.grid { stroke: #e1e1dc; fill: none }</style>
<rect width="520" height="256" fill="#fff"/>
<g fill="#42464d">
${text([BOX.left, 20], `nanoseconds of one yield (median, Node ${node})`)}
${text([BOX.left + BOX.width / 2, bottom + 40], 'calls between the yield and who waits for its value', ' text-anchor="middle"')}
${grid.join('\n')}
</g>
${drawn.join('\n')}
</svg>
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, svg);
else if (readFileSync(FILE, 'utf8') !== svg) {
  fail(
    'docs/images/yield-depth.svg is not of docs/benchmarks/results.json: node scripts/plot_depth.mjs',
  );
}
