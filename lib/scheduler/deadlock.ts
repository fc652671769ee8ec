import { inspect } from 'node:util';

import type { Scheduler } from './scheduler';
import type { Task } from './task';

/** The exit code of a process that ends with tasks asleep for ever: the one of Node's unsettled `await`. */
const DEADLOCK_EXIT_CODE = 13;

const watched = new Set<Scheduler>();
let loopHasEnded = false;

/**
 * When the event loop has nothing left to do while tasks sleep, nobody will ever wake them: they are reported
 * on stderr, and the exit code tells. Not on `process.exit()`, and not for tasks that were unref'd.
 */
export function watchForDeadlock(scheduler: Scheduler): void {
  if (watched.size === 0) {
    process.on('beforeExit', () => {
      loopHasEnded = true;
    });
    process.on('exit', report);
  }
  watched.add(scheduler);
  loopHasEnded = false;
}

function report(): void {
  if (!loopHasEnded) return;
  const asleep = [...watched].flatMap(tasksAsleep);
  if (asleep.length === 0) return;
  const lines = asleep.map(
    (task) =>
      `${task.name} waits in ${task.waiter?.what ?? 'a place unknown'}${describe(task.waiter?.on)}\n` +
      task.stack,
  );
  process.stderr.write(
    `greenfiber: deadlock: the event loop is empty, and ${String(asleep.length)} tasks sleep for ever\n` +
      `${lines.join('\n')}\n`,
  );
  if (!hasFailed(process.exitCode)) process.exitCode = DEADLOCK_EXIT_CODE;
}

function hasFailed(exitCode: typeof process.exitCode): boolean {
  return exitCode !== undefined && exitCode !== 0;
}

/** Tasks that sleep and are waited for, the oldest first. */
export function tasksAsleep(scheduler: Scheduler): Task[] {
  const tasks: Task[] = [];
  for (let task = scheduler.firstAlive; task !== undefined; task = task.nextAlive) {
    if (task.status === 'parked' && task.keepsAlive) tasks.unshift(task);
  }
  return tasks;
}

/** What a task waits for, in a few words: a task's name, else its class, and who holds it. */
export function describe(on: unknown): string {
  if (on === undefined) return '';
  if (Array.isArray(on)) return on.map(describe).join(',');
  if (typeof on !== 'object' || on === null) return ` on ${inspect(on)}`;
  const { name, owners = [] } = on as { name?: unknown; owners?: readonly Task[] };
  const kind = on.constructor.name;
  const what = typeof name === 'string' && name !== '' ? ` on ${kind} "${name}"` : ` on a ${kind}`;
  if (owners.length === 0) return what;
  return `${what}, held by ${owners.map((task) => task.name).join(', ')}`;
}
