// The wait-for graph: who waits stands on the left, who is waited for on the right.
import { nameOf, shape } from './dom.mjs';

const MOST_NODES = 80;
const NODE = { width: 150, height: 42 };
const GAP = { x: 90, y: 18 };
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
  const width = Math.max(...[...places.values()].map(({ x }) => x)) + NODE.width + 2;
  const bottom = Math.max(...[...places.values()].map(({ y }) => y)) + NODE.height + 2;
  const goesBelow = ({ from, to }) => route(places.get(from), places.get(to)).isBelow;
  const height = bottom + (edges.some(goesBelow) ? 32 : 0);
  const picture = shape(
    'svg',
    { width, height, viewBox: `-1 -1 ${width} ${height}`, role: 'img' },
    shape('title', {}, 'Wait-for graph'),
    ...edges.flatMap((edge) => drawEdge(edge, places, cycleEdges.has(`${edge.from} ${edge.to}`))),
    ...ids.map((id) =>
      drawNode(known.get(id) ?? { id, name: '' }, places.get(id), inCycle.has(id)),
    ),
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
  const columns = new Map();
  const places = new Map();
  for (const id of ids) {
    const column = last - ranks.get(id);
    const row = columns.get(column) ?? 0;
    columns.set(column, row + 1);
    places.set(id, { column, row, x: column * (NODE.width + GAP.x) });
  }
  const tallest = Math.max(...columns.values());
  for (const place of places.values()) {
    const free = (tallest - columns.get(place.column)) / 2;
    place.y = (place.row + free) * (NODE.height + GAP.y);
  }
  return places;
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

function drawEdge({ from, to, needed }, places, isInCycle) {
  const kind = isInCycle ? ' cycle' : '';
  const { start, end, bend, head } = route(places.get(from), places.get(to));
  const at = ([x, y]) => `${x},${y}`;
  const moved = ([x, y], [dx, dy]) => [x + dx, y + dy];
  const curve = [moved(start, bend[0]), moved(end, bend[1]), end].map(at).join(' ');
  return [
    shape('path', {
      class: `wait${needed ? '' : ' maybe'}${kind}`,
      d: `M${at(start)} C${curve}`,
    }),
    shape('polygon', {
      class: `arrow${kind}`,
      points: [[0, 0], ...head].map((corner) => at(moved(end, corner))).join(' '),
    }),
  ];
}

/** Between neighbours from side to side, there above and back below; else below what lies in between. */
function route(a, b) {
  const columns = b.column - a.column;
  const half = GAP.x / 2;
  if (columns > 0 || columns === -1) {
    const there = columns > 0;
    const y = (NODE.height * (there ? 2 : 3)) / 5;
    const way = there ? 1 : -1;
    return {
      isBelow: false,
      start: [a.x + (there ? NODE.width : 0), a.y + y],
      end: [b.x + (there ? 0 : NODE.width), b.y + y],
      bend: [
        [way * half, 0],
        [-way * half, 0],
      ],
      head: [
        [-way * 8, -4],
        [-way * 8, 4],
      ],
    };
  }
  const down = columns === 0 ? 24 : 40;
  return {
    isBelow: true,
    start: [a.x + NODE.width / 2, a.y + NODE.height],
    end: [b.x + NODE.width / 2, b.y + NODE.height],
    bend: [
      [0, down],
      [0, down],
    ],
    head: [
      [-4, 8],
      [4, 8],
    ],
  };
}
