// Draws `report.charts` (see charts.ts) with uPlot, in the browser.
/* global document, report, uPlot, window */
'use strict';

const THEMES = {
  light: {
    ink: '#16211c',
    line: '#dfe6e2',
    heat: [29, 111, 67],
    colours: ['#1d6f43', '#2a62b8', '#b8720a', '#b3261e', '#7a3fb0', '#0b7a86', '#6b6b00'],
  },
  dark: {
    ink: '#e6eee9',
    line: '#2d3a33',
    heat: [108, 196, 146],
    colours: ['#6cc492', '#7fb2ff', '#ffc06c', '#ff8a80', '#cf9bff', '#5fd3df', '#d8d86a'],
  },
};
const HEIGHT = 240;
const FONT = '12px system-ui, sans-serif';

const short = (value) => {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e3) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
};
const time = (ms) =>
  ms >= 1000 ? `${short(ms / 1000)} s` : ms >= 1 ? `${short(ms)} ms` : `${short(ms * 1000)} µs`;
const UNITS = { count: short, time };

const seconds = (value) => `${short(value)} s`;
// The more nines, the farther to the right, as HdrHistogram's plots have it.
const nines = (at) => `${+(100 - 100 / 10 ** at).toPrecision(5)}%`;
const ACROSS = {
  seconds: { say: seconds, more: {} },
  nines: {
    say: nines,
    more: { splits: ({ width }) => (width < 400 ? [0, 2, 4] : [0, 1, 2, 3, 4, 5]) },
  },
};

/** Rates and numbers begin at nothing: what is cut off below looks like a breakdown. */
const fromZero = { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.05] };
const positive = {
  distr: 3,
  range: (_, low, high) => [Math.max(low ?? 0, 1e-3), Math.max(high ?? 0, 1e-2)],
};

/** Paints the cells of a heat map behind everything else. */
const paint =
  ({ bounds, columns }, x, theme) =>
  (plot) => {
    const { ctx } = plot;
    const [red, green, blue] = theme.heat;
    const across = (value) => plot.valToPos(value, 'x', true);
    ctx.save();
    for (const [at, rows] of columns.entries()) {
      const left = across(at === 0 ? Math.min(0, x[0]) : x[at - 1]);
      const width = Math.max(1, across(x[at]) - left);
      for (const [row, share] of rows.entries()) {
        if (share === 0) continue;
        const top = plot.valToPos(bounds[row + 1], 'y', true);
        const height = Math.max(1, plot.valToPos(bounds[row], 'y', true) - top);
        ctx.fillStyle = `rgba(${red}, ${green}, ${blue}, ${0.08 + 0.92 * Math.sqrt(share)})`;
        ctx.fillRect(left, top, width, height);
      }
    }
    ctx.restore();
  };

function draw(chart, theme) {
  const { title, note, x, series, heat } = chart;
  const values = UNITS[chart.unit];
  const { say, more } = ACROSS[chart.across];
  const axis = (text, others) => ({
    stroke: theme.ink,
    font: FONT,
    grid: { stroke: theme.line },
    ticks: { stroke: theme.line },
    values: (_, splits) => splits.map((value) => (value === null ? '' : text(value))),
    ...others,
  });
  const box = document.createElement('div');
  box.className = 'chart';
  const heading = box.appendChild(document.createElement('h3'));
  heading.textContent = title;
  const text = box.appendChild(document.createElement('div'));
  text.className = 'note';
  text.textContent = note;
  document.getElementById('charts').append(box);
  const inside = () => Math.max(120, box.clientWidth - 26);
  const isLog = chart.unit === 'time' && !chart.isLinear;
  const range = heat && [heat.bounds[0], heat.bounds.at(-1)];
  const y = heat ? { distr: 3, range } : isLog ? positive : fromZero;
  const from = heat && { range: [Math.min(0, x[0] ?? 0), x.at(-1) ?? 1] };
  const plot = new uPlot(
    {
      width: inside(),
      height: HEIGHT,
      scales: { x: { time: false, ...from }, y },
      axes: [axis(say, more), axis(values, { size: 64 })],
      series: [
        { label: 'at', value: (_, at) => (at === null ? '' : say(at)) },
        ...Object.keys(series).map((label, index) => ({
          label,
          stroke: heat ? theme.ink : theme.colours[index % theme.colours.length],
          width: 1.5,
          dash: index >= theme.colours.length ? [6, 4] : undefined,
          spanGaps: true,
          points: { show: !heat && x.length < 60, size: 5 },
          value: (_, value) => (value === null || value === undefined ? '' : values(value)),
        })),
      ],
      cursor: { drag: { x: false, y: false } },
      hooks: heat ? { drawClear: [paint(heat, x, theme)] } : {},
    },
    [x, ...Object.values(series)],
    box,
  );
  const observer = new window.ResizeObserver(() => {
    if (inside() !== plot.width) plot.setSize({ width: inside(), height: HEIGHT });
  });
  observer.observe(box);
  return () => {
    observer.disconnect();
    plot.destroy();
    box.remove();
  };
}

let shown = [];
function render(theme) {
  for (const remove of shown) remove();
  shown = report.charts.map((chart) => draw(chart, theme));
  document.getElementById('charts').dataset.drawn = 'true';
}

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const fitting = () => (dark.matches ? THEMES.dark : THEMES.light);
dark.addEventListener('change', () => render(fitting()));
// Paper is white.
window.addEventListener('beforeprint', () => render(THEMES.light));
window.addEventListener('afterprint', () => render(fitting()));
render(fitting());
