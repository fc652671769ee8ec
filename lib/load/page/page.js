// Draws `report` (see html.ts) with uPlot, in the browser.
/* global document, report, uPlot, window */
'use strict';

const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
const INK = dark ? '#e6eee9' : '#16211c';
const LINE = dark ? '#2d3a33' : '#dfe6e2';
const COLOURS = dark
  ? ['#6cc492', '#7fb2ff', '#ffc06c', '#ff8a80', '#cf9bff']
  : ['#1d6f43', '#2a62b8', '#b8720a', '#b3261e', '#7a3fb0'];
const HEIGHT = 240;
const FONT = '12px system-ui, sans-serif';

const short = (value) => {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e3) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
};
const time = (ms) =>
  ms >= 1000 ? `${short(ms / 1000)} s` : ms >= 1 ? `${short(ms)} ms` : `${short(ms * 1000)} µs`;

function axis(values, more) {
  return {
    stroke: INK,
    font: FONT,
    grid: { stroke: LINE },
    ticks: { stroke: LINE },
    values: (_, splits) => splits.map((value) => (value === null ? '' : values(value))),
    ...more,
  };
}

function draw({ title, note, x, series, values, scales, axes }) {
  const box = document.createElement('div');
  box.className = 'chart';
  const heading = box.appendChild(document.createElement('h3'));
  heading.textContent = title;
  const text = box.appendChild(document.createElement('div'));
  text.className = 'note';
  text.textContent = note;
  document.getElementById('charts').append(box);
  const inside = () => box.clientWidth - 26;
  const plot = new uPlot(
    {
      width: inside(),
      height: HEIGHT,
      scales: { x: { time: false }, ...scales },
      axes: axes ?? [axis((value) => `${short(value)} s`), axis(values, { size: 64 })],
      series: [
        { label: 'at', value: (_, at) => (at === null ? '' : `${short(at)} s`) },
        ...Object.keys(series).map((label, index) => ({
          label,
          stroke: COLOURS[index % COLOURS.length],
          width: 1.5,
          spanGaps: true,
          points: { show: x.length < 60, size: 5 },
          value: (_, value) => (value === null || value === undefined ? '' : values(value)),
        })),
      ],
      cursor: { drag: { x: false, y: false } },
    },
    [x, ...Object.values(series)],
    box,
  );
  new window.ResizeObserver(() => {
    if (inside() !== plot.width) plot.setSize({ width: inside(), height: HEIGHT });
  }).observe(box);
}

const shown = (series) =>
  Object.fromEntries(
    Object.entries(series).filter(
      ([, values], index) => index === 0 || values.some((value) => value > 0),
    ),
  );

const positive = (_, low, high) => [Math.max(low, 1e-3), Math.max(high, 1e-2)];

draw({
  title: 'Throughput',
  note: 'A second, by interval.',
  x: report.at,
  series: shown(report.rates),
  values: short,
});
draw({
  title: 'Latency',
  note: 'Percentiles by interval, on a logarithmic scale.',
  x: report.at,
  series: report.latency,
  values: time,
  scales: { y: { distr: 3, range: positive } },
});
draw({
  title: 'Virtual users',
  note: 'At the end of each interval.',
  x: report.at,
  series: { users: report.users },
  values: short,
});
// The more nines, the farther to the right, as HdrHistogram's plots have it.
const nines = report.distribution.map(({ share }) => Math.log10(100 / (100 - share)));
const shareAt = (at) => `${+(100 - 100 / 10 ** at).toPrecision(5)}%`;
draw({
  title: 'Distribution of latency',
  note: 'Below which so many percent of all requests stayed.',
  x: nines,
  series: { latency: report.distribution.map(({ value }) => value) },
  values: time,
  axes: [axis(shareAt, { splits: () => [0, 1, 2, 3, 4, 5] }), axis(time, { size: 64 })],
});
document.getElementById('charts').dataset.drawn = 'true';
