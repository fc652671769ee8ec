import { checkDuration, checkObject } from '../options';
import type { Task } from '../scheduler/task';
import { startCollecting, stopCollecting, watchSlowTasks } from './collector';

export interface EnableOptions {
  /**
   * Milliseconds that a task may hold the thread before a `SlowTaskWarning` names it. Default: what an earlier call
   * set; `Infinity`, which warns never, at first. (With `GREENFIBER_DEBUG=1` it is `GREENFIBER_SLOW_MS`, or 50.)
   */
  slowTask?: number;
}

/**
 * From now on collects what snapshots and reports show beyond stacks: creation stacks, fibers outside of tasks, for
 * how long tasks hold the thread and sleep. Costs some microseconds for every fiber that is made, and a fraction of
 * one at every switch. Before, and after {@link disable}, it costs nothing. What was made before stays unknown.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function enable(options: EnableOptions = {}): void {
  checkObject('options', options);
  const { slowTask } = options;
  if (slowTask !== undefined) {
    checkDuration('options.slowTask', slowTask);
    watchSlowTasks(slowTask, warnAboutSlowTask);
  }
  startCollecting();
}

/** Takes {@link enable} back, and forgets what was collected of times and fibers. */
export function disable(): void {
  stopCollecting();
}

/** Called while the task is still on its stack, or has just left it. */
function warnAboutSlowTask(task: Task, ms: number): void {
  const { stack } = task;
  process.emitWarning(
    `${task.name} held the thread for ${ms.toFixed(0)} ms: let it call yieldNow() now and then`,
    {
      type: 'SlowTaskWarning',
      code: 'GREENFIBER_SLOW_TASK',
      detail: stack === '' ? 'It ended then.' : `It gave way in\n${stack}`,
    },
  );
}
