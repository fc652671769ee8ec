// Asks for a snapshot now and then, and shows it.
import { makeCharts } from './charts.mjs';
import { byId, element, milliseconds, nameOf, setText } from './dom.mjs';
import { drawGraph } from './graph.mjs';
import { makeFiberTable, makeTaskTable } from './tasks.mjs';

const PERIOD_MS = 1000;

const updateCharts = makeCharts(byId('charts'));
const updateTasks = makeTaskTable(byId('tasks'));
const updateFibers = makeFiberTable(byId('fibers'));
let latest;
let isPaused = false;
let shownGraph = '';

byId('filter').addEventListener('input', () => latest && showTasks(latest));
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  setText(byId('pause'), isPaused ? 'Go on' : 'Pause');
  showState(isPaused ? 'paused' : 'live');
});

function showState(state, text = state) {
  byId('state').className = state;
  setText(byId('state'), text);
}

function showNotes(list, sentences) {
  const items = [...list.children].map(({ textContent }) => textContent);
  if (items.join('\n') === sentences.join('\n')) return;
  list.replaceChildren(...sentences.map((sentence) => element('li', {}, sentence)));
}

function showProcess({ process }) {
  const thread = process.threadId === 0 ? '' : ` · worker ${process.threadId}`;
  setText(
    byId('process'),
    `process ${process.pid}${thread} · Node ${process.node} · ${process.engine} engine · ` +
      `up ${milliseconds(process.uptime)}`,
  );
}

function showCycles({ cycles, tasks }) {
  const names = new Map(tasks.map((task) => [task.id, nameOf(task)]));
  const nameById = (id) => names.get(id) ?? `task ${id}`;
  showNotes(
    byId('cycles'),
    cycles.map((cycle) => `Cycle: ${[...cycle, cycle[0]].map(nameById).join(' waits for ')}`),
  );
}

function showTasks({ tasks, waits }) {
  const wanted = byId('filter').value.trim().toLowerCase();
  const names = new Map(tasks.map((task) => [task.id, nameOf(task)]));
  const matching = tasks.filter(({ name, sleep, stack }) =>
    `${name}\n${sleep?.call}\n${sleep?.on}\n${stack}`.toLowerCase().includes(wanted),
  );
  setText(
    byId('tasks-count'),
    wanted === '' ? `${tasks.length}` : `${matching.length} of ${tasks.length}`,
  );
  updateTasks(matching, (id) =>
    waits.filter(({ to }) => to === id).map(({ from }) => names.get(from) ?? `task ${from}`),
  );
}

function showGraph({ tasks, waits, cycles }) {
  const partners = new Set(waits.flatMap(({ from, to }) => [from, to]));
  const nodes = tasks.filter(({ id }) => partners.has(id));
  const seen = JSON.stringify([waits, cycles, nodes.map(({ name, status }) => [name, status])]);
  if (seen === shownGraph) return;
  shownGraph = seen;
  byId('waiting').hidden = !drawGraph(byId('graph'), { tasks, waits, cycles });
}

function show(snapshot) {
  latest = snapshot;
  showProcess(snapshot);
  showNotes(byId('missing'), snapshot.missing);
  showCycles(snapshot);
  updateCharts(snapshot);
  showGraph(snapshot);
  showTasks(snapshot);
  setText(byId('fibers-count'), `${snapshot.fibers.length}`);
  updateFibers(snapshot.fibers);
}

async function look() {
  try {
    if (!isPaused && !document.hidden) {
      const response = await fetch('/snapshot.json');
      if (!response.ok) throw new Error(await response.text());
      show(await response.json());
      showState(isPaused ? 'paused' : 'live');
    }
  } catch (error) {
    showState('lost', `no answer: ${error.message}`);
  }
  setTimeout(look, PERIOD_MS);
}

void look();
