// What the tables of tasks and fibers show of each.
import { element, milliseconds, nameOf } from './dom.mjs';
import { makeTable } from './table.mjs';

const unindented = (stack) => stack.replace(/^ +/gm, '') || '(no JavaScript frame)';

function creation(created, how) {
  if (created === null) return [];
  const by = created.by === null ? '' : ` by ${nameOf(created.by)}`;
  return [[`${how}${by} in`, unindented(created.stack)]];
}

const tag = (text, kind = '') => element('span', { class: `tag ${kind}` }, text);

function taskColumns({ status, sleep, background, scope, cpu, where }) {
  const tags = [
    ...(background ? [tag('background')] : []),
    ...(scope.shielded ? [tag('shielded')] : []),
    ...(scope.cancelled ? [tag('cancelled', 'alarm')] : []),
  ];
  const call = sleep === null ? '' : `${sleep.call}${sleep.on === null ? '' : ` on ${sleep.on}`}`;
  return [
    { content: [element('span', { class: `status ${status}` }, status), ...tags] },
    {
      content: [
        element('code', {}, call),
        ...(where ? [' ', element('code', { class: 'where' }, where)] : []),
      ],
    },
    { content: sleep === null ? '' : milliseconds(sleep.since), number: true },
    { content: milliseconds(cpu), number: true },
    { content: scope.groupOf === null ? '' : nameOf(scope.groupOf) },
  ];
}

/** Names in the details of a group, at most. */
const MOST_NAMES = 200;

function namesOf(tasks) {
  const names = tasks.slice(0, MOST_NAMES).map(nameOf);
  const more = tasks.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function groupDetails({ tasks, stack }) {
  const [first] = tasks;
  return [
    ['Are in', unindented(stack)],
    ['Tasks', namesOf(tasks)],
    ...creation(first.created, 'The first was spawned'),
  ];
}

/** The table of tasks and groups; `update(items, waiters)`, where `waiters(id)` answers who waits for a task. */
export function makeTaskTable(table) {
  let waiters = () => [];
  const update = makeTable(table, 'task', taskColumns, (task) => {
    if (task.tasks) return groupDetails(task);
    return [
      ['Is in', unindented(task.stack)],
      ...creation(task.created, 'Spawned'),
      ...(waiters(task.id).length > 0 ? [['Waited for by', waiters(task.id).join('\n')]] : []),
      ...(task.locals.length > 0
        ? [['Locals', task.locals.map(({ name, value }) => `${name} = ${value}`).join('\n')]]
        : []),
      ...(task.scope.cancelled ? [['Cancelled by', task.scope.reason]] : []),
    ];
  });
  return (items, waitersOf) => {
    waiters = waitersOf;
    update(items);
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
