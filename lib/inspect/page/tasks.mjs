// Tables whose rows unfold. A row stays the same element from one snapshot to the next, so that what is
// unfolded, focused or selected stays so.
import { element, milliseconds, nameOf, setText } from './dom.mjs';

/** `columns(item)` answers the cells' texts or nodes, `details(item)` the parts that a row unfolds to. */
function makeTable(table, kind, columns, details) {
  const rows = new Map();
  const empty = element('tbody', {}, emptyRow(table));

  function makeRow(item) {
    const name = element('button', { class: 'toggle', type: 'button', 'aria-expanded': 'false' });
    const id = element('span', { class: 'id' });
    const cells = columns(item).map(({ number }) =>
      element('td', number ? { class: 'number' } : {}),
    );
    const line = element('tr', { class: 'row' }, element('td', {}, name, id), ...cells);
    const inside = element('td', { colspan: cells.length + 1 });
    const body = element('tbody', { 'data-id': item.id }, line);
    const row = { body, name, id, cells, inside, isOpen: false, shown: '' };
    const unfolded = element('tr', { class: 'details' }, inside);
    line.addEventListener('click', () => {
      if (String(window.getSelection()) !== '') return;
      row.isOpen = !row.isOpen;
      name.setAttribute('aria-expanded', String(row.isOpen));
      if (row.isOpen) body.append(unfolded);
      else unfolded.remove();
      updateRow(row, row.item);
    });
    return row;
  }

  function updateRow(row, item) {
    row.item = item;
    setText(row.name, nameOf(item, kind));
    setText(row.id, item.name === `${kind} ${item.id}` ? '' : `#${item.id}`);
    columns(item).forEach(({ content }, i) => {
      const text = [content]
        .flat()
        .map((part) => part.outerHTML ?? part)
        .join();
      if (row.cells[i].shown === text) return;
      row.cells[i].shown = text;
      row.cells[i].replaceChildren(...[content].flat());
    });
    if (!row.isOpen) return;
    const parts = details(item);
    const text = JSON.stringify(parts);
    if (row.shown === text) return;
    row.shown = text;
    row.inside.replaceChildren(element('div', { class: 'parts' }, ...parts.map(makePart)));
  }

  return function update(items) {
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, { body }] of rows) {
      if (ids.has(id)) continue;
      body.remove();
      rows.delete(id);
    }
    let last = table.tHead;
    for (const item of items) {
      let row = rows.get(item.id);
      if (row === undefined) rows.set(item.id, (row = makeRow(item)));
      updateRow(row, item);
      if (last.nextElementSibling !== row.body) last.after(row.body);
      last = row.body;
    }
    if (items.length > 0) empty.remove();
    else table.append(empty);
  };
}

function emptyRow(table) {
  const columns = table.tHead.rows[0].cells.length;
  return element('tr', {}, element('td', { colspan: columns, class: 'empty' }, 'None.'));
}

function makePart([title, text]) {
  return element('div', { class: 'part' }, element('h3', {}, title), element('pre', {}, text));
}

const unindented = (stack) => stack.replace(/^ +/gm, '') || '(no JavaScript frame)';

function creation(created, how) {
  if (created === null) return [];
  const by = created.by === null ? '' : ` by ${nameOf(created.by)}`;
  return [[`${how}${by} in`, unindented(created.stack)]];
}

const tag = (text, kind = '') => element('span', { class: `tag ${kind}` }, text);

function taskColumns({ status, sleep, background, scope, cpu }) {
  const tags = [
    ...(background ? [tag('background')] : []),
    ...(scope.shielded ? [tag('shielded')] : []),
    ...(scope.cancelled ? [tag('cancelled', 'alarm')] : []),
  ];
  const call = sleep === null ? '' : `${sleep.call}${sleep.on === null ? '' : ` on ${sleep.on}`}`;
  return [
    { content: [element('span', { class: `status ${status}` }, status), ...tags] },
    { content: element('code', {}, call) },
    { content: sleep === null ? '' : milliseconds(sleep.since), number: true },
    { content: milliseconds(cpu), number: true },
    { content: scope.groupOf === null ? '' : nameOf(scope.groupOf) },
  ];
}

/** The table of tasks; `update(tasks, waiters)`, where `waiters(id)` answers who waits for a task. */
export function makeTaskTable(table) {
  let waiters = () => [];
  const update = makeTable(table, 'task', taskColumns, (task) => [
    ['Is in', unindented(task.stack)],
    ...creation(task.created, 'Spawned'),
    ...(waiters(task.id).length > 0 ? [['Waited for by', waiters(task.id).join('\n')]] : []),
    ...(task.locals.length > 0
      ? [['Locals', task.locals.map(({ name, value }) => `${name} = ${value}`).join('\n')]]
      : []),
    ...(task.scope.cancelled ? [['Cancelled by', task.scope.reason]] : []),
  ]);
  return (tasks, waitersOf) => {
    waiters = waitersOf;
    update(tasks);
  };
}

/** The table of fibers that are no task's own. */
export function makeFiberTable(table) {
  return makeTable(
    table,
    'fiber',
    ({ state, task, resumes }) => [
      { content: element('span', { class: `status ${state}` }, state) },
      { content: task === null ? '' : nameOf(task) },
      { content: resumes === null ? '' : String(resumes) },
    ],
    (fiber) => [['Is in', unindented(fiber.stack)], ...creation(fiber.created, 'Created')],
  );
}
