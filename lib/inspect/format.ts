import { groupTasks } from './groups';
import type { Creation, FiberSnapshot, Snapshot, TaskSnapshot } from './types';
import { checkObject } from '../base/validators';
import { count, label } from '../base/words';

export interface FormatOptions {
  /** Tasks in the same place, by status, blocking call and stack, share a paragraph; the largest groups come first. */
  grouped?: boolean;
}

/** Tasks of a group that are named, at most. */
const MOST_NAMES = 5;

/**
 * A snapshot as text, in the manner of a goroutine dump: one paragraph a task, its stack below it.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function format(snapshot: Snapshot, options: FormatOptions = {}): string {
  checkObject('options', options);
  const { process, tasks, fibers, stats } = snapshot;
  const thread = process.threadId === 0 ? '' : `, worker ${String(process.threadId)}`;
  const waiters = waitersOf(snapshot);
  const groups =
    options.grouped === true ? groupTasks(tasks) : tasks.map((task) => ({ tasks: [task] }));
  const paragraphs = [
    `greenfiber: ${count(tasks.length, 'task')} and ${count(fibers.length, 'other fiber')} ` +
      `in process ${String(process.pid)}${thread} at ${snapshot.time} ` +
      `(Node ${process.node}, ${process.engine} engine, ${count(stats.alive, 'stack')} in use)`,
    ...snapshot.missing,
    ...formatCycles(snapshot.cycles, tasks),
    ...groups.map(({ tasks: members }) => {
      const [first] = members;
      if (members.length > 1) return formatGroup(members);
      return first === undefined ? '' : formatTask(first, waiters.get(first.id));
    }),
    ...fibers.map(formatFiber),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** Tasks in the same place. */
function formatGroup(tasks: readonly TaskSnapshot[]): string {
  const [first] = tasks;
  if (first === undefined) return '';
  const call = first.sleep === null ? '' : ` wait in ${first.sleep.call}`;
  const lines = [`${count(tasks.length, 'task')} [${first.status}]:${call}`];
  if (first.stack !== '') lines.push(first.stack);
  const named = tasks.slice(0, MOST_NAMES).map(label).join(', ');
  const more = tasks.length - MOST_NAMES;
  lines.push(`  ${named}${more > 0 ? ` and ${String(more)} more` : ''}`);
  const times = tasks.flatMap(({ sleep }) => (sleep?.since == null ? [] : [sleep.since]));
  if (times.length > 0) {
    const [least, most] = times.reduce(
      ([low, high], time) => [Math.min(low, time), Math.max(high, time)],
      [Infinity, 0],
    );
    lines.push(`  for ${formatMs(least)} to ${formatMs(most)}`);
  }
  return lines.join('\n');
}

/** One task, and who waits for it. */
export function formatTask(task: TaskSnapshot, waiters: readonly string[] = []): string {
  const lines = [`${label(task)} [${statusOf(task)}]:${sleepOf(task)}`];
  if (task.stack !== '') lines.push(task.stack);
  if (waiters.length > 0) lines.push(`  waited for by ${waiters.join(', ')}`);
  for (const { name, value } of task.locals) lines.push(`  local ${name} = ${value}`);
  lines.push(...formatCreation(task.created, 'spawned'));
  return lines.join('\n');
}

/** One fiber that is no task's own. */
export function formatFiber(fiber: FiberSnapshot): string {
  const byId = `fiber ${String(fiber.id)}`;
  const where = fiber.task === null ? '' : ` in ${label(fiber.task)}`;
  const resumes = fiber.resumes === null ? '' : `: waits for fiber ${String(fiber.resumes)}`;
  const lines = [
    `${fiber.name === byId ? byId : `${byId} "${fiber.name}"`} [${fiber.state}]${where}${resumes || ':'}`,
    fiber.stack === '' ? '    (no JavaScript frame)' : fiber.stack,
    ...formatCreation(fiber.created, 'created'),
  ];
  return lines.join('\n');
}

/** Each circle of waiting tasks, in a line. */
export function formatCycles(
  cycles: Snapshot['cycles'],
  tasks: readonly { id: number; name: string }[],
): string[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return cycles.map((cycle) => {
    const circle = [...cycle, ...cycle.slice(0, 1)];
    return `cycle: ${circle.map((id) => label(byId.get(id) ?? anonymous(id))).join(' waits for ')}`;
  });
}

function statusOf(task: TaskSnapshot): string {
  const { sleep, scope, cpu } = task;
  return [
    task.status,
    ...(sleep?.since == null ? [] : [`for ${formatMs(sleep.since)}`]),
    ...(task.background ? ['background'] : []),
    ...(scope.groupOf === null ? [] : [`in the group of ${label(scope.groupOf)}`]),
    ...(scope.shielded ? ['shielded'] : []),
    ...(scope.cancelled ? [`cancelled by ${scope.reason ?? 'nobody'}`] : []),
    ...(cpu === null ? [] : [`ran for ${formatMs(cpu)}`]),
  ].join(', ');
}

function sleepOf({ sleep, status }: TaskSnapshot): string {
  if (sleep === null) return status === 'parked' ? ' waits in a place unknown' : '';
  return ` waits in ${sleep.call}${sleep.on === null ? '' : ` on ${sleep.on}`}`;
}

function formatCreation(created: Creation | null, how: string): string[] {
  if (created === null) return [];
  const by = created.by === null ? '' : ` by ${label(created.by)}`;
  const line = `  ${how}${by} ${formatMs(created.age)} ago in`;
  return [line, created.stack === '' ? '    (no JavaScript frame)' : created.stack];
}

/** Who waits for a task, by its id. */
function waitersOf({ tasks, waits }: Snapshot): Map<number, string[]> {
  const labels = new Map(tasks.map((task) => [task.id, label(task)]));
  const waiters = new Map<number, string[]>();
  for (const { from, to } of waits) {
    const known = waiters.get(to) ?? [];
    known.push(labels.get(from) ?? label(anonymous(from)));
    waiters.set(to, known);
  }
  return waiters;
}

function anonymous(id: number): { id: number; name: string } {
  return { id, name: `task ${String(id)}` };
}

function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 10_000) return `${ms.toFixed(0)} ms`;
  if (ms < 600_000) return `${(ms / 1000).toFixed(0)} s`;
  return `${(ms / 60_000).toFixed(0)} min`;
}
