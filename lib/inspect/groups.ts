import type { TaskSnapshot } from './types';

/** Tasks that are in the same place: the same status, blocking call and stack. */
export interface TaskGroup {
  readonly tasks: readonly TaskSnapshot[];
}

/** As a profiler lists goroutines: the largest group first, those of one size in the order of their oldest tasks. */
export function groupTasks(tasks: readonly TaskSnapshot[]): TaskGroup[] {
  const groups = new Map<string, TaskSnapshot[]>();
  for (const task of tasks) {
    const key = `${task.status}\n${task.sleep?.call ?? ''}\n${task.stack}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [task]);
    else known.push(task);
  }
  return Array.from(groups.values(), (members) => ({ tasks: members })).sort(
    (a, b) => b.tasks.length - a.tasks.length,
  );
}
