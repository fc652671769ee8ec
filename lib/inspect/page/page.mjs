// Asks for a snapshot now and then, and shows it.
import { makeCharts } from './charts.mjs';
import { byId, element, milliseconds, nameOf, setText } from './dom.mjs';
import { drawGraph } from './graph.mjs';
import { groupTasks, sortItems } from './groups.mjs';
import { makeFiberTable, makeTaskTable } from './tasks.mjs';

const PERIOD_MS = 1000;
/** Rows that the table of tasks has, at most. */
const MOST_ROWS = 200;

const updateCharts = makeCharts(byId('charts'));
const updateTasks = makeTaskTable(byId('tasks'));
const updateFibers = makeFiberTable(byId('fibers'));
let latest;
let seen = 0;
let isPaused = false;
let shownGraph = '';
let sorting = {}; // by nothing

byId('filter').addEventListener('input', () => latest && showTasks(latest));
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  setText(byId('pause'), isPaused ? 'Go on' : 'Pause');
  showState(isPaused ? 'paused' : 'live');
});

for (const header of document.querySelectorAll('#tasks th')) {
  const { column } = header.dataset;
  header.querySelector('button').addEventListener('click', () => {
    const isSame = sorting.column === column;
    sorting = isSame && sorting.isReversed ? {} : { column, isReversed: isSame };
    showSorting();
    if (latest) showTasks(latest);
  });
}

function showSorting() {
  for (const header of document.querySelectorAll('#tasks th')) {
    const isSorted = header.dataset.column === sorting.column;
    const isNumber = header.classList.contains('number');
    const way = isNumber !== Boolean(sorting.isReversed) ? 'descending' : 'ascending';
    if (isSorted) header.setAttribute('aria-sort', way);
    else header.removeAttribute('aria-sort');
  }
}

/** Says on the button for a moment what came of it. */
function tell(button, text) {
  button.dataset.text ??= button.textContent;
  setText(button, text);
  setTimeout(() => setText(button, button.dataset.text), 1500);
}

byId('copy').addEventListener('click', async () => {
  try {
    const dump = await (await fetch('/dump.txt')).text();
    await navigator.clipboard.writeText(dump);
    tell(byId('copy'), 'Copied');
  } catch (error) {
    tell(byId('copy'), `Not copied: ${error.message}`);
  }
});

byId('download').addEventListener('click', () => {
  if (!latest) return;
  const file = new Blob([JSON.stringify(latest, null, 2)], { type: 'application/json' });
  const link = element('a', {
    href: URL.createObjectURL(file),
    download: `tasks-${latest.process.pid}-${latest.time.replace(/\W/g, '-')}.json`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
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

function showCalls({ calls }) {
  const chips = calls.map(({ status, call, tasks }) => `${call ?? status} ${tasks}`);
  const list = byId('calls');
  if (list.dataset.shown === chips.join('\n')) return;
  list.dataset.shown = chips.join('\n');
  list.replaceChildren(
    ...calls.map(({ status, call, tasks }) =>
      element('li', {}, element('code', {}, call ?? status), ` ${tasks}`),
    ),
  );
}

function showTasks({ tasks, waits, cycles, calls }) {
  const wanted = byId('filter').value.trim().toLowerCase();
  const names = new Map(tasks.map((task) => [task.id, nameOf(task)]));
  const inCycle = new Set(cycles.flat());
  const matching = tasks.filter(({ name, sleep, stack }) =>
    `${name}\n${sleep?.call}\n${sleep?.on}\n${stack}`.toLowerCase().includes(wanted),
  );
  // Who looks for something wants to see each of them.
  const items = wanted === '' ? groupTasks(matching, inCycle) : matching;
  const shown = sortItems(items, sorting, inCycle).slice(0, MOST_ROWS);
  const all = calls.reduce((sum, call) => sum + call.tasks, 0);
  const more = items.length > MOST_ROWS ? `, the first ${MOST_ROWS}` : '';
  setText(
    byId('tasks-count'),
    (wanted === '' ? `${all}` : `${matching.length} of ${tasks.length}`) + more,
  );
  const waiters = new Map();
  for (const { from, to } of waits) {
    const known = waiters.get(to);
    const name = names.get(from) ?? `task ${from}`;
    if (known === undefined) waiters.set(to, [name]);
    else known.push(name);
  }
  updateTasks(shown, (id) => waiters.get(id) ?? []);
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
  showNotes(byId('missing'), snapshot.missing);
  showCycles(snapshot);
  showCalls(snapshot);
  showTasks(snapshot);
  showGraph(snapshot);
  setText(byId('fibers-count'), `${snapshot.fibers.length}`);
  updateFibers(snapshot.fibers);
}

/** A snapshot that takes long comes seldom; counters come each time. */
function showRest({ rest }) {
  const seconds = Math.ceil(rest / 1000);
  setText(byId('rest'), seconds > 2 ? `next look in ${seconds} s, to use 1 % of the time` : '');
}

async function look() {
  try {
    if (!isPaused && !document.hidden) {
      const response = await fetch(`/snapshot.json?seen=${seen}`);
      if (!response.ok) throw new Error(await response.text());
      const { snapshot, look: number, rest, ...glance } = await response.json();
      seen = number;
      showProcess(glance);
      updateCharts(glance);
      showRest({ rest });
      if (snapshot) show(snapshot);
      showState(isPaused ? 'paused' : 'live');
    }
  } catch (error) {
    seen = 0; // another program may answer next
    showState('lost', `no answer: ${error.message}`);
  }
  setTimeout(look, PERIOD_MS);
}

void look();
