// Counters over time: what the page has seen since it was opened, at most the last minutes.
import { element, setText, shape } from './dom.mjs';

const LONGEST = 180;
const WIDTH = 100;
const HEIGHT = 36;

const sum = (list, key) => list.reduce((total, item) => total + item[key], 0);

const counters = [
  { title: 'Tasks', of: ({ now }) => sum(now.schedulers, 'alive') },
  { title: 'Ready', of: ({ now }) => sum(now.schedulers, 'ready') },
  { title: 'Stacks in use', of: ({ now }) => now.stats.alive },
  { title: 'Spawned', unit: '/ s', of: perSecond('spawned') },
  { title: 'Turns', unit: '/ s', of: perSecond('turns') },
  {
    title: 'Longest turn',
    unit: 'ms',
    digits: 1,
    of: ({ now }) => Math.max(...now.schedulers.map(({ longestTurn }) => longestTurn)),
  },
];

function perSecond(key) {
  return ({ now, before }) => {
    if (before === undefined) return undefined;
    const seconds = (now.process.uptime - before.process.uptime) / 1000;
    const difference = sum(now.schedulers, key) - sum(before.schedulers, key);
    return seconds > 0 ? Math.max(0, difference / seconds) : undefined;
  };
}

/** One small chart for each counter; `update(snapshot)` adds a point to all. */
export function makeCharts(parent) {
  const charts = counters.map((counter) => makeChart(parent, counter));
  let before;
  return function update(now) {
    for (const chart of charts) chart({ now, before });
    before = now;
  };
}

function makeChart(parent, { title, unit = '', digits = 0, of }) {
  const values = [];
  const number = element('span', { class: 'value' });
  const area = shape('path', { class: 'area' });
  const curve = shape('path', { class: 'curve' });
  const picture = shape(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    area,
    curve,
  );
  const units = element('span', { class: 'unit' }, unit);
  parent.append(
    element('div', { class: 'chart' }, element('h3', {}, title), number, units, picture),
  );
  return (snapshots) => {
    const value = of(snapshots);
    setText(number, value === undefined ? '–' : value.toFixed(digits));
    if (value === undefined) return;
    values.push(value);
    if (values.length > LONGEST) values.shift();
    const line = points(values);
    curve.setAttribute('d', `M${line.join('L')}`);
    area.setAttribute(
      'd',
      `M0,${HEIGHT}L${line.join('L')}L${line.at(-1).split(',')[0]},${HEIGHT}Z`,
    );
  };
}

function points(values) {
  const most = Math.max(...values, 1);
  const step = WIDTH / Math.max(values.length - 1, 1);
  const all = values.length === 1 ? [values[0], values[0]] : values;
  return all.map((value, i) => {
    const y = HEIGHT - 2 - (value / most) * (HEIGHT - 4);
    return `${(i * (values.length === 1 ? WIDTH : step)).toFixed(2)},${y.toFixed(2)}`;
  });
}
