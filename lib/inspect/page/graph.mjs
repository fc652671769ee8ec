// The wait-for graph: who waits stands on the left, who is waited for on the right.
import { nameOf, shape } from './dom.mjs';

const MOST_NODES = 80;
const NODE = { width: 150, height: 42 };
const GAP = { x: 90, y: 18 };
const LANE = 4;
const LABEL_LENGTH = 20;

/** Draws the waits of a snapshot; answers whether there are any. */
export function drawGraph(parent, { tasks, waits, cycles }) {
  const inCycle = new Set(cycles.flat());
  const cycleEdges = new Set(
    cycles.flatMap((cycle) => cycle.map((id, i) => `${id} ${cycle[(i + 1) % cycle.length]}`)),
  );
  const known = new Map(tasks.map((task) => [task.id, task]));
  const ids = [...new Set(waits.flatMap(({ from, to }) => [from, to]))]
    .sort((a, b) => inCycle.has(b) - inCycle.has(a) || a - b)
    .slice(0, MOST_NODES);
  const edges = waits.filter(({ from, to }) => ids.includes(from) && ids.includes(to));
  const places = layOut(ids, edges);
  const [width, bottom] = [...places.values()].reduce(
    ([right, low], { x, y, height }) => [
      Math.max(right, x + NODE.width + 2),
      Math.max(low, y + height + 2),
    ],
    [0, 0],
  );
  const drawn = edges.map((edge) => {
    const { from, to } = edge;
    return drawEdge(edge, wayOf(from, to, places), cycleEdges.has(`${from} ${to}`));
  });
  const height = bottom + (drawn.some(({ isBelow }) => isBelow) ? 32 : 0);
  const picture = shape(
    'svg',
    { width, height, viewBox: `-1 -1 ${width} ${height}`, role: 'img' },
    shape('title', {}, 'Wait-for graph'),
    ...drawn.flatMap(({ shapes }) => shapes),
    ...ids.map((id) => {
      const task = known.get(id) ?? { id, name: '' };
      return drawNode(task, places.get(id), inCycle.has(id));
    }),
  );
  parent.replaceChildren(...(ids.length > 0 ? [picture] : []));
  return ids.length > 0;
}

/** A column for every step on the longest way to somebody who waits for nobody, ways through cycles apart. */
function layOut(ids, edges) {
  const next = new Map(ids.map((id) => [id, []]));
  for (const { from, to } of edges) next.get(from).push(to);
  const ranks = new Map();
  const rankOf = (id, path) => {
    if (ranks.has(id)) return ranks.get(id);
    if (path.has(id)) return -1; // closes a cycle
    path.add(id);
    const rank = Math.max(-1, ...next.get(id).map((to) => rankOf(to, path))) + 1;
    path.delete(id);
    ranks.set(id, rank);
    return rank;
  };
  for (const id of ids) rankOf(id, new Set());
  const last = Math.max(...ranks.values());
  const columns = Array.from({ length: last + 1 }, () => []);
  for (const id of ids) columns[last - ranks.get(id)].push(id);
  // A wait that passes columns by has a lane in each, one for all that begin at the same task.
  for (const { from, to } of edges) {
    for (let column = last - ranks.get(from) + 1; column < last - ranks.get(to); column++) {
      const lane = laneOf(from, column);
      if (!columns[column].includes(lane)) columns[column].push(lane);
    }
  }
  return stack(columns);
}

const laneOf = (from, column) => `${from} in ${column}`;

/** Columns side by side, each centred. */
function stack(columns) {
  const heightOf = (id) => (typeof id === 'number' ? NODE.height : LANE);
  const heights = columns.map((column) =>
    column.reduce((sum, id) => sum + heightOf(id) + GAP.y, -GAP.y),
  );
  const tallest = Math.max(...heights);
  const places = new Map();
  columns.forEach((ids, column) => {
    let y = (tallest - heights[column]) / 2;
    for (const id of ids) {
      places.set(id, { column, x: column * (NODE.width + GAP.x), y, height: heightOf(id) });
      y += heightOf(id) + GAP.y;
    }
  });
  return places;
}

/** The places that a wait goes through. */
function wayOf(from, to, places) {
  const a = places.get(from);
  const b = places.get(to);
  const lanes = [];
  for (let column = a.column + 1; column < b.column; column++) {
    lanes.push(places.get(laneOf(from, column)));
  }
  return [a, ...lanes, b];
}

const short = (text) => (text.length > LABEL_LENGTH ? `${text.slice(0, LABEL_LENGTH - 1)}…` : text);

function drawNode(task, { x, y }, isInCycle) {
  const text = (dy, content, attributes = {}) =>
    shape(
      'text',
      { x: x + NODE.width / 2, y: y + dy, 'text-anchor': 'middle', ...attributes },
      content,
    );
  const call = task.sleep?.call ?? task.status ?? '';
  return shape(
    'g',
    { class: isInCycle ? 'node cycle' : 'node', 'data-task': task.id },
    shape('rect', { x, y, width: NODE.width, height: NODE.height, rx: 7 }),
    text(18, short(nameOf(task))),
    text(33, short(call), { class: 'call' }),
    shape('title', {}, nameOf(task)),
  );
}

const at = ([x, y]) => `${x},${y}`;
const moved = ([x, y], [dx, dy]) => [x + dx, y + dy];

function drawEdge({ needed }, way, isInCycle) {
  const kind = isInCycle ? ' cycle' : '';
  const lines = way.slice(1).map((place, i) => route(way[i], place));
  const { end, head, isBelow } = lines.at(-1);
  const curves = lines.map(
    ({ start, bend, end }, i) =>
      `${i === 0 ? 'M' : 'L'}${at(start)} ` +
      `C${[moved(start, bend[0]), moved(end, bend[1]), end].map(at).join(' ')}`,
  );
  return {
    isBelow,
    shapes: [
      shape('path', { class: `wait${needed ? '' : ' maybe'}${kind}`, d: curves.join(' ') }),
      shape('polygon', {
        class: `arrow${kind}`,
        points: [[0, 0], ...head].map((corner) => at(moved(end, corner))).join(' '),
      }),
    ],
  };
}

/** Between neighbours from side to side, there above and back below; else below what lies in between. */
function route(a, b) {
  const columns = b.column - a.column;
  if (Math.abs(columns) === 1) {
    const way = columns;
    const portion = way > 0 ? 0.4 : 0.6;
    return {
      isBelow: false,
      start: [a.x + (way > 0 ? NODE.width : 0), a.y + a.height * portion],
      end: [b.x + (way > 0 ? 0 : NODE.width), b.y + b.height * portion],
      bend: [
        [(way * GAP.x) / 2, 0],
        [(-way * GAP.x) / 2, 0],
      ],
      head: [
        [-way * 8, -4],
        [-way * 8, 4],
      ],
    };
  }
  const down = [0, columns === 0 ? 24 : 40];
  return {
    isBelow: true,
    start: [a.x + NODE.width / 2, a.y + a.height],
    end: [b.x + NODE.width / 2, b.y + b.height],
    bend: [down, down],
    head: [
      [-4, 8],
      [4, 8],
    ],
  };
}
