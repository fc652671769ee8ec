import type { Scheduler } from './scheduler';
import type { Task } from './task';

/** A scheduler's tasks that have not ended, the oldest first. */
export function aliveTasks(scheduler: Scheduler): Task[] {
  const tasks: Task[] = [];
  for (let task = scheduler.firstAlive; task !== undefined; task = task.nextAlive) tasks.push(task);
  return tasks.reverse();
}

/** Tasks that sleep and are waited for, the oldest first. */
export function tasksAsleep(scheduler: Scheduler): Task[] {
  return aliveTasks(scheduler).filter((task) => task.status === 'parked' && task.keepsAlive);
}
