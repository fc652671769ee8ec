import { checkDuration, checkObject } from '../base/validators';
import { warnAboutSlowTask, watchSlowTasks } from '../scheduler/slow-tasks';
import { startCollecting, stopCollecting } from './collector';

export interface EnableOptions {
  /**
   * Milliseconds that a task may hold the thread before a `SlowTaskWarning` names it, with where it was then. Default:
   * what an earlier call set; `Infinity`, which warns never, at first.
   */
  slowTask?: number;
}

let slowTask = Infinity;
let unwatch: (() => void) | undefined;

/**
 * From now on collects what snapshots and reports show beyond stacks: creation stacks, fibers outside of tasks, for
 * how long tasks hold the thread and sleep. Costs some microseconds for every fiber that is made, and a fraction of
 * one at every switch. Before, and after {@link disable}, it costs nothing. What was made before stays unknown.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; `ERR_FIBER_UNSUPPORTED` where no
 * thread can be had to watch slow tasks
 */
export function enable(options: EnableOptions = {}): void {
  checkObject('options', options);
  const { slowTask: ms = slowTask } = options;
  checkDuration('options.slowTask', ms);
  unwatch?.();
  unwatch = ms === Infinity ? undefined : watchSlowTasks(ms, warnAboutSlowTask);
  slowTask = ms;
  startCollecting();
}

/** Takes {@link enable} back, and forgets what was collected of times and fibers. */
export function disable(): void {
  unwatch?.();
  unwatch = undefined;
  stopCollecting();
}
