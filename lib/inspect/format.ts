import type { Creation, FiberSnapshot, Snapshot, TaskSnapshot } from './types';
import { count, label } from '../words';

/** A snapshot as text, in the manner of a goroutine dump: one paragraph a task, its stack below it. */
export function format(snapshot: Snapshot): string {
  const { process, tasks, fibers, stats } = snapshot;
  const thread = process.threadId === 0 ? '' : `, worker ${String(process.threadId)}`;
  const waiters = waitersOf(snapshot);
  const paragraphs = [
    `greenfiber: ${count(tasks.length, 'task')} and ${count(fibers.length, 'other fiber')} ` +
      `in process ${String(process.pid)}${thread} at ${snapshot.time} ` +
      `(Node ${process.node}, ${process.engine} engine, ${count(stats.alive, 'stack')} in use)`,
    ...snapshot.missing,
    ...formatCycles(snapshot.cycles, tasks),
    ...tasks.map((task) => formatTask(task, waiters.get(task.id))),
    ...fibers.map(formatFiber),
  ];
  return `${paragraphs.join('\n\n')}\n`;
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
