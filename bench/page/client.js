// Draws `sections` (see charts.mjs) with uPlot, in the browser.
/* global document, sections, uPlot, window */
'use strict';

const COLOURS = ['#0d5230', '#2c8450', '#5aa872', '#9ac9a9']; // from the newest Node back
const PEERS = '#c2571a';
const NARROW = 0.13; // between the dots of one place
const AXIS = 66; // pixels for the numbers at the left
const LETTER = 6.2; // pixels

const element = (tag, className, text, parent) => {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
};

function colourOf(series, index) {
  const { name } = series[index];
  if (name === 'peers' || name === 'yield*') return PEERS;
  const versions = series.filter((each) => each.name.startsWith('Node'));
  return COLOURS[Math.max(0, versions.length - 1 - index)] ?? COLOURS.at(-1);
}

const short = (value) =>
  value >= 1e6
    ? `${+(value / 1e6).toPrecision(3)}M`
    : value >= 1e3
      ? `${+(value / 1e3).toPrecision(3)}k`
      : `${+value.toPrecision(3)}`;

// uPlot wants one ascending list of x for all series, so each point gets a column of its own. In a chart with named
// places the series stand side by side; where a place belongs to the peers alone, they stand in its middle.
function columnsOf({ x, series }) {
  const named = Array.isArray(x);
  const points = series.flatMap(({ points }, index) =>
    points.map((point) => {
      const alone = series.every(
        (other, i) => i === index || other.points.every((theirs) => theirs.x !== point.x),
      );
      const shift = named && !alone ? (index - (series.length - 1) / 2) * NARROW : 0;
      return { ...point, series: index, at: point.x + shift };
    }),
  );
  return points.sort((a, b) => a.at - b.at);
}

function whiskers(columns, series) {
  return (u) => {
    const { ctx } = u;
    ctx.save();
    ctx.lineWidth = 2 * window.devicePixelRatio;
    for (const column of columns) {
      const x = u.valToPos(column.at, 'x', true);
      ctx.strokeStyle = colourOf(series, column.series);
      ctx.beginPath();
      ctx.moveTo(x, u.valToPos(column.min, 'y', true));
      ctx.lineTo(x, u.valToPos(column.high, 'y', true));
      ctx.stroke();
    }
    ctx.restore();
  };
}

const onlyDecades = (_, splits) =>
  splits.map((value) => (Math.abs(Math.log10(value) % 1) < 1e-9 ? value : null));

// Whole decades around everything that is drawn.
function decades(columns) {
  const values = columns.flatMap(({ min, high }) => [min, high]);
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  return [low, low === high ? high * 10 : high];
}

function options(chart, columns, width) {
  const { x, series, unit } = chart;
  const named = Array.isArray(x);
  // Names slant upwards to their places.
  const lengths = named ? x.map((name) => name.length * LETTER) : [0];
  const below = named ? 24 + Math.max(...lengths) * 0.62 : 50;
  const overhang = (length, index) =>
    length * 0.78 - AXIS - ((index + 0.5) * (width - AXIS)) / x.length;
  const left = named ? Math.max(0, ...lengths.map(overhang)) : 0;
  const font = '12px system-ui, sans-serif';
  const xs = columns.map(({ at }) => at);
  return {
    width,
    height: 220 + below,
    padding: [12, 16, 0, left],
    scales: {
      x: named
        ? { time: false, range: [-0.6, x.length - 0.4] }
        : { time: false, distr: 3, range: [Math.min(...xs), Math.max(...xs)] },
      y: { distr: 3, range: decades(columns) },
    },
    axes: [
      {
        font,
        rotate: named ? 38 : 0,
        size: below,
        label: named ? undefined : x.label,
        labelFont: font,
        grid: { show: !named, stroke: '#dfe6e2', filter: named ? undefined : onlyDecades },
        splits: named ? x.map((_, index) => index) : undefined,
        values: (_, splits) => splits.map((at) => (named ? x[at] : at === null ? '' : short(at))),
      },
      {
        font,
        size: AXIS,
        grid: { stroke: '#dfe6e2', filter: onlyDecades },
        ticks: { filter: onlyDecades },
        values: (_, splits) =>
          splits.map((value) => (value === null ? '' : `${short(value)} ${unit}`)),
        filter: onlyDecades,
      },
    ],
    cursor: { points: { size: 10 }, drag: { x: false, y: false } },
    legend: { live: false },
    series: [
      {},
      ...series.map(({ name }, index) => ({
        label: name,
        stroke: colourOf(series, index),
        width: 2,
        spanGaps: true,
        paths: named ? () => null : undefined,
        points: { show: true, size: 8, fill: colourOf(series, index) },
      })),
    ],
    hooks: { draw: [whiskers(columns, series)] },
  };
}

// The value under the mouse, in words.
function describe(chart, columns, note) {
  const original = note.textContent;
  return (u) => {
    const column = columns[u.cursor.idx];
    const place =
      column && (Array.isArray(chart.x) ? chart.x[column.x] : `${chart.x.label} ${column.x}`);
    note.textContent = column
      ? `${place}, ${chart.series[column.series].name}: ${short(column.median)} ${chart.unit} (minimum ${short(column.min)})`
      : original;
  };
}

function draw(chart, parent) {
  const series = chart.series.filter(({ points }) => points.length > 0);
  const shown = { ...chart, series };
  const wide = Array.isArray(chart.x) && chart.x.length > 12;
  const box = element('div', wide ? 'chart wide' : 'chart', '', parent);
  element('h3', '', chart.title, box);
  const note = element('p', 'note', chart.note, box);
  const columns = columnsOf(shown);
  const data = [
    columns.map(({ at }) => at),
    ...series.map((_, index) =>
      columns.map((column) => (column.series === index ? column.median : null)),
    ),
  ];
  const settings = options(shown, columns, box.clientWidth);
  settings.hooks.setCursor = [describe(shown, columns, note)];
  const plot = new uPlot(settings, data, box);
  new window.ResizeObserver(() => {
    if (box.clientWidth === plot.width) return;
    plot.setSize({ width: box.clientWidth, height: plot.height });
  }).observe(box);
}

for (const { title, charts } of sections) {
  element('h2', '', title, document.getElementById('charts'));
  const grid = element('div', 'grid', '', document.getElementById('charts'));
  for (const chart of charts) draw(chart, grid);
}
