import { aliveTasks } from '../scheduler/alive';
import type { Task } from '../scheduler/task';
import { describeTask } from './describe';
import { formatCycles, formatTask } from './format';
import { cyclesOf, waitsOf } from './waits';

/** Tasks that sleep for ever, with the circles in which they wait for each other. */
export function describeDeadlock(asleep: readonly Task[]): string {
  // Through tasks in the background, too.
  const tasks = [...new Set(asleep.map((task) => task.scheduler))].flatMap(aliveTasks);
  const cycles = cyclesOf(tasks.flatMap(waitsOf));
  const paragraphs = [
    ...formatCycles(cycles, tasks),
    ...asleep.map((task) => formatTask(describeTask(task))),
  ];
  return paragraphs.join('\n\n');
}
