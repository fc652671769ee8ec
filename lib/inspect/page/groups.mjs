// Which rows the table of tasks has: tasks in the same place share one, and any column may sort them.
import { nameOf } from './dom.mjs';

/** Fewer stay rows of their own. */
const GROUP_FROM = 3;

const placeOf = ({ status, sleep, stack }) => `${status}\n${sleep?.call ?? ''}\n${stack}`;

function add(numbers) {
  const known = numbers.filter((number) => number !== null && number !== undefined);
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0);
}

function same(values) {
  return values.every((value) => value === values[0]) ? values[0] : null;
}

const frameOf = (stack) => /^ *at ([^ ]+)/.exec(stack)?.[1] ?? '';

/** A row for all of them: as a task, with `tasks`. */
function makeGroup(place, tasks) {
  const [first] = tasks;
  const since = Math.max(...tasks.map(({ sleep }) => sleep?.since ?? -1));
  return {
    id: place,
    name: `${tasks.length} tasks`,
    tasks,
    status: first.status,
    stack: first.stack,
    where: frameOf(first.stack),
    sleep: first.sleep && {
      call: first.sleep.call,
      on: same(tasks.map(({ sleep }) => sleep.on)),
      since: since < 0 ? null : since,
    },
    background: tasks.every(({ background }) => background),
    scope: {
      shielded: tasks.every(({ scope }) => scope.shielded),
      cancelled: tasks.some(({ scope }) => scope.cancelled),
      groupOf: same(tasks.map(({ scope }) => scope.groupOf?.id)) && first.scope.groupOf,
    },
    cpu: add(tasks.map(({ cpu }) => cpu)),
  };
}

/** Groups collapsed; who is in a cycle stays alone. */
export function groupTasks(tasks, inCycle) {
  const places = new Map();
  for (const task of tasks) {
    const place = inCycle.has(task.id) ? `${task.id}` : placeOf(task);
    const known = places.get(place);
    if (known === undefined) places.set(place, [task]);
    else known.push(task);
  }
  return [...places].flatMap(([place, members]) =>
    members.length < GROUP_FROM ? members : [makeGroup(place, members)],
  );
}

const sizeOf = ({ tasks }) => tasks?.length ?? 1;
const oldest = ({ id, tasks }) => tasks?.[0].id ?? id;

const keys = {
  task: (item) => nameOf(item),
  status: ({ status }) => status,
  call: ({ sleep }) => sleep?.call ?? '',
  since: ({ sleep }) => sleep?.since ?? -1,
  cpu: ({ cpu }) => cpu ?? -1,
  group: ({ scope }) => (scope.groupOf ? nameOf(scope.groupOf) : ''),
};

function compare(a, b) {
  return typeof a === 'string' ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
}

/** By a column, numbers from the largest; without one: cycles, then the largest groups, then the oldest. */
export function sortItems(items, { column, isReversed }, inCycle) {
  if (column === undefined) {
    return items.sort(
      (a, b) =>
        inCycle.has(b.id) - inCycle.has(a.id) || sizeOf(b) - sizeOf(a) || oldest(a) - oldest(b),
    );
  }
  const key = keys[column];
  return items.sort((a, b) => {
    const order = compare(key(a), key(b)) * (typeof key(a) === 'number' ? -1 : 1);
    return (isReversed ? -order : order) || oldest(a) - oldest(b);
  });
}
