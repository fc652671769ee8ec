import { threadId } from 'node:worker_threads';

import { Fiber, runtime } from '../fiber/fiber';
import { checkObject, wrongNumber } from '../base/validators';
import { aliveTasks } from '../scheduler/alive';
import { current } from '../scheduler/current';
import { watchedSchedulers } from '../scheduler/deadlock';
import { Scheduler } from '../scheduler/scheduler';
import type { TaskStatus } from '../scheduler/phase';
import { handleOf, type Task } from '../scheduler/task';
import { stats } from './stats';
import { isCollecting, knownFibers } from './collector';
import { describeFiber, describeTask, resumedBy } from './describe';
import type {
  CallCount,
  FiberSnapshot,
  SchedulerSnapshot,
  Snapshot,
  TaskSnapshot,
  Wait,
} from './types';
import { cyclesOf, waitsOf } from './waits';
import { count } from '../base/words';

export interface SnapshotOptions {
  /**
   * Tasks that are shown, and fibers that are, at most: those in cycles, then the oldest. Then only waits between them are
   * shown. A stack is taken by running a function on it, which may touch some pages more of each. Default: all of them.
   */
  limit?: number;
}

/**
 * Every task and every fiber of this thread that has not ended: where it is, where it was made, what it waits for
 * and who waits for it.
 *
 * What costs something is collected only between {@link enable} and {@link disable} (or with `GREENFIBER_DEBUG=1`);
 * {@link Snapshot.missing} says what is left out. To be called wherever JavaScript runs, inside of tasks too.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function snapshot(options: SnapshotOptions = {}): Snapshot {
  checkObject('options', options);
  const { limit = Infinity } = options;
  if (typeof limit !== 'number' || !(limit >= 0)) {
    throw wrongNumber('options.limit', 'a number from 0', limit);
  }
  const schedulers = liveSchedulers();
  const tasks = schedulers.flatMap(aliveTasks);
  tasks.sort((a, b) => a.id - b.id);
  const fibers = fibersBeside(tasks);
  const waits = tasks.flatMap(waitsOf);
  const cycles = cyclesOf(waits);
  const chosen = choose(tasks, cycles, limit);
  // In loops: the frame of a built-in that calls back would be one of the running task's.
  const shown = { tasks: [] as TaskSnapshot[], fibers: [] as FiberSnapshot[] };
  for (const task of chosen) {
    shown.tasks.push(describeTask(task, schedulers.indexOf(task.scheduler)));
  }
  for (const { fiber, task } of fibers.slice(0, limit)) {
    shown.fibers.push(describeFiber(fiber, task));
  }
  const counts = stats();
  const begun = tasks.filter((task) => handleOf(task) >= 0).length + fibers.length;
  return {
    time: new Date().toISOString(),
    process: describeProcess(),
    missing: missing({
      tasks: tasks.length - shown.tasks.length,
      fibers: fibers.length - shown.fibers.length,
      unknown: counts.alive - begun,
    }),
    ...shown,
    calls: countCalls(tasks),
    waits: chosen === tasks ? waits : waitsBetween(chosen, waits),
    cycles,
    schedulers: schedulers.map(describeScheduler),
    stats: counts,
  };
}

/** What of a snapshot costs next to nothing, however many tasks there are. */
export function glance(): Pick<Snapshot, 'process' | 'schedulers' | 'stats'> {
  return {
    process: describeProcess(),
    schedulers: liveSchedulers().map(describeScheduler),
    stats: stats(),
  };
}

function describeProcess(): Snapshot['process'] {
  return {
    pid: process.pid,
    threadId,
    node: process.versions.node,
    engine: runtime.engine,
    uptime: performance.now(),
  };
}

/** At most `limit` of them, in their order: whoever is in a cycle, then the oldest. */
function choose(
  tasks: readonly Task[],
  cycles: readonly (readonly number[])[],
  limit: number,
): readonly Task[] {
  if (tasks.length <= limit) return tasks;
  const inCycles = new Set(cycles.flat());
  const first = tasks.filter(({ id }) => inCycles.has(id));
  const others = tasks.filter(({ id }) => !inCycles.has(id));
  return [...first, ...others].slice(0, limit).sort((a, b) => a.id - b.id);
}

function waitsBetween(tasks: readonly Task[], waits: readonly Wait[]): Wait[] {
  const ids = new Set(tasks.map(({ id }) => id));
  return waits.filter(({ from, to }) => ids.has(from) && ids.has(to));
}

/** How many tasks are where, without looking at their stacks. */
function countCalls(tasks: readonly Task[]): CallCount[] {
  const counts = new Map<string, { status: TaskStatus; call: string | null; tasks: number }>();
  for (const { status, waiter } of tasks) {
    const call = status === 'parked' ? (waiter?.what ?? null) : null;
    const key = `${status} ${call ?? ''}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { status, call, tasks: 1 });
    else known.tasks++;
  }
  return [...counts.values()].sort((a, b) => b.tasks - a.tasks);
}

function liveSchedulers(): Scheduler[] {
  const schedulers = new Set([Scheduler.default, ...watchedSchedulers()]);
  if (current.task !== undefined) schedulers.add(current.task.scheduler); // a simulation's
  return [...schedulers];
}

function describeScheduler(scheduler: Scheduler): SchedulerSnapshot {
  return { isDefault: scheduler === Scheduler.default, ...scheduler.stats() };
}

/** Fibers that are known and no task's own, with the task that they run in; the oldest first. */
export function fibersBeside(tasks: readonly Task[]): { fiber: Fiber; task: Task | undefined }[] {
  const own = new Set(tasks.map((task) => task.fiber));
  const found = new Map<Fiber, Task | undefined>();
  const add = (first: Fiber | undefined, task: Task | undefined): void => {
    for (let fiber = first; fiber !== undefined; fiber = resumedBy(fiber)) {
      if (!own.has(fiber)) found.set(fiber, task ?? found.get(fiber));
    }
  };
  for (const fiber of knownFibers()) if (!fiber.done) add(fiber, undefined);
  for (const task of tasks) add(task.fiber, task);
  add(Fiber.current, undefined);
  return Array.from(found, ([fiber, task]) => ({ fiber, task })).sort(
    (a, b) => a.fiber.id - b.fiber.id,
  );
}

/** What is not shown, in sentences. */
function missing(omitted: { tasks: number; fibers: number; unknown: number }): string[] {
  const sentences: string[] = [];
  if (!isCollecting()) {
    sentences.push(
      'Creation stacks, times and fibers outside of tasks are not collected: ' +
        'call enable() of greenfiber/inspect first, or set GREENFIBER_DEBUG=1.',
    );
  }
  if (omitted.unknown > 0) {
    sentences.push(
      `${count(omitted.unknown, 'fiber')} began while nothing was collected, and cannot be shown.`,
    );
  }
  if (omitted.tasks > 0) sentences.push(`${count(omitted.tasks, 'task')} more: raise the limit.`);
  if (omitted.fibers > 0) {
    sentences.push(`${count(omitted.fibers, 'fiber')} more: raise the limit.`);
  }
  return sentences;
}
